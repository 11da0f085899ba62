//! Methods of `TaskHistoryCollector`, and its creation.

use crate::simulator::fault::Fault;
use crate::simulator::service::call::{ApiCall, CallResponse};
use crate::simulator::service::core::Core;
use crate::simulator::service::task_filter::{ResultFilter, TaskFilter};
use crate::simulator::service::task_history::{DEFAULT_PAGE_SIZE, TaskHistoryCollector};
use crate::simulator::value::MoRef;

impl Core {
    /// `TaskManager.CreateCollectorForTasks` and `CreateCollectorWithInfoFilterForTasks`.
    pub(in crate::simulator::service) fn create_history(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        if !self.behavior.history {
            return Err(Fault::not_supported(
                "The operation is not supported on the object.",
            ));
        }
        if !self.behavior.history_permission {
            return Err(Fault::no_permission(&call.object, "System.View"));
        }
        let mut fields = self.fields(call)?;
        let raw = fields.peek("filter");
        let filter = TaskFilter::read(
            fields.object("filter", "TaskFilterSpec")?,
            &self.world,
            &self.calendar,
        )?;
        let filter = if self.behavior.detailed_filters {
            filter
        } else {
            filter.without_ignored()
        };
        let mut results = ResultFilter::default();
        if call.member == "CreateCollectorWithInfoFilterForTasks"
            && let Some(mut info) = fields.optional_object("infoFilter", "TaskInfoFilterSpec")?
        {
            let type_name = "TaskInfoFilterSpecFilterTaskResults";
            if let Some(by_results) = info.optional_object("filterTaskResults", type_name)? {
                results = ResultFilter::read(by_results)?;
            }
            info.done()?;
        }
        fields.done()?;
        let most = self.behavior.max_collectors;
        let id = self.new_session_id(token);
        let session = self.session_mut(token, &call.object)?;
        session.may_collect_history(most)?;
        let collector = TaskHistoryCollector {
            filter,
            raw,
            position: 0,
            page_size: DEFAULT_PAGE_SIZE,
            results,
        };
        session.histories.insert(id.clone(), collector);
        Ok(CallResponse::Value(
            MoRef::new("TaskHistoryCollector", id).to_json(),
        ))
    }

    /// Methods of `TaskHistoryCollector`.
    pub(in crate::simulator::service) fn call_history(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        let mut fields = self.fields(call)?;
        let id = &*call.object.id;
        match &*call.member {
            "ReadNextTasks" | "ReadPreviousTasks" => {
                let count = fields.page_size()?;
                fields.done()?;
                let forward = call.member == "ReadNextTasks";
                let objects = self.objects(token);
                let collector = objects
                    .session
                    .and_then(|session| session.histories.get(id));
                let collector = collector.ok_or_else(|| Fault::object_not_found(&call.object))?;
                let (page, position) = collector.read(count, forward, objects.context);
                self.history_mut(token, call)?.position = position;
                Ok(CallResponse::List(page))
            }
            "RewindCollector" => {
                fields.done()?;
                self.history_mut(token, call)?.position = 0;
                Ok(CallResponse::Void)
            }
            "ResetCollector" => {
                fields.done()?;
                self.history_mut(token, call)?.position = u64::MAX;
                Ok(CallResponse::Void)
            }
            "SetCollectorPageSize" => {
                let size = fields.page_size()?;
                fields.done()?;
                self.history_mut(token, call)?.page_size = size;
                Ok(CallResponse::Void)
            }
            "DestroyCollector" => {
                fields.done()?;
                self.session_mut(token, &call.object)?.histories.remove(id);
                Ok(CallResponse::Void)
            }
            _ => Err(Fault::method_not_found(&call.object, &call.member)),
        }
    }

    fn history_mut(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<&mut TaskHistoryCollector, Fault> {
        let collector = self
            .session_mut(token, &call.object)?
            .histories
            .get_mut(&*call.object.id);
        collector.ok_or_else(|| Fault::object_not_found(&call.object))
    }
}
