//! Copying and exporting.

use super::*;
use crate::app::test_support::{choose, rows};

#[test]
fn copy_menu_copies_the_selected_item() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4740");
    press(&mut state, "3y");
    assert!(matches!(state.popup, Some(Popup::CopyMenu { chosen: 1 })));
    let [Effect::Copy(text)] = &press(&mut state, "<enter>")[..] else {
        panic!("nothing was copied");
    };
    assert!(text.starts_with("InsufficientHostCpuCapacityFault: "));
    press(&mut state, "y");
    let copied = press(&mut state, "<down><down><down><down><enter>");
    let [Effect::Copy(text)] = &copied[..] else {
        panic!("{copied:?}");
    };
    assert!(text.starts_with("curl ") && text.contains("/Task/task-4740/info'"));
    assert!(text.contains("$VTASK_SESSION"));
}

#[test]
fn unavailable_items_are_not_copied() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4711");
    assert_eq!(press(&mut state, "y<down><enter>"), []);
    let said = state.notifications.iter().next().unwrap();
    assert!(said.text.contains("Not available"), "{}", said.text);
}

#[test]
fn exports_rows_as_filtered_and_sorted() {
    let mut state = busy(80, 24);
    press(&mut state, "t/db<enter>w");
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        panic!("no question for a name");
    };
    let name = prompt.input.text();
    assert!(
        name.starts_with("vtask-") && name.contains(".csv"),
        "{name}"
    );
    let saved = press(&mut state, "<enter>");
    let [Effect::WriteFile { text, what, .. }] = &saved[..] else {
        panic!("{saved:?}");
    };
    let shown = rows(&state);
    assert_eq!(what, &format!("{} tasks", shown.len()));
    let ids = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap());
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.len(), shown.len());
    for (id, row) in ids.iter().zip(&shown) {
        assert!(row.contains(id), "{id} for {row}");
    }
}

#[test]
fn unknown_file_extension_is_rejected() {
    let mut state = busy(80, 24);
    press(&mut state, "w");
    control(&mut state, 'u');
    assert_eq!(press(&mut state, "x.txt<enter>"), []);
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        panic!("the line is gone");
    };
    assert!(prompt.error.as_deref().unwrap().contains(".csv"));
    control(&mut state, 'u');
    let saved = press(&mut state, "x.md<enter>");
    assert!(matches!(&saved[..], [Effect::WriteFile { path, .. }] if path == "x.md"));
}
