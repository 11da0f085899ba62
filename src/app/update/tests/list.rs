use jiff::SignedDuration;
use serde_json::json;

use crate::{
    app::{Screen, test_support::*, update::list},
    task::{
        TaskChange,
        fixture::at,
        row_model::{Layout, Sort, SortColumn},
    },
};

#[test]
fn selection_follows_its_task() {
    let mut state = busy(80, 24);
    press(&mut state, "<down>");
    let chosen = selected(&state);
    let before = state.view().selection.row();
    // A longer-running operation sorts before all others.
    let older = json!({"startTime": "2026-01-01T00:00:00Z", "queueTime": "2026-01-01T00:00:00Z"});
    apply_update(&mut state, tasks(vec![task("task-1", &older)]));
    assert_eq!(selected(&state), chosen);
    assert_eq!(state.view().selection.row(), before + 1);
    press(&mut state, "t");
    assert_eq!(selected(&state), chosen);
    assert_eq!(state.view().row_model.view().layout, Layout::Flat);
}

/// Returns a state with more tasks than are brought up to date at once; each third is named `db`.
fn many() -> Screen {
    let mut state = empty(80, 24);
    let changes = (0..900).map(|number| {
        let name = ["db", "web", "fs"][number % 3];
        let queued = at(i64::try_from(number).unwrap()).to_string();
        let more = json!({"entityName": name, "queueTime": queued, "startTime": queued});
        task(&format!("task-{number}"), &more)
    });
    apply_update(&mut state, tasks(changes.collect()));
    state
}

#[test]
fn rows_keep_their_order_until_the_new_one_is_complete() {
    let mut state = many();
    press(&mut state, "<down>");
    let (before, chosen) = (rows(&state), selected(&state));
    list::sort(&mut state, now(), |sort| {
        *sort = Sort::by(SortColumn::Id, true);
    });
    assert_eq!(rows(&state), before);
    press(&mut state, "<down>");
    assert_eq!(selected(&state), before[2], "keys act on the rows shown");
    press(&mut state, "<up>");
    let added = task("task-5000", &json!({"entityName": "db"}));
    apply_update(&mut state, tasks(vec![added]));
    finish_rows(&mut state);
    let after = rows(&state);
    assert_eq!((after.len(), &*after[0]), (901, "task-5000"));
    assert_eq!(after[1], "task-899");
    assert_eq!(selected(&state), chosen);
}

#[test]
fn filter_of_many_tasks_is_completed_between_keys() {
    let mut state = many();
    press(&mut state, "/db");
    assert!(state.view().row_model.is_outdated());
    finish_rows(&mut state);
    assert_eq!(state.view().row_model.matching(), 300);
    control(&mut state, 'u');
    press(&mut state, "web");
    assert!(state.view().row_model.is_outdated());
    press(&mut state, "<enter>M");
    assert_eq!(
        state.view().marked_count(),
        300,
        "all that match are marked"
    );
    finish_rows(&mut state);
    assert_eq!(state.view().row_model.matching(), 300);
}

#[test]
fn first_row_is_selected_by_default() {
    let mut state = busy(80, 24);
    let older = json!({"startTime": "2026-01-01T00:00:00Z", "queueTime": "2026-01-01T00:00:00Z"});
    apply_update(&mut state, tasks(vec![task("task-1", &older)]));
    assert_eq!(selected(&state), "task-1");
}

#[test]
fn removing_the_selected_task_selects_its_neighbour() {
    let mut state = busy(80, 24);
    press(&mut state, "G");
    let (row, last) = (state.view().selection.row(), selected(&state));
    let dropped = TaskChange::Unwatched {
        mo_id: last.as_str().into(),
    };
    apply_update(&mut state, tasks(vec![dropped]));
    assert_eq!(state.view().selection.row(), row - 1);
    assert_ne!(selected(&state), last);
}

