//! The privilege to cancel. It belongs to an entity, so that one check serves all its tasks. Pure but for the requests;
//! `now` is an argument.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::{
    Client, Error, Throttle,
    types::{ManagedObjectReference, TaskLocator},
};

use super::scheduler::Permit;
use crate::Privilege;

/// Lifetime of a granted privilege; if it is revoked meanwhile, the server refuses the request itself.
const GRANTED_TTL: Duration = Duration::from_secs(5 * 60);
/// Lifetime of a denied privilege; it may be granted any time.
const DENIED_TTL: Duration = Duration::from_secs(20);

/// Known privileges of the account in this session.
#[derive(Debug, Default)]
pub(super) struct Privileges {
    known: HashMap<ManagedObjectReference, (Privilege, Instant)>,
    /// Checks in flight, with their tasks.
    pending: HashMap<Subject, PendingCheck>,
}

/// Subject of a check: an entity, or a task whose entity is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Entity(ManagedObjectReference),
    Task(Arc<str>),
}

#[derive(Debug, Default)]
struct PendingCheck {
    tasks: Vec<Arc<str>>,
    /// True if this check found a dead session.
    has_renewed: bool,
}

/// The next step for a task.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PrivilegeStep {
    /// The privilege is known.
    Known(Privilege),
    /// The server has to check it.
    Check(Subject),
    /// A check is in flight.
    Pending,
}

impl Privileges {
    /// Requests the privilege for a task.
    pub(super) fn request(&mut self, locator: &TaskLocator, now: Instant) -> PrivilegeStep {
        let subject = match locator.entity() {
            Some(None) => {
                let why = "the task has no entity for which a privilege could be checked";
                return PrivilegeStep::Known(Privilege::Unknown(why.into()));
            }
            Some(Some(entity)) => {
                let known = self.known.get(entity);
                if let Some((privilege, _)) = known.filter(|(_, until)| now < *until) {
                    return PrivilegeStep::Known(privilege.clone());
                }
                Subject::Entity(entity.clone())
            }
            None => Subject::Task(locator.mo_id.clone()),
        };
        let is_pending = self.pending.contains_key(&subject);
        let waiting = self.pending.entry(subject.clone()).or_default();
        if !waiting.tasks.contains(&locator.mo_id) {
            waiting.tasks.push(locator.mo_id.clone());
        }
        if is_pending {
            PrivilegeStep::Pending
        } else {
            PrivilegeStep::Check(subject)
        }
    }

    /// Records the server's answer for an entity. Returns the tasks that need it.
    pub(super) fn record_result(
        &mut self,
        subject: &Subject,
        entity: Option<ManagedObjectReference>,
        privilege: &Privilege,
        now: Instant,
    ) -> Vec<Arc<str>> {
        let ttl = match privilege {
            Privilege::Granted => Some(GRANTED_TTL),
            Privilege::Denied => Some(DENIED_TTL),
            Privilege::Unknown(_) => None,
        };
        if let Some((entity, ttl)) = entity.zip(ttl) {
            self.known.insert(entity, (privilege.clone(), now + ttl));
        }
        self.pending.remove(subject).unwrap_or_default().tasks
    }

    /// Handles a dead session. Returns true if it is worth renewing; the check is repeated then.
    pub(super) fn take_renewal(&mut self, subject: &Subject) -> bool {
        let waiting = self.pending.get_mut(subject);
        waiting.is_some_and(|waiting| !std::mem::replace(&mut waiting.has_renewed, true))
    }

    /// Returns the checks to repeat after an interruption.
    pub(super) fn open(&self) -> Vec<Subject> {
        self.pending.keys().cloned().collect()
    }

    /// Forgets everything: another session may have another role.
    pub(super) fn session_ended(&mut self) {
        self.known.clear();
    }
}

