//! Rows of small stores.

use serde_json::{Value, json};

use super::*;
use crate::{
    ChangeSet, EvalContext, ServerContext, ServerId, Status, StatusCounts, TaskChange, TaskId,
    fixture::{at, info},
};

mod folding;
mod grouping;
mod model;
mod sorting;

pub(super) const HERE: ServerId = ServerId(0);

/// A store with its incrementally updated row model.
#[derive(Default)]
pub(super) struct Harness {
    pub(super) store: TaskStore,
    pub(super) model: RowModel,
    /// Server time in seconds after the fixture's start.
    pub(super) second: i64,
}

/// A stopped server clock.
pub(super) struct Clock(i64);

impl ServerContext for Clock {
    fn time(&self, _: ServerId) -> jiff::Timestamp {
        at(self.0)
    }

    fn name(&self, _: ServerId) -> Option<&str> {
        None
    }
}

pub(super) fn context<'a>(store: &'a TaskStore, clock: &'a Clock) -> EvalContext<'a> {
    EvalContext {
        servers: Some(clock),
        ..store.into()
    }
}

impl Harness {
    pub(super) fn new(view: View) -> Self {
        Self {
            store: TaskStore::new(),
            model: RowModel::new(view),
            second: 0,
        }
    }

    pub(super) fn apply(&mut self, change: TaskChange) {
        let mut touched = ChangeSet::default();
        self.store.apply(HERE, change, &mut touched).unwrap();
        self.follow(&touched);
    }

    pub(super) fn follow(&mut self, touched: &ChangeSet) {
        let clock = self.clock();
        self.model.update(context(&self.store, &clock), touched);
    }

    pub(super) fn clock(&self) -> Clock {
        Clock(self.second)
    }

    pub(super) fn context<'a>(&'a self, clock: &'a Clock) -> EvalContext<'a> {
        context(&self.store, clock)
    }

    pub(super) fn put(&mut self, mo_id: &str, more: &Value) -> Handle {
        self.apply(TaskChange::Full {
            info: info(mo_id, more),
            at: at(10),
        });
        self.find(mo_id)
    }

    pub(super) fn drop(&mut self, mo_id: &str) {
        self.apply(TaskChange::Unwatched {
            mo_id: mo_id.into(),
        });
    }

    pub(super) fn find(&self, mo_id: &str) -> Handle {
        self.store.find(&TaskId::new(HERE, mo_id)).unwrap()
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.model.rows(0..usize::MAX)
    }

    pub(super) fn set_view(&mut self, view: View) {
        let clock = self.clock();
        self.model.set_view(view, context(&self.store, &clock));
        self.finish();
    }

    /// Brings all rows up to date after a change of the view.
    pub(super) fn finish(&mut self) {
        let clock = self.clock();
        self.model.finish(context(&self.store, &clock));
    }

    /// Formats the rows: lines, fold marker, moId; context rows in brackets.
    pub(super) fn picture(&self) -> Vec<String> {
        self.rows().iter().map(|row| self.line(row)).collect()
    }

    /// Returns the name of a group, in brackets.
    fn name(&self, group: GroupId) -> String {
        match &self.model.groups[group].key {
            GroupKey::Root(root) => format!("[{}]", self.store.get(*root).unwrap().id.mo_id),
            GroupKey::Target(_, name)
            | GroupKey::Location(_, name)
            | GroupKey::User(name)
            | GroupKey::Operation(name) => {
                format!("[{name}]")
            }
            GroupKey::Server(server) => format!("[{}]", server.0),
            GroupKey::Unknown => "[]".to_owned(),
        }
    }

    fn line(&self, row: &Row) -> String {
        assert_eq!(row.guides.len(), row.depth);
        let mut line = String::new();
        for guide in row.guides.iter().skip(1) {
            line.push(if *guide { '│' } else { ' ' });
        }
        if row.depth > 0 {
            line.push(if row.is_last { '└' } else { '├' });
        }
        line.push_str(match row.fold {
            Fold::Leaf => "",
            Fold::Open => "▼",
            Fold::Closed => "▶",
        });
        let (before, after) = if row.is_context { ("(", ")") } else { ("", "") };
        let name = match row.id {
            RowId::Task(handle) => self.store.get(handle).unwrap().id.mo_id.to_string(),
            RowId::Group(group) => self.name(group),
        };
        line.extend([before, &name, after]);
        match row.hidden.total() {
            0 => line,
            hidden => format!("{line}+{hidden}"),
        }
    }
}

