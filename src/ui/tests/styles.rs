use ratatui::{
    buffer::Buffer,
    style::{Modifier, Style},
};
use serde_json::json;

use super::draw_buffer;
use crate::{
    app::{
        ColorDepth, Screen,
        test_support::{apply_update, busy, choose, empty, find, task, tasks},
    },
    task::fixture::at,
    ui::{Appearance, Role},
    watch::{ConnectionState, Update},
};

fn style(state: &Screen, role: Role) -> Style {
    Appearance::new(&state.options).style(role)
}

/// Returns the position of a text on the screen.
fn position(buffer: &Buffer, text: &str) -> (u16, u16) {
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let rest = (x..buffer.area.width).map(|x| buffer[(x, y)].symbol());
            if rest.collect::<String>().starts_with(text) {
                return (x, y);
            }
        }
    }
    panic!("“{text}” is not on the screen");
}

#[test]
fn selection_covers_the_whole_row() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4740");
    let buffer = draw_buffer(&state);
    let (_, y) = position(&buffer, "✗ Power on");
    let selected = style(&state, Role::Selected).bg.unwrap();
    let text = style(&state, Role::Selected).fg.unwrap();
    assert_eq!(
        buffer[(6, y)].fg,
        text,
        "what has no color of its own is readable on any terminal"
    );
    for x in [0, 60, 119] {
        assert_eq!(buffer[(x, y)].bg, selected, "at {x}");
    }
    assert_ne!(buffer[(0, y - 1)].bg, selected);
}

#[test]
fn outcome_colors() {
    let state = busy(120, 40);
    let buffer = draw_buffer(&state);
    for (text, role) in [
        ("failed 95% 2m ago", Role::Failed),
        ("cancelled 6m ago", Role::Cancelled),
        ("expired 2m ago", Role::Lost),
        ("queued", Role::Queued),
        ("cancelling", Role::Cancelled),
        ("● live", Role::Success),
    ] {
        let fg = style(&state, role).fg.unwrap();
        let position = position(&buffer, text);
        // The header contains “queued” as well; there the symbol has the color.
        let position = if text == "queued" {
            (position.0 - 4, position.1)
        } else {
            position
        };
        assert_eq!(buffer[position].fg, fg, "{text}");
    }
}

#[test]
fn insecure_connection_uses_the_alarm_style() {
    let mut state = busy(80, 24);
    let mut facts = state.servers[0].facts.clone().unwrap();
    facts.insecure = true;
    apply_update(&mut state, Update::Server(Box::new(facts)));
    let buffer = draw_buffer(&state);
    let cell = &buffer[position(&buffer, "INSECURE")];
    assert_eq!(Some(cell.bg), style(&state, Role::Alarm).bg);
}

#[test]
fn stale_progress_is_not_shown_as_current() {
    let mut state = empty(120, 24);
    let half = json!({"progress": 50});
    apply_update(&mut state, tasks(vec![task("task-1", &half)]));
    let gauge = |state: &Screen| {
        let buffer = draw_buffer(state);
        buffer[position(&buffer, "━")].fg
    };
    assert_eq!(Some(gauge(&state)), style(&state, Role::Gauge).fg);
    let lost = ConnectionState::Retrying {
        attempt: 1,
        next: at(3730),
        reason: "refused".into(),
    };
    apply_update(&mut state, Update::Connection(lost));
    assert_eq!(Some(gauge(&state)), style(&state, Role::Stale).fg);
    let buffer = draw_buffer(&state);
    let warning = style(&state, Role::Warning).fg.unwrap();
    assert_eq!(buffer[position(&buffer, "⚠ stale")].fg, warning);
}

#[test]
fn derived_progress_has_its_own_style() {
    let mut state = empty(120, 24);
    let child = json!({"progress": 50, "parentTaskKey": "task-1"});
    let all = vec![task("task-1", &json!({})), task("task-2", &child)];
    apply_update(&mut state, tasks(all));
    let buffer = draw_buffer(&state);
    let (_, y) = position(&buffer, "▾ ▶");
    let (x, _) = position(&buffer, "━");
    let derived = style(&state, Role::GaugeDerived).fg.unwrap();
    assert_eq!(buffer[(x, y)].fg, derived);
    position(&buffer, "≈50%");
}

#[test]
fn mono_selection_is_reversed() {
    let mut state = busy(120, 40);
    state.options.colors = ColorDepth::Mono;
    let selected = find(&state, "task-4721");
    choose(&mut state, "task-4721");
    assert_eq!(state.selected(), Some(selected));
    let buffer = draw_buffer(&state);
    let (_, y) = position(&buffer, "▶ Enter maintenance");
    assert!(buffer[(50, y)].modifier.contains(Modifier::REVERSED));
    for cell in &buffer.content {
        assert_eq!((cell.fg, cell.bg), Default::default());
    }
}
