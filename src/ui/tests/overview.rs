//! The Overview tab uses its space for what the other tabs hold.

use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    draw_text,
    panels::{labelled, press},
};
use crate::{
    app::{
        Screen,
        test_support::{apply_update, choose, now},
    },
    vim::types::TaskEvent,
    watch::Update,
};

/// Adds events of a task, one a minute until now.
fn add_events(state: &mut Screen, mo_id: &str, count: i64) {
    let events = (0..count).rev().map(|minutes| {
        let created = now() - SignedDuration::from_mins(minutes);
        let event = json!({"_typeName": "TaskEvent", "key": minutes, "chainId": 7,
            "createdTime": created.to_string(), "userName": "ops",
            "fullFormattedMessage": format!("Step {} of the migration of db-prod-01 was completed", count - minutes)});
        TaskEvent::from_json(event)
    });
    let update = Update::Events {
        mo_id: mo_id.into(),
        events: Ok(events.collect()),
    };
    apply_update(state, update);
}

/// Returns the share of the halves of the lines of the details that are empty.
fn empty_share(state: &Screen) -> f64 {
    let text = draw_text(state);
    let area = state.layout().details;
    let lines = text.lines().skip(usize::from(area.y));
    let halves = lines.take(usize::from(area.height)).flat_map(|line| {
        let characters: Vec<char> = line.chars().collect();
        let middle = usize::from(area.width) / 2;
        let (left, right) = characters.split_at(middle.min(characters.len()));
        [left.to_vec(), right.to_vec()]
    });
    let halves: Vec<bool> = halves
        .map(|half| half.iter().all(|character| " │┃".contains(*character)))
        .collect();
    let empty = halves.iter().filter(|is_empty| **is_empty).count();
    f64::from(u32::try_from(empty).unwrap()) / f64::from(u32::try_from(halves.len()).unwrap())
}

#[test]
fn overview_is_filled_while_other_tabs_hold_information() {
    for (task, events) in [("task-4720", 40), ("task-4711", 40), ("task-4742", 40)] {
        for keys in ["1", "1z"] {
            let mut state = labelled(120, 40);
            choose(&mut state, task);
            add_events(&mut state, task, events);
            press(&mut state, keys);
            let share = empty_share(&state);
            let text = draw_text(&state);
            assert!(share <= 1.0 / 3.0, "{task} {keys}: {share}\n{text}");
        }
    }
}

#[test]
fn overview_with_events() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let mut state = labelled(width, height);
        choose(&mut state, "task-4711");
        add_events(&mut state, "task-4711", 12);
        press(&mut state, "1z");
        let name = format!("overview_events_{width}x{height}");
        assert_snapshot!(name, draw_text(&state));
    }
}
