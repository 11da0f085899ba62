use crate::app::test_support::*;

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
fn exports_marked_tasks_only_also_if_filtered_out() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4740");
    press(&mut state, "m");
    choose(&mut state, "task-4720");
    press(&mut state, "m/db<enter>w");
    let saved = press(&mut state, "<enter>");
    let [Effect::WriteFile { text, what, .. }] = &saved[..] else {
        panic!("{saved:?}");
    };
    assert_eq!(what, "2 tasks");
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("task-4740") && text.contains("task-4720"));
    press(&mut state, "mM<esc>MMw");
    let saved = press(&mut state, "<enter>");
    let [Effect::WriteFile { what, .. }] = &saved[..] else {
        panic!("{saved:?}");
    };
    assert_eq!(what, &format!("{} tasks", rows(&state).len()));
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
