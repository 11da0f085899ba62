use crate::{
    app::test_support::*,
    task::{
        LocationField,
        row_model::{Fold, GroupBy, GroupId, Layout, RowId},
    },
};

fn group_of(state: &Screen, mo_id: &str) -> GroupId {
    match state.view().row_model.above(find(state, mo_id)) {
        Some(RowId::Group(group)) => group,
        other => panic!("{other:?} is no group"),
    }
}

#[test]
fn group_key_cycles_through_all_groupings() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4712");
    for by in GroupBy::CYCLE {
        press(&mut state, "b");
        assert_eq!(state.view().row_model.grouped_by(), Some(by));
        assert_eq!(state.view().row_model.view().layout, Layout::Flat);
        assert_eq!(selected(&state), "task-4712", "by {}", by.name());
    }
    press(&mut state, "t");
    assert_eq!(state.view().row_model.grouped_by(), None, "a tree has none");
    press(&mut state, "t");
    assert_eq!(
        state.view().row_model.grouped_by(),
        Some(GroupBy::Location(LocationField::Cluster))
    );
    press(&mut state, "b");
    assert_eq!(state.view().row_model.grouped_by(), None);
    assert_eq!(selected(&state), "task-4712");
    press(&mut state, ":group-user<enter>");
    assert_eq!(state.view().row_model.grouped_by(), Some(GroupBy::User));
}

#[test]
fn groups_fold_like_families() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4712");
    press(&mut state, "bb<left>");
    let group = group_of(&state, "task-4712");
    assert_eq!(state.selected_row(), Some(group.into()));
    assert_eq!(state.selected(), None);
    for keys in ["<left>", "<space>", "<enter>", "-"] {
        press(&mut state, keys);
        let is_there = |state: &Screen| rows(state).contains(&"task-4712".to_owned());
        assert!(!is_there(&state), "{keys}");
        assert_eq!(state.selected_row(), Some(group.into()));
        press(&mut state, "<right>");
        assert!(is_there(&state), "{keys}");
    }
    press(&mut state, "<right><esc>");
    assert_eq!(state.selected_row(), Some(group.into()));
    click(&mut state, ClickTarget::FoldMark(group.into()));
    let row = state.view().row_model.position(group).unwrap();
    assert_eq!(
        state.view().row_model.rows(row..row + 1)[0].fold,
        Fold::Closed
    );
    press(&mut state, "<down>");
    assert_ne!(state.selected_row(), Some(group.into()));
    click(&mut state, ClickTarget::Row(group.into()));
    assert_eq!(state.selected_row(), Some(group.into()));
}

#[test]
fn regrouping_keeps_the_first_task_of_the_group_selected() {
    let mut state = busy(120, 40);
    press(&mut state, "bbg-");
    let Some(RowId::Group(group)) = state.selected_row() else {
        panic!("the first row is a group's")
    };
    let best = state.view().row_model.group(group).unwrap().first_member;
    press(&mut state, "b+");
    assert_eq!(state.selected(), Some(best));
    press(&mut state, "-t");
    assert_eq!(state.selected(), Some(best));
}

#[test]
fn task_actions_are_rejected_on_a_group() {
    let mut state = busy(120, 40);
    press(&mut state, "bg");
    for keys in ["c", "x", "*", "y", "Y"] {
        assert_eq!(press(&mut state, keys), [], "{keys}");
        assert!(state.popup.is_none(), "{keys}");
        let notification = state.notifications.shown(now()).unwrap();
        assert!(notification.text.contains("group"), "{keys}");
    }
    press(&mut state, "23456zz");
    draw(&mut state);
}

#[test]
fn export_skips_groups() {
    let mut state = busy(120, 40);
    press(&mut state, "bbb+");
    let effects = press(&mut state, "w<enter>");
    let Some(Effect::WriteFile { text, what, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    let lines = text.lines().count();
    assert_eq!(lines - 1, state.view().store.len());
    assert_eq!(*what, format!("{} tasks", state.view().store.len()));
}

#[test]
fn escape_from_the_filter_selects_the_group_again() {
    let mut state = busy(120, 40);
    press(&mut state, "b");
    let group = RowId::Group(group_of(&state, "task-4712"));
    state.view_mut().selection.select(group);
    state.sync_selection();
    press(&mut state, "/-4712 -4711 -4713");
    assert_ne!(state.selected_row(), Some(group));
    press(&mut state, "<esc>");
    assert_eq!(state.selected_row(), Some(group));
}
