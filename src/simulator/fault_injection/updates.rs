//! Reorders, repeats or withholds property updates in responses of `WaitForUpdatesEx`.
//!
//! The API permits this: an object may occur several times in a set, different objects come in any order, and a value
//! may be sent again without having changed. Only the order of the changes of one object matters.

use serde_json::{Value, json};

use crate::method_fault::MethodFault;

/// Reorders or repeats the updates of a response. A body that is not an update set stays unchanged.
pub(super) fn reordered(
    body: &[u8],
    repeat: bool,
    shuffle: bool,
    rng: &mut fastrand::Rng,
) -> Vec<u8> {
    let Ok(mut set) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    let filters = set.get_mut("filterSet").and_then(Value::as_array_mut);
    for filter in filters.into_iter().flatten() {
        let Some(updates) = filter.get_mut("objectSet").and_then(Value::as_array_mut) else {
            continue;
        };
        if repeat {
            *updates = repeated(std::mem::take(updates), rng);
        }
        if shuffle {
            *updates = shuffled(std::mem::take(updates), rng);
        }
    }
    set.to_string().into_bytes()
}

/// Repeats some updates with the same values.
fn repeated(updates: Vec<Value>, rng: &mut fastrand::Rng) -> Vec<Value> {
    let mut with_repetitions = Vec::with_capacity(updates.len() * 2);
    for update in updates {
        let repetition = (update["kind"] != "leave" && rng.u8(..3) == 0).then(|| {
            let mut repetition = update.clone();
            // The object was already reported with the first update.
            repetition["kind"] = Value::from("modify");
            repetition
        });
        with_repetitions.push(update);
        with_repetitions.extend(repetition);
    }
    with_repetitions
}

/// Shuffles the objects; the updates of one object keep their order.
fn shuffled(updates: Vec<Value>, rng: &mut fastrand::Rng) -> Vec<Value> {
    let mut order: Vec<Value> = updates.iter().map(|update| update["obj"].clone()).collect();
    rng.shuffle(&mut order);
    let mut left: Vec<Option<Value>> = updates.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|object| {
            left.iter_mut()
                .find(|update| {
                    update
                        .as_ref()
                        .is_some_and(|update| update["obj"] == *object)
                })
                .and_then(Option::take)
        })
        .collect()
}

/// Replaces the changes of one object, or of all, with a fault of this type. A body that is not an update set stays
/// unchanged.
pub(super) fn with_missing(body: &[u8], object: Option<&str>, fault: &str, whole: bool) -> Vec<u8> {
    let Ok(mut set) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    let fault = MethodFault::new(fault, "The property cannot be read.").into_json();
    let filters = set.get_mut("filterSet").and_then(Value::as_array_mut);
    for filter in filters.into_iter().flatten() {
        let Some(updates) = filter.get_mut("objectSet").and_then(Value::as_array_mut) else {
            continue;
        };
        let is_meant = |update: &Value| {
            let id = update["obj"]["value"].as_str();
            update["kind"] != "leave" && object.is_none_or(|object| id == Some(object))
        };
        if whole {
            let meant: Vec<Value> = updates.extract_if(.., |update| is_meant(update)).collect();
            let missing = meant.into_iter().map(|update| {
                json!({"_typeName": "MissingObject", "obj": update["obj"], "fault": fault})
            });
            let missing: Vec<Value> = missing.collect();
            if !missing.is_empty() {
                filter["missingSet"] = Value::Array(missing);
            }
            continue;
        }
        for update in updates.iter_mut().filter(|update| is_meant(update)) {
            let fields = update.as_object_mut();
            fields.map(|fields| fields.remove("changeSet"));
            update["missingSet"] =
                json!([{"_typeName": "MissingProperty", "path": "info", "fault": fault}]);
        }
    }
    set.to_string().into_bytes()
}

/// Reports an object as having left the filter. A body that is not an update set stays unchanged.
pub(super) fn with_leave(body: &[u8], object: &str) -> Vec<u8> {
    let Ok(mut set) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    let filters = set.get_mut("filterSet").and_then(Value::as_array_mut);
    for filter in filters.into_iter().flatten() {
        let updates = filter.get_mut("objectSet").and_then(Value::as_array_mut);
        let updates = updates.into_iter().flatten();
        for update in updates.filter(|update| update["obj"]["value"] == object) {
            *update = json!({"_typeName": "ObjectUpdate", "kind": "leave", "obj": update["obj"]});
        }
    }
    set.to_string().into_bytes()
}

/// Returns true if the body is an update set with a task.
pub(super) fn reports_tasks(body: &[u8]) -> bool {
    let set = serde_json::from_slice(body).unwrap_or(Value::Null);
    let filters = set["filterSet"].as_array().into_iter().flatten();
    let updates = filters.filter_map(|filter| filter["objectSet"].as_array());
    updates
        .flatten()
        .any(|update| update["obj"]["type"] == "Task")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_replaced_by_a_fault() {
        let update =
            |task: &str| json!({"kind": "modify", "obj": {"value": task}, "changeSet": [1]});
        let body = json!({"filterSet": [{"objectSet": [update("a"), update("b")]}]}).to_string();
        let updates_sent = |whole| -> Value {
            let updates_sent = with_missing(body.as_bytes(), Some("a"), "NoPermission", whole);
            serde_json::from_slice(&updates_sent).unwrap()
        };
        let filter = &updates_sent(false)["filterSet"][0];
        assert_eq!(filter["objectSet"][1], update("b"));
        assert!(filter["objectSet"][0]["changeSet"].is_null());
        let missing = &filter["objectSet"][0]["missingSet"][0];
        assert_eq!(missing["fault"]["_typeName"], "NoPermission");
        let filter = &updates_sent(true)["filterSet"][0];
        assert_eq!(filter["objectSet"], json!([update("b")]));
        assert_eq!(filter["missingSet"][0]["obj"]["value"], "a");
    }

    #[test]
    fn reordering_keeps_all_changes_and_their_order_per_object() {
        let update = |task: u8, progress: u8| json!({"kind": "modify", "obj": {"value": task}, "changeSet": progress});
        let updates: Vec<Value> = (0..30).map(|number| update(number % 5, number)).collect();
        let body = json!({"version": "1", "filterSet": [{"objectSet": updates}]}).to_string();
        let mut rng = fastrand::Rng::with_seed(5);
        let updates_sent: Value =
            serde_json::from_slice(&reordered(body.as_bytes(), true, true, &mut rng)).unwrap();
        let updates_sent = updates_sent["filterSet"][0]["objectSet"]
            .as_array()
            .unwrap();
        assert!(updates_sent.len() > 30);
        assert_ne!(updates_sent[..5], updates[..5]);
        for task in 0..5 {
            let mut values: Vec<u64> = updates_sent
                .iter()
                .filter(|update| update["obj"]["value"] == task)
                .map(|update| update["changeSet"].as_u64().unwrap())
                .collect();
            assert!(values.is_sorted());
            values.dedup();
            assert_eq!(values.len(), 6);
        }
    }

    #[test]
    fn other_bodies_stay_unchanged() {
        let mut rng = fastrand::Rng::with_seed(5);
        assert_eq!(reordered(b"", true, true, &mut rng), b"");
        assert_eq!(reordered(b"<html>", true, true, &mut rng), b"<html>");
    }
}
