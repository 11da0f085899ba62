use crossterm::event::{KeyModifiers, MouseButton, MouseEventKind};

use crate::{
    app::test_support::*,
    task::{Status, row_model::SortColumn},
};

#[test]
fn click_selects_and_click_on_the_marker_folds() {
    let mut state = busy(120, 40);
    let child = find(&state, "task-4712");
    click(&mut state, ClickTarget::Row(child.into()));
    assert_eq!(selected(&state), "task-4712");
    let head = find(&state, "task-4711");
    click(&mut state, ClickTarget::FoldMark(head.into()));
    assert!(!rows(&state).contains(&"task-4712".to_owned()));
}

#[test]
fn click_on_a_header_sorts_and_reverses() {
    let mut state = busy(120, 40);
    let target = ClickTarget::Column(SortColumn::Target);
    click(&mut state, target);
    assert_eq!(sort(&state), "target");
    click(&mut state, target);
    assert_eq!(sort(&state), "-target");
}

fn sort(state: &Screen) -> String {
    state.view().row_model.view().sort.to_string()
}

#[test]
fn click_with_a_modifier_adds_a_sort_key() {
    let mut state = busy(120, 40);
    let further = |state: &mut Screen, column| {
        let position = place_of(state, ClickTarget::Column(column));
        let left = MouseEventKind::Down(MouseButton::Left);
        mouse_with(state, left, position, KeyModifiers::CONTROL);
    };
    further(&mut state, SortColumn::StartedBy);
    further(&mut state, SortColumn::Elapsed);
    assert_eq!(sort(&state), "started-by,-elapsed");
    further(&mut state, SortColumn::Elapsed);
    assert_eq!(sort(&state), "started-by,elapsed");
    further(&mut state, SortColumn::Elapsed);
    assert_eq!(sort(&state), "started-by");
    further(&mut state, SortColumn::Target);
    click(&mut state, ClickTarget::Column(SortColumn::Target));
    assert_eq!(sort(&state), "target", "a plain click means it alone");
}

#[test]
fn tabs_details_and_key_hints_are_clickable() {
    let mut state = busy(120, 40);
    click(&mut state, ClickTarget::Tab(Tab::Json));
    assert_eq!(state.tab, Tab::Json);
    click(&mut state, ClickTarget::Details);
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::Details));
    let effects = click(&mut state, ClickTarget::Action(crate::app::Action::Quit));
    assert!(matches!(effects[0], Effect::Quit(_)));
}

#[test]
fn wheel_scrolls_the_pane_under_the_pointer() {
    let mut state = busy(80, 24);
    draw(&mut state);
    let before = state.view().selection.row();
    mouse(&mut state, MouseEventKind::ScrollDown, 5, 4);
    assert_eq!(state.view().selection.row(), before + 1);
    press(&mut state, "6");
    draw(&mut state);
    mouse(&mut state, MouseEventKind::ScrollDown, 5, 20);
    assert_eq!(state.view().details.top, 3);
}

#[test]
fn popups_block_clicks_on_what_is_below() {
    let mut state = busy(120, 40);
    press(&mut state, "c");
    draw(&mut state);
    let below = |target: &ClickTarget| matches!(target, ClickTarget::Row(_) | ClickTarget::Tab(_));
    assert!(!state.frame.targets.iter().any(|(_, target)| below(target)));
}

#[test]
fn mouse_moves_do_not_redraw() {
    let mut state = busy(80, 24);
    assert_eq!(mouse(&mut state, MouseEventKind::Moved, 5, 5), []);
}

#[test]
fn click_on_a_count_shows_only_those_tasks_and_again_all() {
    let mut state = busy(120, 40);
    let all = rows(&state).len();
    click(&mut state, ClickTarget::Count(Status::Failed));
    assert_eq!(state.view().row_model.view().filter.text(), "state:failed");
    let shown = rows(&state);
    assert!(!shown.is_empty() && shown.len() < all, "{shown:?}");
    click(&mut state, ClickTarget::Count(Status::Failed));
    assert_eq!(rows(&state).len(), all);
}

#[test]
fn click_on_a_count_does_not_change_a_filter_that_is_typed() {
    let mut state = busy(120, 40);
    press(&mut state, "/web");
    click(&mut state, ClickTarget::Count(Status::Failed));
    assert_eq!(state.view().row_model.view().filter.text(), "web");
}

#[test]
fn keys_toggle_the_counts_and_return_to_the_filter_of_before() {
    let mut state = busy(120, 40);
    let all = rows(&state).len();
    for (key, filter) in [
        ("R", "state:running"),
        ("W", "state:queued"),
        ("E", "state:failed"),
        ("X", "state:cancelled"),
        ("D", "state:success"),
        ("L", "state:lost"),
    ] {
        press(&mut state, key);
        assert_eq!(state.view().row_model.view().filter.text(), filter);
    }
    press(&mut state, "L");
    assert_eq!(rows(&state).len(), all);
    press(&mut state, "/db-prod<enter>ERR");
    assert_eq!(state.view().row_model.view().filter.text(), "db-prod");
}
