//! Methods of tasks, of the service instance and of the other managers.

use serde_json::{Value, json};

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::content;
use crate::service::dispatch::Core;
use crate::service::object_source::ObjectSource;
use crate::world::CancelRefusal;
use crate::world::task::TaskId;

/// Privilege required to cancel a task.
const CANCEL_PRIVILEGE: &str = "Global.CancelTask";

impl Core {
    pub(crate) fn call_manager(&mut self, token: &str, call: &ApiCall) -> CallResult {
        let fields = self.fields(call)?;
        match (&*call.object.kind, &*call.member) {
            ("ServiceInstance", "CurrentTime") => {
                fields.done()?;
                Ok(CallResponse::Value(self.writer().time(self.world.now())))
            }
            ("SessionManager", "Logout") => self.logout(token, fields),
            ("Task", "CancelTask") => {
                fields.done()?;
                self.cancel_task(call)
            }
            ("TaskManager", "CreateCollectorForTasks") => self.create_history(token, call),
            ("TaskManager", "CreateCollectorWithInfoFilterForTasks")
                if &*call.release >= "8.0.3.0" =>
            {
                self.create_history(token, call)
            }
            ("EventManager", "CreateCollectorForEvents") => {
                self.create_event_collector(token, call)
            }
            ("EventManager", "QueryEvents") => self.query_events(call),
            ("AuthorizationManager", "HasPrivilegeOnEntities") => self.privileges(token, call),
            _ => Err(MethodFault::method_not_found(&call.object, &call.member)),
        }
    }

    fn cancel_task(&mut self, call: &ApiCall) -> CallResult {
        let id = TaskId::parse(&call.object.id)
            .ok_or_else(|| MethodFault::object_not_found(&call.object))?;
        if !self.behavior.cancel_privilege {
            let entity = self
                .world
                .task(id)
                .and_then(|task| task.record.entity.clone());
            return Err(MethodFault::no_permission(
                &entity.unwrap_or_else(|| call.object.clone()),
                CANCEL_PRIVILEGE,
            ));
        }
        if let Some(answer) = self.world.recorded_answer(id) {
            return match answer {
                "accepted" => Ok(CallResponse::Void),
                "ManagedObjectNotFound" => Err(MethodFault::object_not_found(&call.object)),
                "NoPermission" => Err(MethodFault::no_permission(&call.object, CANCEL_PRIVILEGE)),
                "InvalidState" => Err(MethodFault::invalid_state("This is the recorded answer.")),
                _ => Err(MethodFault::not_supported(
                    "A record is played; nothing can be cancelled.",
                )),
            };
        }
        match self.world.request_cancel(id) {
            Ok(()) => Ok(CallResponse::Void),
            Err(CancelRefusal::NotFound) => Err(MethodFault::object_not_found(&call.object)),
            Err(CancelRefusal::InvalidState) => Err(MethodFault::invalid_state(
                "The operation is not allowed in the current state: the task is finished or its cancellation was requested before.",
            )),
            Err(CancelRefusal::NotSupported) => Err(MethodFault::not_supported(
                "The operation is not supported on the object: the task cannot be cancelled.",
            )),
        }
    }

    fn privileges(&self, token: &str, call: &ApiCall) -> CallResult {
        let mut fields = self.fields(call)?;
        if fields.peek("entity").is_null() {
            return Err(MethodFault::invalid_argument("entity", "It is required."));
        }
        let (entities, session, privileges) = (
            fields.references("entity", "ManagedEntity")?,
            fields.string("sessionId")?,
            fields.strings("privId")?,
        );
        fields.done()?;
        // No privileges are granted to a session that does not exist.
        let exists = self.sessions.all().any(|known| known.key == session);
        if let Some(unknown) = privileges
            .iter()
            .find(|id| !content::PRIVILEGES.contains(&id.as_str()))
        {
            return Err(MethodFault::invalid_argument(
                "privId",
                &format!("There is no privilege {unknown}."),
            ));
        }
        let objects = self.objects(token);
        let mut answer = Vec::new();
        for entity in entities {
            if !objects.exists(&entity) {
                return Err(MethodFault::object_not_found(&entity));
            }
            let availability: Vec<Value> = privileges
                .iter()
                .map(|id| {
                    let granted =
                        exists && (id != CANCEL_PRIVILEGE || self.behavior.cancel_privilege);
                    json!({"_typeName": "PrivilegeAvailability", "privId": id, "isGranted": granted})
                })
                .collect();
            answer.push(json!({"_typeName": "EntityPrivilege", "entity": entity.to_json(), "privAvailability": availability}));
        }
        Ok(CallResponse::List(answer))
    }
}
