//! Folds and their interaction with filters.

use super::*;

fn toggle(harness: &mut Harness, mo_id: &str) {
    let handle = harness.find(mo_id);
    harness.model.toggle_fold(&harness.store, handle);
}

/// Returns a finished family of three levels and a single task.
fn finished_family() -> Harness {
    let mut harness = Harness::default();
    let done = || ended("success", 5);
    harness.put("root", &done());
    harness.put("a", &child_of("root", &done()));
    harness.put("a1", &child_of("a", &done()));
    harness.put("b", &child_of("root", &done()));
    harness.put("lone", &done());
    harness
}

#[test]
fn family_is_open_while_descendant_is_active_or_failed() {
    let mut harness = finished_family();
    assert_eq!(harness.picture(), ["lone", "▶root+3"]);
    for change in [json!({}), json!({"state": "queued"}), ended("error", 5)] {
        harness.put("a1", &child_of("a", &change));
        assert_eq!(harness.picture(), ["▼root", "├▼a", "│└a1", "└b", "lone"]);
    }
    let cancelled = json!({"state": "error", "error": {"_typeName": "RequestCanceled"}});
    harness.put("a1", &child_of("a", &cancelled));
    assert_eq!(harness.picture(), ["▶root+3", "lone"]);
}

#[test]
fn running_parent_does_not_open_family() {
    let mut harness = finished_family();
    harness.put("root", &json!({}));
    assert_eq!(harness.picture(), ["▶root+3", "lone"]);
}

#[test]
fn chosen_fold_takes_precedence() {
    let mut harness = finished_family();
    toggle(&mut harness, "root");
    assert_eq!(harness.picture(), ["lone", "▼root", "├▶a+1", "└b"]);
    harness.put("b", &child_of("root", &json!({})));
    toggle(&mut harness, "root");
    let root = harness.find("root");
    let [row] = &harness.model.rows(0..1)[..] else {
        unreachable!()
    };
    assert_eq!((row.task(), row.fold), (Some(root), Fold::Closed));
    assert_eq!(row.hidden[Status::Running], 1);
    assert_eq!(row.hidden[Status::Success], 2);
    harness.put("a1", &child_of("a", &json!({})));
    assert_eq!(
        harness.picture(),
        ["▶root+3", "lone"],
        "change do not open it"
    );
    harness.set_view(flat());
    harness.set_view(View::default());
    assert_eq!(harness.picture(), ["▶root+3", "lone"], "nor do other views");
    harness.drop("root");
    harness.put("root", &ended("success", 5));
    assert_eq!(
        harness.picture()[0],
        "▼root",
        "another record is another choice"
    );
}

#[test]
fn row_without_children_cannot_be_folded() {
    let mut harness = finished_family();
    toggle(&mut harness, "lone");
    harness.put("child", &child_of("lone", &json!({})));
    assert_eq!(harness.picture()[..2], ["▼lone", "└child"]);
}

#[test]
fn all_families_are_folded_and_unfolded() {
    let mut harness = finished_family();
    harness.put("b", &child_of("root", &json!({})));
    harness.model.set_all_folded(&harness.store, true);
    harness.finish();
    assert_eq!(harness.picture(), ["▶root+3", "lone"]);
    harness.model.set_all_folded(&harness.store, false);
    harness.finish();
    assert_eq!(harness.picture(), ["▼root", "├b", "└▼a", " └a1", "lone"]);
}

#[test]
fn hidden_task_can_be_revealed() {
    let mut harness = finished_family();
    let (root, leaf) = (harness.find("root"), harness.find("a1"));
    assert_eq!(harness.model.position(leaf), None);
    assert_eq!(
        harness.model.nearest_visible(leaf),
        harness.model.position(root)
    );
    toggle(&mut harness, "root");
    assert_eq!(
        harness.model.nearest_visible(leaf),
        harness.model.position(harness.find("a")),
    );
    toggle(&mut harness, "root");
    harness.model.reveal(&harness.store, leaf);
    assert_eq!(harness.picture(), ["lone", "▼root", "├▼a", "│└a1", "└b"]);
    assert_eq!(harness.model.position(leaf), Some(3));
}

