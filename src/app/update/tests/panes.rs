use crossterm::event::{MouseButton, MouseEventKind};
use ratatui::layout::Rect;

use crate::app::{Notifications, Side, test_support::*};

/// Returns the arrangement of the panes.
fn arrangement(state: &Screen) -> &'static str {
    let areas = state.layout();
    match (areas.list.is_empty(), areas.details.is_empty()) {
        (false, true) => "list",
        (true, false) => "details",
        (true, true) => "nothing",
        (false, false) if state.pane_layout.side(areas.body) == Side::Right => "beside",
        (false, false) => "below",
    }
}

fn all_arrangements(state: &mut Screen) -> Vec<&'static str> {
    let mut arrangements = vec![arrangement(state)];
    for _ in 0..4 {
        press(state, "v");
        arrangements.push(arrangement(state));
    }
    arrangements
}

#[test]
fn key_cycles_through_pane_arrangements() {
    let mut wide = busy(120, 40);
    let all = ["below", "beside", "details", "list", "below"];
    assert_eq!(all_arrangements(&mut wide), all);
    assert_eq!(wide.pane_mode, PaneMode::Both(Focus::List));
    assert!(wide.notifications.shown(now()).is_none());
    let mut widest = busy(240, 40);
    let all = ["beside", "details", "list", "below", "beside"];
    assert_eq!(all_arrangements(&mut widest), all);
}

#[test]
fn arrangements_without_space_are_skipped_with_a_notification() {
    let mut narrow = busy(80, 24);
    press(&mut narrow, "v");
    assert_eq!(arrangement(&narrow), "details");
    let message = &narrow.notifications.shown(now()).unwrap().text;
    assert_eq!(
        message,
        "Details beside the list need 100 columns; the screen has 80"
    );
    let mut low = busy(60, 9);
    assert_eq!(
        all_arrangements(&mut low),
        ["list", "details", "list", "details", "list"]
    );
    let mut flat = busy(120, 9);
    assert_eq!(
        all_arrangements(&mut flat),
        ["beside", "details", "list", "beside", "details"]
    );
}

#[test]
fn resizing_explains_why_details_moved_below() {
    let mut state = busy(120, 40);
    press(&mut state, "v");
    let to = |width| Event::Resize { width, height: 30 };
    update(&mut state, to(90), now());
    assert_eq!(arrangement(&state), "below");
    let message = |state: &Screen| {
        state
            .notifications
            .shown(now())
            .map(|notification| notification.text.clone())
    };
    assert!(message(&state).unwrap().contains("the screen has 90"));
    state.notifications = Notifications::default();
    update(&mut state, to(85), now());
    assert_eq!(message(&state), None, "once is enough");
    update(&mut state, to(130), now());
    assert_eq!(arrangement(&state), "beside");
    // The same applies at startup.
    let mut first = connecting(0, 0);
    first.pane_layout = state.pane_layout.clone();
    update(&mut first, to(80), now());
    assert!(message(&first).unwrap().contains("the screen has 80"));
}

#[test]
fn keys_move_the_border() {
    let details = |state: &Screen| state.layout().details;
    for (mut state, size) in [
        (busy(120, 40), (|area: Rect| area.height) as fn(Rect) -> u16),
        (busy(240, 40), |area| area.width),
    ] {
        let before = size(details(&state));
        press(&mut state, "{");
        let larger = size(details(&state));
        press(&mut state, "}}");
        let smaller = size(details(&state));
        assert!(smaller < before && before < larger);
        press(&mut state, "d{d");
        assert_eq!(
            size(details(&state)),
            smaller,
            "nothing to move in the list alone"
        );
    }
}

#[test]
fn mouse_drags_the_border() {
    let left = MouseButton::Left;
    for (mut state, to) in [(busy(120, 40), (50, 12)), (busy(240, 40), (90, 30))] {
        assert!(
            mouse(&mut state, MouseEventKind::Drag(left), to.0, to.1).is_empty(),
            "nothing is held"
        );
        click(&mut state, ClickTarget::Border);
        mouse(&mut state, MouseEventKind::Drag(left), to.0, to.1);
        let border = state.layout().border;
        assert!(border.contains(to.into()), "{border:?}");
        mouse(&mut state, MouseEventKind::Up(left), to.0, to.1);
        mouse(&mut state, MouseEventKind::Drag(left), 70, 20);
        assert_eq!(state.layout().border, border, "let go");
        draw(&mut state);
        assert!(!state.pane_layout.is_dragged);
    }
}

#[test]
fn click_targets_match_the_layout() {
    let mut state = busy(240, 40);
    draw(&mut state);
    let areas = state.layout();
    for (area, target) in &state.frame.targets {
        match target {
            ClickTarget::Row(_) | ClickTarget::Column(_) => assert!(area.right() <= areas.border.x),
            ClickTarget::Details | ClickTarget::Tab(_) => assert!(area.x > areas.border.x),
            _ => {}
        }
    }
    click(&mut state, ClickTarget::Details);
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::Details));
}
