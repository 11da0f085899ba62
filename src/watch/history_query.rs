//! The query of a server's history, for the screen and the subcommands.

use jiff::Timestamp;
use vtask_task::ServerFilter;
use vtask_vim::types::TaskQuery;

/// Returns the query of tasks queued in a period (server's clock, both ends included), narrowed by a filter.
pub fn history_query(
    narrowing: &ServerFilter,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> TaskQuery {
    let ServerFilter {
        states,
        users,
        activations,
        tags,
        ..
    } = narrowing.clone();
    TaskQuery {
        since,
        until,
        entity: narrowing.entity().cloned(),
        states: states.unwrap_or_default(),
        users: users.unwrap_or_default(),
        activations: activations.unwrap_or_default(),
        tags: tags.unwrap_or_default(),
        ..TaskQuery::default()
    }
}

#[cfg(test)]
mod tests {
    use vtask_task::{Filter, fixture::at};
    use vtask_vim::types::{ManagedObjectReference, TaskState};

    use super::*;

    #[test]
    fn the_query_contains_the_server_side_filter() {
        let filter = Filter::from(
            "state:failed user=LAB\\kim target=VirtualMachine:vm-42 tag=CHG-1 activation=a-1 op:clone",
        );
        let query = history_query(&filter.server_filter(), Some(at(0)), Some(at(9)));
        assert_eq!(
            query,
            TaskQuery {
                since: Some(at(0)),
                until: Some(at(9)),
                states: vec![TaskState::Error],
                users: vec!["LAB\\kim".to_owned()],
                entity: Some(ManagedObjectReference::new("VirtualMachine", "vm-42")),
                tags: vec!["CHG-1".to_owned()],
                activations: vec!["a-1".to_owned()],
                ..TaskQuery::default()
            }
        );
        let everything = history_query(&Filter::default().server_filter(), None, None);
        assert_eq!(everything, TaskQuery::default());
    }
}