#[test]
fn filter_shows_and_opens_ancestors_of_matches() {
    let mut harness = finished_family();
    harness.put("a1", &child_of("a", &ended("error", 5)));
    harness.set_view(filtered("no LICENSE"));
    assert_eq!(harness.picture(), ["▼(root)", "└▼(a)", " └a1"]);
    assert_eq!(harness.model.matching(), 1);
    toggle(&mut harness, "root");
    assert_eq!(harness.picture(), ["▶(root)+1"], "closed by hand");
    toggle(&mut harness, "root");
    harness.put("b", &child_of("root", &ended("error", 4)));
    assert_eq!(harness.picture(), ["▼(root)", "├▼(a)", "│└a1", "└b"]);
    harness.put("a1", &child_of("a", &ended("success", 5)));
    assert_eq!(harness.picture(), ["▼(root)", "└b"]);
    harness.put("b", &child_of("root", &json!({})));
    assert!(harness.model.is_empty());
    assert_eq!(harness.model.nearest_visible(harness.find("b")), None);
    harness.put("root", &ended("error", 5));
    assert_eq!(harness.picture(), ["root"]);
    assert_eq!(harness.model.nearest_visible(harness.find("a1")), Some(0));
}

#[test]
fn closed_fold_counts_matches_only() {
    let mut harness = finished_family();
    harness.put("b", &child_of("root", &ended("error", 4)));
    harness.set_view(filtered("success"));
    toggle(&mut harness, "root");
    assert_eq!(harness.picture(), ["▶root+2", "lone"]);
    assert_eq!(harness.model.matching(), 4);
}

#[test]
fn flat_list_has_no_context_rows() {
    let mut harness = finished_family();
    harness.put("a1", &child_of("a", &json!({})));
    harness.set_view(View {
        filter: "running".into(),
        ..flat()
    });
    assert_eq!(harness.picture(), ["a1"]);
    toggle(&mut harness, "a1");
    harness.model.set_all_folded(&harness.store, true);
    harness.finish();
    harness.set_view(View::default());
    assert_eq!(
        harness.picture()[0],
        "▼root",
        "in a flat list there is nothing to fold"
    );
}

#[test]
fn parent_and_child_can_swap() {
    let mut harness = Harness::default();
    harness.put("a", &json!({}));
    harness.put("b", &child_of("a", &json!({})));
    harness.put("c", &child_of("b", &json!({})));
    let mut touched = ChangeSet::default();
    for (mo_id, parent) in [("b", None), ("a", Some("c")), ("c", Some("b"))] {
        let more = json!({"parentTaskKey": parent});
        let change = TaskChange::Full {
            info: info(mo_id, &more),
            at: at(10),
        };
        harness.store.apply(HERE, change, &mut touched).unwrap();
    }
    harness.model.update(&harness.store, &touched);
    assert_eq!(harness.picture(), ["▼b", "└▼c", " └a"]);
}

#[test]
fn missed_change_is_tolerated() {
    let mut harness = Harness::default();
    harness.put("root", &json!({}));
    let leaf = harness.put("leaf", &child_of("root", &json!({})));
    let gone = TaskChange::Unwatched {
        mo_id: "root".into(),
    };
    harness
        .store
        .apply(HERE, gone, &mut ChangeSet::default())
        .unwrap();
    assert_eq!(harness.rows().len(), 2);
    let touched = ChangeSet {
        changed: vec![leaf, leaf, Handle::default()],
        removed: vec![Handle::default()],
    };
    harness.model.update(&harness.store, &touched);
    harness.model.rebuild(&harness.store);
    harness.finish();
    assert_eq!(harness.picture(), ["leaf"]);
}