/// Reads the entity of a task, and the privilege of the account to cancel there.
pub(super) async fn read_privilege(
    client: &Client,
    permit: &Permit,
    subject: &Subject,
    session_key: &str,
) -> Result<(Option<ManagedObjectReference>, Privilege), Error> {
    let unknown = |why: &str| Privilege::Unknown(why.into());
    if session_key.is_empty() {
        let why = "privileges are checked by session key, which is unknown for a session given by the user";
        return Ok((None, unknown(why)));
    }
    let entity = match subject {
        Subject::Entity(entity) => entity.clone(),
        Subject::Task(mo_id) => {
            permit.ready().await;
            match client.task_info(mo_id).await?.entity {
                Some(entity) => entity,
                None => {
                    return Ok((
                        None,
                        unknown("the task has no entity for which a privilege could be checked"),
                    ));
                }
            }
        }
    };
    permit.ready().await;
    let privilege = match client.has_cancel_privilege(&entity, session_key).await? {
        Some(true) => Privilege::Granted,
        Some(false) => Privilege::Denied,
        None => unknown("the server does not report it"),
    };
    Ok((Some(entity), privilege))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vtask_task::fixture::info;

    use super::*;

    fn locator(mo_id: &str, entity: &Value) -> TaskLocator {
        TaskLocator::of(&info(mo_id, &json!({"entity": entity})))
    }

    fn machine() -> (Value, ManagedObjectReference) {
        let machine = json!({"type": "VirtualMachine", "value": "vm-7"});
        (
            machine,
            ManagedObjectReference::new("VirtualMachine", "vm-7"),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn one_check_serves_all_tasks_of_an_entity() {
        let now = Instant::now();
        let (vm, entity) = machine();
        let mut privileges = Privileges::default();
        let subject = Subject::Entity(entity.clone());
        assert_eq!(
            privileges.request(&locator("task-1", &vm), now),
            PrivilegeStep::Check(subject.clone())
        );
        assert_eq!(
            privileges.request(&locator("task-2", &vm), now),
            PrivilegeStep::Pending
        );
        assert_eq!(
            privileges.request(&locator("task-2", &vm), now),
            PrivilegeStep::Pending
        );
        let tasks = privileges.record_result(&subject, Some(entity), &Privilege::Granted, now);
        assert_eq!(tasks, ["task-1".into(), "task-2".into()] as [Arc<str>; 2]);
        let third = locator("task-3", &vm);
        assert_eq!(
            privileges.request(&third, now),
            PrivilegeStep::Known(Privilege::Granted)
        );
        assert_eq!(
            privileges.request(&third, now + GRANTED_TTL),
            PrivilegeStep::Check(subject)
        );
        privileges.session_ended();
        assert_eq!(
            privileges.request(&third, now),
            PrivilegeStep::Pending,
            "the request is pending"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn denied_and_unknown_privileges_expire() {
        let now = Instant::now();
        let (vm, entity) = machine();
        let mut privileges = Privileges::default();
        let task = locator("task-1", &vm);
        let subject = Subject::Entity(entity.clone());
        for (privilege, is_known) in [
            (Privilege::Unknown("it is not reported".into()), false),
            (Privilege::Denied, true),
        ] {
            assert_eq!(
                privileges.request(&task, now),
                PrivilegeStep::Check(subject.clone())
            );
            privileges.record_result(&subject, Some(entity.clone()), &privilege, now);
            let step = privileges.request(&task, now + DENIED_TTL / 2);
            assert_eq!(step == PrivilegeStep::Known(privilege.clone()), is_known);
            privileges.record_result(&subject, None, &Privilege::Unknown("".into()), now);
        }
        assert!(matches!(
            privileges.request(&task, now + DENIED_TTL),
            PrivilegeStep::Check(_)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unread_task_is_read_before_its_privilege_is_checked() {
        let now = Instant::now();
        let mut privileges = Privileges::default();
        let step = privileges.request(&locator("task-1", &Value::Null), now);
        assert!(matches!(step, PrivilegeStep::Known(Privilege::Unknown(_))));
        let unread = Subject::Task("task-2".into());
        let step = privileges.request(&TaskLocator::named("task-2".into()), now);
        assert_eq!(step, PrivilegeStep::Check(unread.clone()));
        assert!(privileges.take_renewal(&unread));
        assert!(!privileges.take_renewal(&unread), "once");
        assert_eq!(privileges.open(), [unread]);
    }
}