#[test]
fn folding_selects_the_root() {
    let mut state = busy(80, 24);
    let head = find(&state, "task-4711");
    choose(&mut state, "task-4712");
    press(&mut state, "<left>");
    assert_eq!(state.selected(), Some(head), "from a leaf to its parent");
    press(&mut state, "<left>");
    assert!(!rows(&state).contains(&"task-4712".to_owned()));
    press(&mut state, "<right>");
    assert!(rows(&state).contains(&"task-4712".to_owned()));
    choose(&mut state, "task-4712");
    press(&mut state, "-");
    assert_eq!(state.selected(), Some(head), "the fold hides the child");
}

#[test]
fn selected_row_stays_visible() {
    for height in 0..30 {
        let mut state = busy(80, height);
        for keys in ["", "<down>", "<down>", "<down>", "G", "<up>", "<pgdn>", "g"] {
            press(&mut state, keys);
            let seen = state.layout().list.height;
            let rows =
                state.view().selection.top()..state.view().selection.top() + usize::from(seen);
            let row = state.view().selection.row();
            assert!(
                rows.contains(&row) || seen == 0,
                "{row} in {rows:?} at {height}"
            );
        }
    }
}

#[test]
fn sort_menu_selects_and_reverses() {
    let mut state = busy(80, 24);
    let sort = |state: &Screen| state.view().row_model.view().sort.to_string();
    press(&mut state, "s<down><down><down><down><down><enter>");
    assert_eq!(sort(&state), "-progress");
    press(&mut state, "S");
    assert_eq!(sort(&state), "progress");
    press(&mut state, "s<up><esc>");
    assert_eq!(sort(&state), "progress");
}

#[test]
fn sort_menu_adds_keys_and_reverses_each() {
    let mut state = busy(80, 24);
    let sort = |state: &Screen| state.view().row_model.view().sort.to_string();
    press(&mut state, "s<down><space>");
    assert_eq!(sort(&state), "state", "replaces the order by urgency");
    press(&mut state, "<down><down><down><space>");
    assert_eq!(sort(&state), "state,target");
    press(&mut state, "S");
    assert_eq!(sort(&state), "state,-target");
    press(&mut state, "<up>S");
    assert_eq!(
        sort(&state),
        "-state,target",
        "in the list, all are reversed"
    );
    press(&mut state, "<down><space><esc>");
    assert_eq!(sort(&state), "-state");
    press(&mut state, "sg<enter>");
    assert_eq!(sort(&state), "urgency");
    press(&mut state, "sG<enter>");
    assert_eq!(sort(&state), "folder");
}

#[test]
fn pin_and_unwatch_apply_to_the_selected_task() {
    let mut state = busy(80, 24);
    let mo_id = || vec!["task-4711".into()];
    assert_eq!(
        press(&mut state, "*"),
        [Effect::Send(HERE, Command::Pin(mo_id(), true))]
    );
    assert!(state.selected_record().unwrap().pinned);
    assert_eq!(
        press(&mut state, "*"),
        [Effect::Send(HERE, Command::Pin(mo_id(), false))]
    );
    assert_eq!(
        press(&mut state, "x"),
        [Effect::Send(HERE, Command::Unwatch(mo_id()))]
    );
}

#[test]
fn blocker_key_jumps_there_and_back() {
    let mut state = empty(80, 24);
    let machine = json!({"type": "VirtualMachine", "value": "vm-1"});
    let queued = json!({"entity": machine, "state": "queued", "startTime": null,
        "queueTime": at(9).to_string(), "parentTaskKey": "top"});
    apply_update(
        &mut state,
        tasks(vec![
            task("top", &json!({})),
            task("waits", &queued),
            task("ahead", &json!({"entity": machine})),
        ]),
    );
    press(&mut state, "-");
    choose(&mut state, "top");
    for expected in ["ahead", "top", "ahead"] {
        press(&mut state, "B");
        assert_eq!(selected(&state), expected);
    }
    press(&mut state, "B");
    assert_eq!(selected(&state), "top", "the fold stays closed");
    choose(&mut state, "ahead");
    press(&mut state, "B");
    assert_eq!(selected(&state), "ahead");
    let shown = state.state.notifications.shown(now()).unwrap();
    assert_eq!(shown.text, "This task is not blocked");
}

