//! Folds and their interaction with filters.

use super::*;

fn toggle(bench: &mut Bench, mo_id: &str) {
    let handle = bench.find(mo_id);
    bench.outline.toggle_fold(&bench.board, handle);
}

/// Returns a finished family of three levels and a single task.
fn finished_family() -> Bench {
    let mut bench = Bench::default();
    let done = || ended("success", 5);
    bench.put("root", &done());
    bench.put("a", &child_of("root", &done()));
    bench.put("a1", &child_of("a", &done()));
    bench.put("b", &child_of("root", &done()));
    bench.put("lone", &done());
    bench
}

#[test]
fn family_is_open_while_descendant_is_active_or_failed() {
    let mut bench = finished_family();
    assert_eq!(bench.picture(), ["lone", "▶root+3"]);
    for news in [json!({}), json!({"state": "queued"}), ended("error", 5)] {
        bench.put("a1", &child_of("a", &news));
        assert_eq!(bench.picture(), ["▼root", "├▼a", "│└a1", "└b", "lone"]);
    }
    let cancelled = json!({"state": "error", "error": {"_typeName": "RequestCanceled"}});
    bench.put("a1", &child_of("a", &cancelled));
    assert_eq!(bench.picture(), ["▶root+3", "lone"]);
}

#[test]
fn running_parent_does_not_open_family() {
    let mut bench = finished_family();
    bench.put("root", &json!({}));
    assert_eq!(bench.picture(), ["▶root+3", "lone"]);
}

#[test]
fn chosen_fold_takes_precedence() {
    let mut bench = finished_family();
    toggle(&mut bench, "root");
    assert_eq!(bench.picture(), ["lone", "▼root", "├▶a+1", "└b"]);
    bench.put("b", &child_of("root", &json!({})));
    toggle(&mut bench, "root");
    let root = bench.find("root");
    let [row] = &bench.outline.rows(0..1)[..] else {
        unreachable!()
    };
    assert_eq!((row.task(), row.fold), (Some(root), Fold::Closed));
    assert_eq!(row.hidden[Status::Running], 1);
    assert_eq!(row.hidden[Status::Success], 2);
    bench.put("a1", &child_of("a", &json!({})));
    assert_eq!(bench.picture(), ["▶root+3", "lone"], "news do not open it");
    bench.arrange(flat());
    bench.arrange(View::default());
    assert_eq!(bench.picture(), ["▶root+3", "lone"], "nor do other views");
    bench.drop("root");
    bench.put("root", &ended("success", 5));
    assert_eq!(
        bench.picture()[0],
        "▼root",
        "another record is another choice"
    );
}

#[test]
fn row_without_children_cannot_be_folded() {
    let mut bench = finished_family();
    toggle(&mut bench, "lone");
    bench.put("child", &child_of("lone", &json!({})));
    assert_eq!(bench.picture()[..2], ["▼lone", "└child"]);
}

#[test]
fn all_families_are_folded_and_unfolded() {
    let mut bench = finished_family();
    bench.put("b", &child_of("root", &json!({})));
    bench.outline.set_all_folded(&bench.board, true);
    assert_eq!(bench.picture(), ["▶root+3", "lone"]);
    bench.outline.set_all_folded(&bench.board, false);
    assert_eq!(bench.picture(), ["▼root", "├b", "└▼a", " └a1", "lone"]);
}

#[test]
fn hidden_task_can_be_revealed() {
    let mut bench = finished_family();
    let (root, leaf) = (bench.find("root"), bench.find("a1"));
    assert_eq!(bench.outline.position(leaf), None);
    assert_eq!(
        bench.outline.nearest_visible(leaf),
        bench.outline.position(root)
    );
    toggle(&mut bench, "root");
    assert_eq!(
        bench.outline.nearest_visible(leaf),
        bench.outline.position(bench.find("a")),
    );
    toggle(&mut bench, "root");
    bench.outline.reveal(&bench.board, leaf);
    assert_eq!(bench.picture(), ["lone", "▼root", "├▼a", "│└a1", "└b"]);
    assert_eq!(bench.outline.position(leaf), Some(3));
}

