use super::press;
use crate::{
    app::{
        Effect, Event, Overlay, State,
        fixture::{HERE, busy, now, rows},
        update,
    },
    watch::Command,
};

fn problem(state: &State) -> Option<String> {
    match &state.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.problem.clone(),
        _ => None,
    }
}

#[test]
fn a_filter_works_while_it_is_typed() {
    let mut state = busy(80, 24);
    let all = rows(&state).len();
    press(&mut state, "/web");
    assert_eq!(rows(&state), ["task-4740"]);
    press(&mut state, "<esc>");
    assert_eq!(rows(&state).len(), all);
    press(&mut state, "/web<enter>");
    assert_eq!(rows(&state), ["task-4740"]);
    press(&mut state, "/x<esc>");
    assert_eq!(state.outline.view().filter.text(), "web");
}

#[test]
fn the_letters_of_a_filter_are_no_commands() {
    let mut state = busy(80, 24);
    assert_eq!(press(&mut state, "/qxcp?"), []);
    assert_eq!(state.outline.view().filter.text(), "qxcp?");
}

#[test]
fn further_tasks_are_named_in_any_form() {
    let mut state = busy(80, 24);
    let typed = "atask-1, Task:task-2 https://vc01/sdk/vim25/9.0.0.0/Task/task-3/info<enter>";
    let names = ["task-1", "task-2", "task-3"].map(Into::into).to_vec();
    assert_eq!(
        press(&mut state, typed),
        [Effect::Send(HERE, Command::Watch(names))]
    );
    assert!(state.overlay.is_none());
}

#[test]
fn what_names_no_task_is_told_and_can_be_mended() {
    let mut state = busy(80, 24);
    assert_eq!(press(&mut state, "atask-1 a/b<enter>"), []);
    assert!(problem(&state).unwrap().contains("“a/b” names no task"));
    press(&mut state, "<left>");
    assert_eq!(problem(&state), None);
    assert_eq!(press(&mut state, "<esc>"), []);
    assert!(state.overlay.is_none());
    assert_eq!(
        press(&mut state, "a <enter>"),
        [],
        "nothing named, nothing done"
    );
}

#[test]
fn a_paste_goes_into_the_line_and_nowhere_else() {
    let mut state = busy(80, 24);
    update(&mut state, Event::Paste("q\nq".into()), now());
    assert!(state.overlay.is_none());
    press(&mut state, "a");
    update(&mut state, Event::Paste("task-8\ntask-9\n".into()), now());
    let names = ["task-8", "task-9"].map(Into::into).to_vec();
    assert_eq!(
        press(&mut state, "<enter>"),
        [Effect::Send(HERE, Command::Watch(names))]
    );
}