/// Returns the lineage fields of a child with more fields.
pub(super) fn child_of(parent: &str, more: &Value) -> Value {
    let mut fields = json!({"parentTaskKey": parent});
    for (field, value) in more.as_object().unwrap() {
        fields[field] = value.clone();
    }
    fields
}

/// Returns the fields of a finished task with a duration in seconds.
pub(super) fn ended(state: &str, second: i64) -> Value {
    let mut fields = json!({"state": state, "completeTime": at(second).to_string()});
    if state == "error" {
        fields["error"] =
            json!({"_typeName": "NotEnoughLicenses", "localizedMessage": "No license left"});
    }
    fields
}

pub(super) fn flat() -> View {
    View {
        layout: Layout::Flat,
        ..View::default()
    }
}

pub(super) fn filtered(text: &str) -> View {
    View {
        filter: text.into(),
        ..View::default()
    }
}

#[test]
fn empty_store_has_no_rows() {
    let harness = Harness::default();
    assert!(harness.model.is_empty());
    assert_eq!(harness.model.len(), 0);
    assert_eq!(harness.rows(), []);
    assert_eq!(harness.model.row(0), None);
    assert_eq!(harness.model.position(Handle::default()), None);
    assert_eq!(harness.model.nearest_visible(Handle::default()), None);
}

#[test]
fn lines_join_siblings_only() {
    let mut harness = Harness::default();
    harness.put("root", &json!({}));
    harness.put(
        "a",
        &child_of("root", &json!({"queueTime": at(1).to_string()})),
    );
    harness.put("a1", &child_of("a", &json!({})));
    harness.put(
        "b",
        &child_of("root", &json!({"queueTime": at(2).to_string()})),
    );
    harness.put("b1", &child_of("b", &json!({})));
    harness.put("late", &json!({"startTime": at(9).to_string()}));
    let picture = ["▼root", "├▼a", "│└a1", "└▼b", " └b1", "late"];
    assert_eq!(harness.picture(), picture);
    harness.set_view(flat());
    assert_eq!(harness.picture(), ["a1", "b1", "root", "a", "b", "late"]);
}

#[test]
fn filter_and_folds_set_while_rows_are_reordered_are_kept() {
    let mut harness = Harness::default();
    let root = harness.put("root", &json!({}));
    harness.put("a", &child_of("root", &json!({"entityName": "db"})));
    harness.put("b", &json!({"entityName": "web"}));
    let by_id = |filter: &str| View {
        sort: Sort::by(SortColumn::Id, true),
        ..filtered(filter)
    };
    harness.model.set_view(by_id(""), &harness.store);
    harness.model.set_folded(&harness.store, root, true);
    harness.model.set_view(by_id("db"), &harness.store);
    harness.model.advance(&harness.store, 3);
    assert_eq!(harness.picture(), ["▶(root)+1"], "in the previous order");
    assert!(harness.model.is_outdated());
    harness.finish();
    assert_eq!(harness.picture(), ["▶(root)+1"]);
    assert_eq!(*harness.model.view(), by_id("db"));
    harness.set_view(by_id(""));
    assert_eq!(harness.picture(), ["▶root+1", "b"]);
}

#[test]
fn rows_of_a_range_equal_slice_of_all_rows() {
    let mut harness = Harness::default();
    for parent in 0..4 {
        let parent = format!("root-{parent}");
        harness.put(&parent, &json!({}));
        for child in 0..parent.len() {
            let mo_id = format!("{parent}-{child}");
            harness.put(&mo_id, &child_of(&parent, &json!({})));
        }
    }
    let all = harness.rows();
    assert_eq!(all.len(), harness.model.len());
    for start in 0..=all.len() {
        for end in start..=all.len() {
            assert_eq!(harness.model.rows(start..end), all[start..end]);
        }
    }
    assert_eq!(harness.model.rows(all.len()..all.len() + 5), []);
    let backwards = std::ops::Range { start: 5, end: 2 };
    assert_eq!(harness.model.rows(backwards), []);
}
