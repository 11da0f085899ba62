//! Translates the updates of a property collector into changes of tasks. Pure.

use std::borrow::Cow;

use serde_json::{Map, Value};
use vtask_vim::{
    ReportedFields,
    types::{
        CHANGING_FIELDS, Malformed, ObjectUpdate, Path, REQUIRED_FIELDS, TaskInfo, UpdateKind,
    },
};

/// The effect of an update on one task.
#[derive(Debug)]
pub(super) enum TaskUpdate {
    /// The whole `TaskInfo`.
    Whole(Box<TaskInfo>),
    /// Some fields.
    Fields(Vec<(Cow<'static, str>, Value)>),
    /// The task left the view or no longer exists.
    Left,
    /// A change that requires reading the task.
    ReadRequired,
    /// Nothing.
    Nothing,
}

/// Translates an update of a collector that reports these fields. Changes are applied in order, named by leaf or by the
/// whole `info`.
///
/// # Errors
/// A whole `info` without any information about the task.
pub(super) fn task_update(
    update: ObjectUpdate,
    reported: ReportedFields,
) -> Result<TaskUpdate, Malformed> {
    match update.kind {
        UpdateKind::Leave => return Ok(TaskUpdate::Left),
        UpdateKind::Other => return Ok(TaskUpdate::ReadRequired),
        UpdateKind::Enter | UpdateKind::Modify => {}
    }
    let entered = update.kind == UpdateKind::Enter;
    let is_partial = !update.missing_set.is_empty();
    let mo_id = update.obj;
    let mut whole: Option<Box<TaskInfo>> = None;
    let mut fields: Vec<(Cow<'static, str>, Value)> = Vec::with_capacity(update.change_set.len());
    for change in update.change_set {
        match (change.path, change.val, &mut whole) {
            (Path::Info, Value::Null, _) => return Ok(TaskUpdate::ReadRequired),
            (Path::Info, info, _) => {
                fields.clear();
                whole = Some(Box::new(TaskInfo::of_task(&mo_id, info)?));
            }
            (Path::Field(field), value, Some(info)) => info.assign_or_note(field, value),
            (Path::Field(field), value, None) => fields.push((Cow::Borrowed(field), value)),
            (Path::Other(path), value, _) => match unknown_field(&path) {
                Some(field) => fields.push((Cow::Owned(field.to_owned()), value)),
                None => return Ok(TaskUpdate::ReadRequired),
            },
        }
    }
    if let Some(info) = whole {
        return Ok(TaskUpdate::Whole(info));
    }
    if !entered {
        return Ok(if fields.is_empty() {
            TaskUpdate::Nothing
        } else {
            TaskUpdate::Fields(fields)
        });
    }
    if reported == ReportedFields::Changing {
        // A field that is neither reported nor missing is unset.
        let unset = CHANGING_FIELDS.iter().filter(|unset| {
            !is_partial
                && !REQUIRED_FIELDS.contains(unset)
                && fields.iter().all(|(field, _)| field != *unset)
        });
        let unset: Vec<_> = unset
            .map(|field| (Cow::Borrowed(*field), Value::Null))
            .collect();
        fields.splice(0..0, unset);
        return Ok(TaskUpdate::Fields(fields));
    }
    // A leaf that the account may not read is missing; a read of the task may return more.
    let object: Map<String, Value> = fields
        .into_iter()
        .map(|(field, value)| (field.into_owned(), value))
        .collect();
    match TaskInfo::of_task(&mo_id, Value::Object(object)) {
        Ok(info) if is_partial && !info.invalid().is_empty() => Ok(TaskUpdate::ReadRequired),
        Ok(info) => Ok(TaskUpdate::Whole(Box::new(info))),
        Err(_) if is_partial => Ok(TaskUpdate::ReadRequired),
        Err(malformed) => Err(malformed),
    }
}

/// Returns the field of `info` that this program does not know, if the path names one.
fn unknown_field(path: &str) -> Option<&str> {
    let field = path.strip_prefix("info.")?;
    (!field.contains(['.', '['])).then_some(field)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};
    use vtask_task::fixture;
    use vtask_vim::types::TaskState;

    use super::*;

    fn read(kind: &str, changes: &Value) -> Result<TaskUpdate, Malformed> {
        let update =
            json!({"kind": kind, "obj": {"type": "Task", "value": "task-1"}, "changeSet": changes});
        task_update(from_value(update).unwrap(), ReportedFields::All)
    }

    fn leaves(info: &TaskInfo) -> Value {
        let info = info.to_json();
        let leaves = info
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "_typeName");
        leaves
            .map(|(name, value)| json!({"name": format!("info.{name}"), "val": value}))
            .collect()
    }

    #[test]
    fn new_task_is_reported_by_leaves_or_whole() {
        let info = fixture::info("task-1", &json!({"progress": 7}));
        let whole = json!([{"name": "info", "val": info.to_json()}]);
        for changes in [leaves(&info), whole] {
            let Ok(TaskUpdate::Whole(read)) = read("enter", &changes) else {
                panic!("it entered");
            };
            assert_eq!(read, info);
        }
    }

    #[test]
    fn new_task_with_partial_fields_unsets_the_others() {
        let update = json!({
            "kind": "enter",
            "obj": {"type": "Task", "value": "task-1"},
            "changeSet": [
                {"name": "info.state", "val": "running"},
                {"name": "info.cancelled", "val": false},
                {"name": "info.cancelable", "val": true},
                {"name": "info.startTime", "val": "2026-04-18T14:00:00Z"},
            ]
        });
        let translated = |update: &Value| {
            let update = from_value(update.clone()).unwrap();
            match task_update(update, ReportedFields::Changing) {
                Ok(TaskUpdate::Fields(fields)) => fields,
                other => panic!("{other:?}"),
            }
        };
        let mut info = fixture::info("task-1", &json!({"progress": 7, "entityName": "web-01"}));
        for (field, value) in translated(&update) {
            info.assign(&field, value).unwrap();
        }
        assert_eq!((info.progress, &info.state), (None, &TaskState::Running));
        assert_eq!(info.entity_name.as_deref(), Some("web-01"));
        let mut partial = update;
        partial["missingSet"] =
            json!([{"path": "info.progress", "fault": {"_typeName": "NoPermission"}}]);
        assert_eq!(
            translated(&partial).len(),
            4,
            "a missing field keeps its value"
        );
    }

    #[test]
    fn only_changes_after_the_whole_info_apply_to_it() {
        let info = fixture::info("task-1", &json!({"progress": 7}));
        let changes = json!([
            {"name": "info.progress", "val": 1},
            {"name": "info", "val": info.to_json()},
            {"name": "info.state", "val": {"_typeName": "TaskInfoState", "_value": "success"}}
        ]);
        let Ok(TaskUpdate::Whole(read)) = read("modify", &changes) else {
            panic!("the whole came");
        };
        assert_eq!((read.progress, &read.state), (Some(7), &TaskState::Success));
    }

    #[test]
    fn field_order_and_unknown_fields_are_kept() {
        let changes = json!([
            {"name": "info.progress", "val": 1},
            {"name": "info.progress"},
            {"name": "info.mood", "val": "good"}
        ]);
        let Ok(TaskUpdate::Fields(fields)) = read("modify", &changes) else {
            panic!("fields came");
        };
        let expected = [
            ("progress", json!(1)),
            ("progress", Value::Null),
            ("mood", json!("good")),
        ];
        assert_eq!(
            fields,
            expected.map(|(name, value)| (Cow::from(name), value))
        );
    }

    #[test]
    fn updates_that_cannot_be_applied_cause_a_read() {
        for changes in [
            json!([{"name": "info.description.message", "val": "x"}]),
            json!([{"name": "info", "val": null}]),
            json!([{"name": "name", "val": "x"}]),
        ] {
            assert!(matches!(
                read("modify", &changes),
                Ok(TaskUpdate::ReadRequired)
            ));
        }
        assert!(matches!(
            read("teleport", &json!([])),
            Ok(TaskUpdate::ReadRequired)
        ));
        assert!(matches!(
            read("modify", &json!([])),
            Ok(TaskUpdate::Nothing)
        ));
        assert!(matches!(read("leave", &json!([])), Ok(TaskUpdate::Left)));
        assert!(read("enter", &json!([])).is_err());
    }
}
