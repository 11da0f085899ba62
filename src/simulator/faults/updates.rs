//! Changes told in another order, or twice.
//!
//! What the API promises of one set of updates is little: the same object may occur several times, and what is told
//! of it is to be applied in order. Different objects come in any order. A value may be told again that was told
//! before, for the server does not promise that it changed.

use serde_json::Value;

/// The body of an answer with its changes told otherwise. What is no set of updates stays as it is.
pub(super) fn told_otherwise(
    body: &[u8],
    repeat: bool,
    shuffle: bool,
    chance: &mut fastrand::Rng,
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
            *updates = repeated(std::mem::take(updates), chance);
        }
        if shuffle {
            *updates = shuffled(std::mem::take(updates), chance);
        }
    }
    set.to_string().into_bytes()
}

/// Some updates are followed by one that tells the same values of the same object.
fn repeated(updates: Vec<Value>, chance: &mut fastrand::Rng) -> Vec<Value> {
    let mut told = Vec::with_capacity(updates.len() * 2);
    for update in updates {
        let again = (update["kind"] != "leave" && chance.u8(..3) == 0).then(|| {
            let mut again = update.clone();
            // It is there already.
            again["kind"] = Value::from("modify");
            again
        });
        told.push(update);
        told.extend(again);
    }
    told
}

/// The objects in any order; what is told of one object stays in its order.
fn shuffled(updates: Vec<Value>, chance: &mut fastrand::Rng) -> Vec<Value> {
    let mut order: Vec<Value> = updates.iter().map(|update| update["obj"].clone()).collect();
    chance.shuffle(&mut order);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_lost_and_each_objects_changes_stay_in_order() {
        let update = |task: u8, progress: u8| json!({"kind": "modify", "obj": {"value": task}, "changeSet": progress});
        let updates: Vec<Value> = (0..30).map(|number| update(number % 5, number)).collect();
        let body = json!({"version": "1", "filterSet": [{"objectSet": updates}]}).to_string();
        let mut chance = fastrand::Rng::with_seed(5);
        let told: Value =
            serde_json::from_slice(&told_otherwise(body.as_bytes(), true, true, &mut chance))
                .unwrap();
        let told = told["filterSet"][0]["objectSet"].as_array().unwrap();
        assert!(told.len() > 30);
        assert_ne!(told[..5], updates[..5]);
        for task in 0..5 {
            let mut values: Vec<u64> = told
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
    fn what_is_no_set_stays() {
        let mut chance = fastrand::Rng::with_seed(5);
        assert_eq!(told_otherwise(b"", true, true, &mut chance), b"");
        assert_eq!(
            told_otherwise(b"<html>", true, true, &mut chance),
            b"<html>"
        );
    }
}