#[test]
fn marks_toggle_and_follow_their_tasks() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4720");
    press(&mut state, "m");
    let marked = find(&state, "task-4720");
    assert!(state.view().marks.contains(&marked));
    assert_eq!(selected(&state), "task-4720");
    press(&mut state, "St");
    assert!(state.view().marks.contains(&marked));
    assert_eq!(state.view().marked_count(), 1);
    press(&mut state, "m");
    assert_eq!(state.view().marked_count(), 0);
}

#[test]
fn all_shown_tasks_are_marked_and_unmarked() {
    let mut state = busy(80, 24);
    press(&mut state, "/Clone<enter>");
    let shown = rows(&state).len();
    press(&mut state, "M");
    assert_eq!(state.view().marked_count(), shown);
    // Marks are added to those of another filter.
    press(&mut state, "/");
    control(&mut state, 'u');
    press(&mut state, "esx<enter>M");
    assert_eq!(state.view().marked_count(), shown + 1);
    press(&mut state, "M");
    assert_eq!(state.view().marked_count(), 0);
    // A parent that is shown because of its child is not marked.
    press(&mut state, "<esc>");
    press(&mut state, "/op:copyDisks<enter>M");
    assert_eq!(rows(&state).len(), 2);
    assert_eq!(state.view().marked_count(), 1);
}

#[test]
fn marks_vanish_with_their_tasks() {
    let mut state = busy(80, 24);
    press(&mut state, "M");
    let all = state.view().marked_count();
    let removed = |mo_id: &str| {
        vec![TaskChange::Unwatched {
            mo_id: mo_id.into(),
        }]
    };
    let later = now() + SignedDuration::from_secs(10);
    apply_update_at(&mut state, tasks(removed("task-4720")), later);
    assert_eq!(state.view().marked_count(), all - 1);
    let mut past = crate::app::look_back(&mut state);
    assert_eq!(past.view().marked_count(), all - 1);
    apply_update_at(&mut state, tasks(removed("task-4740")), later);
    choose(&mut past, "task-4730");
    press_at(&mut past, 'm', later);
    crate::app::return_to_now(&mut state, past, later);
    assert_eq!(state.view().marked_count(), all - 3);
}

#[test]
fn escape_removes_the_marks_before_it_clears_the_filter() {
    let mut state = busy(80, 24);
    press(&mut state, "/Clone<enter>M");
    assert!(state.view().marked_count() > 0);
    press(&mut state, "<esc>");
    assert_eq!(state.view().marked_count(), 0);
    assert!(!state.view().row_model.view().filter.is_empty());
    press(&mut state, "<esc>");
    assert!(state.view().row_model.view().filter.is_empty());
}

#[test]
fn members_of_closed_folds_are_marked_with_all_others() {
    let mut state = busy(80, 24);
    let all = state.view().store.len();
    press(&mut state, "-M");
    assert!(rows(&state).len() < all);
    assert_eq!(state.view().marked_count(), all);
    let marked = state.view().marked();
    let row_of = |mo_id: &str| {
        let handle = find(&state, mo_id);
        marked.iter().position(|marked| *marked == handle).unwrap()
    };
    // After the row of their fold.
    assert_eq!(
        row_of("task-4712").min(row_of("task-4713")),
        row_of("task-4711") + 1
    );
    press(&mut state, "M");
    assert_eq!(state.view().marked_count(), 0);
}

#[test]
fn groups_cannot_be_marked() {
    let mut state = busy(80, 24);
    press(&mut state, "bbb<home>m");
    assert_eq!(state.view().marked_count(), 0);
    let notice = state.notifications.shown(now()).unwrap();
    assert!(notice.text.contains("group"), "{}", notice.text);
}

#[test]
fn marking_all_of_an_empty_list_keeps_the_marks() {
    let mut state = busy(80, 24);
    press(&mut state, "m/qqq<enter>M");
    assert_eq!(state.view().marked_count(), 1);
}