#[test]
fn filter_shows_and_opens_ancestors_of_matches() {
    let mut bench = finished_family();
    bench.put("a1", &child_of("a", &ended("error", 5)));
    bench.arrange(filtered("no LICENSE"));
    assert_eq!(bench.picture(), ["▼(root)", "└▼(a)", " └a1"]);
    assert_eq!(bench.outline.matching(), 1);
    toggle(&mut bench, "root");
    assert_eq!(bench.picture(), ["▶(root)+1"], "closed by hand");
    toggle(&mut bench, "root");
    bench.put("b", &child_of("root", &ended("error", 4)));
    assert_eq!(bench.picture(), ["▼(root)", "├▼(a)", "│└a1", "└b"]);
    bench.put("a1", &child_of("a", &ended("success", 5)));
    assert_eq!(bench.picture(), ["▼(root)", "└b"]);
    bench.put("b", &child_of("root", &json!({})));
    assert!(bench.outline.is_empty());
    assert_eq!(bench.outline.nearest_visible(bench.find("b")), None);
    bench.put("root", &ended("error", 5));
    assert_eq!(bench.picture(), ["root"]);
    assert_eq!(bench.outline.nearest_visible(bench.find("a1")), Some(0));
}

#[test]
fn closed_fold_counts_matches_only() {
    let mut bench = finished_family();
    bench.put("b", &child_of("root", &ended("error", 4)));
    bench.arrange(filtered("success"));
    toggle(&mut bench, "root");
    assert_eq!(bench.picture(), ["▶root+2", "lone"]);
    assert_eq!(bench.outline.matching(), 4);
}

#[test]
fn flat_list_has_no_context_rows() {
    let mut bench = finished_family();
    bench.put("a1", &child_of("a", &json!({})));
    bench.arrange(View {
        filter: "running".into(),
        ..flat()
    });
    assert_eq!(bench.picture(), ["a1"]);
    toggle(&mut bench, "a1");
    bench.outline.set_all_folded(&bench.board, true);
    bench.arrange(View::default());
    assert_eq!(
        bench.picture()[0],
        "▼root",
        "in a flat list there is nothing to fold"
    );
}

#[test]
fn parent_and_child_can_swap() {
    let mut bench = Bench::default();
    bench.put("a", &json!({}));
    bench.put("b", &child_of("a", &json!({})));
    bench.put("c", &child_of("b", &json!({})));
    let mut touched = ChangeSet::default();
    for (mo_id, parent) in [("b", None), ("a", Some("c")), ("c", Some("b"))] {
        let more = json!({"parentTaskKey": parent});
        let change = TaskChange::Whole {
            info: info(mo_id, &more),
            at: at(10),
        };
        bench.board.apply(HERE, change, &mut touched).unwrap();
    }
    bench.outline.touch(&bench.board, &touched);
    assert_eq!(bench.picture(), ["▼b", "└▼c", " └a"]);
}

#[test]
fn missed_change_is_tolerated() {
    let mut bench = Bench::default();
    bench.put("root", &json!({}));
    let leaf = bench.put("leaf", &child_of("root", &json!({})));
    let gone = TaskChange::Dropped {
        mo_id: "root".into(),
    };
    bench
        .board
        .apply(HERE, gone, &mut ChangeSet::default())
        .unwrap();
    assert_eq!(bench.rows().len(), 2);
    let touched = ChangeSet {
        changed: vec![leaf, leaf, Handle::default()],
        removed: vec![Handle::default()],
    };
    bench.outline.touch(&bench.board, &touched);
    bench.outline.rebuild(&bench.board);
    assert_eq!(bench.picture(), ["leaf"]);
}
