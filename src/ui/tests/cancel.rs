//! The cancel dialog at every size: the action and the highlighted member stay visible.

use insta::assert_snapshot;
use serde_json::json;

use super::{draw_frame, draw_text};
use crate::{
    app::{
        Popup, Screen,
        test_support::{apply_update, choose, empty, press, task, tasks},
    },
    task::fixture::at,
};

/// Returns a screen with a family of 23, of which every third member can be cancelled.
fn family(width: u16, height: u16) -> Screen {
    let mut state = empty(width, height);
    let mut all = vec![task("root", &json!({"cancelable": false}))];
    for number in 0..22 {
        let parent = if number % 2 == 0 { "root" } else { "child-0" };
        let more = match number % 3 {
            0 => json!({"parentTaskKey": parent, "cancelable": false}),
            1 => json!({"parentTaskKey": parent, "state": "success", "cancelable": true,
                "completeTime": at(3600).to_string()}),
            _ => json!({"parentTaskKey": parent, "cancelable": true}),
        };
        all.push(task(&format!("child-{number}"), &more));
    }
    apply_update(&mut state, tasks(all));
    choose(&mut state, "root");
    state
}

fn highlighted(state: &Screen) -> String {
    match &state.popup {
        Some(Popup::CancelDialog(dialog)) => {
            let record = state.view().store.get(dialog.highlighted).unwrap();
            record.id.mo_id.to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// Returns the line of the pointer.
fn pointed(text: &str) -> &str {
    let mut lines = text.lines();
    lines
        .find(|line| line.contains('›'))
        .unwrap_or_else(|| panic!("no pointer: {text}"))
}

#[test]
fn highlighted_member_and_action_are_visible_at_every_size() {
    for (width, height) in [(20, 5), (24, 6), (40, 12), (60, 16), (80, 24), (120, 40)] {
        let mut state = family(width, height);
        press(&mut state, "c");
        let mut seen = Vec::new();
        for _ in 0..23 {
            draw_frame(&mut state);
            let (text, member) = (draw_text(&state), highlighted(&state));
            let short = &member[..member.len().min(6)];
            assert!(pointed(&text).contains(short), "{member}: {text}");
            let action = ["Cancel task…", "Not cancelable", "Already"];
            assert!(action.iter().any(|action| text.contains(action)), "{text}");
            seen.push(member);
            press(&mut state, "<down>");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 23, "{width}×{height}");
    }
}

#[test]
fn pages_and_ends_of_a_family_are_reached() {
    let mut state = family(40, 12);
    press(&mut state, "c");
    draw_frame(&mut state);
    let page = state.frame.popup_page;
    assert!((2..23).contains(&page), "{page}");
    press(&mut state, "<pgdn>");
    let next = highlighted(&state);
    assert_ne!(next, "root");
    assert!(pointed(&draw_text(&state)).contains(&next));
    press(&mut state, "<end>");
    let last = highlighted(&state);
    assert!(pointed(&draw_text(&state)).contains(&last));
    press(&mut state, "<home>");
    assert_eq!(highlighted(&state), "root");
}

#[test]
fn confirmation_fits_every_size() {
    for (width, height) in [(20, 5), (40, 12), (80, 24)] {
        let mut state = family(width, height);
        choose(&mut state, "child-2");
        press(&mut state, "c<enter>");
        let text = draw_text(&state);
        for part in ["No", "Yes", "child-2"] {
            assert!(text.contains(part), "{width}×{height}: {text}");
        }
    }
}

#[test]
fn finished_and_requested_tasks_are_not_called_cancelable() {
    let mut state = family(80, 24);
    choose(&mut state, "child-1");
    press(&mut state, "c");
    let text = draw_text(&state);
    assert!(text.contains("Already finished."), "{text}");
    assert!(!text.contains("Cancelable         yes"), "{text}");
    let requested = json!({"cancelable": true, "cancelled": true, "parentTaskKey": "root"});
    apply_update(&mut state, tasks(vec![task("child-1", &requested)]));
    let text = draw_text(&state);
    assert!(text.contains("Cancellation requested 20s ago."), "{text}");
    assert!(text.contains("Cancel requested  20s ago"), "{text}");
    assert!(!text.contains("Cancelable         yes"), "{text}");
    assert!(!text.contains("Nothing to cancel"), "{text}");
}

#[test]
fn small_screens() {
    for (width, height) in [(20, 5), (40, 12), (60, 16)] {
        let mut state = family(width, height);
        choose(&mut state, "child-2");
        press(&mut state, "c");
        let name = format!("cancel_{width}x{height}");
        assert_snapshot!(name, draw_text(&state));
        press(&mut state, "<enter>");
        let name = format!("cancel_question_{width}x{height}");
        assert_snapshot!(name, draw_text(&state));
    }
}
