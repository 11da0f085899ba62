use crate::app::{Prompt, PromptKind, test_support::*};

fn problem(state: &Screen) -> Option<String> {
    match &state.popup {
        Some(Popup::Prompt(prompt)) => prompt.error.clone(),
        _ => None,
    }
}

#[test]
fn filter_applies_while_typed() {
    let mut state = busy(80, 24);
    let all = rows(&state).len();
    press(&mut state, "/web");
    assert_eq!(rows(&state), ["task-4740"]);
    press(&mut state, "<esc>");
    assert_eq!(rows(&state).len(), all);
    assert_eq!(selected(&state), "task-4711", "where one was");
    press(&mut state, "/web<enter>");
    assert_eq!(rows(&state), ["task-4740"]);
    press(&mut state, "/x<esc>");
    assert_eq!(state.view().row_model.view().filter.text(), "web");
}

#[test]
fn erased_filter_keeps_the_selection() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4721");
    press(&mut state, "/web");
    control(&mut state, 'u');
    press(&mut state, "<enter>");
    assert_eq!(selected(&state), "task-4721");
}

/// Returns the current text.
fn typed(state: &Screen) -> String {
    match &state.popup {
        Some(Popup::Prompt(prompt)) => prompt.input.text(),
        _ => panic!("nothing is typed"),
    }
}

fn error_span(state: &Screen) -> Option<(usize, usize)> {
    match &state.popup {
        Some(Popup::Prompt(Prompt {
            kind: PromptKind::Filter(typing),
            ..
        })) => typing.error_span,
        _ => panic!("no filter is typed"),
    }
}

#[test]
fn invalid_filter_keeps_the_last_valid_one_and_marks_the_error() {
    let mut state = busy(80, 24);
    press(&mut state, "/web stat:");
    assert!(problem(&state).unwrap().contains("did you mean “state”?"));
    assert_eq!(error_span(&state), Some((4, 4)));
    assert_eq!(state.view().row_model.view().filter.text(), "web");
    press(&mut state, "<enter>");
    assert_eq!(typed(&state), "web stat:", "it stays to be mended");
    press(&mut state, "<esc>");
    assert!(
        state.view().row_model.view().filter.is_empty(),
        "as it was before"
    );
}

fn example(state: &Screen) -> Option<&str> {
    match &state.popup {
        Some(Popup::Prompt(Prompt {
            kind: PromptKind::Filter(typing),
            ..
        })) => typing.example.as_deref(),
        _ => None,
    }
}

#[test]
fn list_is_not_empty_while_a_condition_is_typed() {
    let mut state = busy(80, 24);
    let all = rows(&state).len();
    press(&mut state, "/elapsed");
    assert_eq!(rows(&state).len(), all);
    assert_eq!(example(&state), Some("elapsed>1h"));
    for key in [" ", ">", " ", "1"] {
        press(&mut state, key);
        assert_eq!(rows(&state).len(), all, "{key}");
    }
    press(&mut state, "h");
    assert_eq!(rows(&state), ["task-4711"]);
    assert_eq!(example(&state), None);
    control(&mut state, 'u');
    press(&mut state, "db-prod clust");
    assert_eq!(rows(&state), ["task-4711", "task-4712", "task-4713"]);
    assert_eq!(example(&state), Some("cluster:text"));
    press(&mut state, "<enter>");
    assert_eq!(rows(&state), [""; 0], "the text as it is, on Enter");
    let filter = state.view().row_model.view().filter.text();
    assert_eq!(filter, "db-prod clust");
}

#[test]
fn word_of_tasks_is_searched_even_if_it_names_a_field() {
    let mut state = busy(80, 24);
    press(&mut state, "/host");
    assert_eq!(example(&state), None);
    assert!(!rows(&state).is_empty());
    assert_eq!(state.view().row_model.view().filter.text(), "host");
}

#[test]
fn another_word_is_typed_after_a_space() {
    let mut state = busy(80, 24);
    press(&mut state, "/db-prod<enter>/");
    assert_eq!(typed(&state), "db-prod ");
    press(&mut state, "state:running<enter>");
    let filter = state.view().row_model.view().filter.text().to_owned();
    assert_eq!(filter, "db-prod state:running");
    press(&mut state, "/<enter>");
    assert_eq!(state.view().row_model.view().filter.text(), filter);
}

#[test]
fn tab_completes_fields_and_values() {
    let mut state = busy(80, 24);
    press(&mut state, "/targ<tab>");
    assert_eq!(typed(&state), "target:");
    press(&mut state, "db<tab>");
    assert_eq!(typed(&state), "target:db-prod-01");
    assert_eq!(rows(&state), ["task-4711", "task-4712", "task-4713"]);
    press(&mut state, " e<tab>");
    let first = typed(&state);
    assert_eq!(first, "target:db-prod-01 error:", "the first of several");
    press(&mut state, "<tab>");
    assert_ne!(typed(&state), first);
    press(&mut state, "<backtab>");
    assert_eq!(typed(&state), first);
    control(&mut state, 'u');
    press(&mut state, "target:db-prod-01 el<tab>");
    assert_eq!(typed(&state), "target:db-prod-01 elapsed>", "the only one");
    press(&mut state, "1h");
    assert_eq!(rows(&state), ["task-4711"]);
    press(&mut state, " zzz:<tab>");
    assert_eq!(
        typed(&state),
        "target:db-prod-01 elapsed>1h zzz:",
        "nothing known"
    );
    let mut state = busy(80, 24);
    state
        .options
        .saved_filters
        .insert("mine".into(), "user:kim".into());
    press(&mut state, "/@m<tab>");
    assert_eq!(typed(&state), "@mine");
    assert_eq!(rows(&state), ["task-4721"]);
}

#[test]
fn history_recall_keeps_the_current_text() {
    let mut state = busy(80, 24);
    let remembered = |effects: Vec<Effect>| {
        let mut effects = effects.into_iter();
        effects.find_map(|effect| match effect {
            Effect::SaveFilterHistory(filter) => Some(filter),
            _ => None,
        })
    };
    for filter in ["web", "state:failed"] {
        press(&mut state, "/");
        control(&mut state, 'u');
        let effects = press(&mut state, &format!("{filter}<enter>"));
        assert_eq!(remembered(effects).as_deref(), Some(filter));
    }
    press(&mut state, "/");
    control(&mut state, 'u');
    press(&mut state, "ki<up>");
    assert_eq!(typed(&state), "state:failed");
    assert_eq!(rows(&state), ["task-4740"], "it counts at once");
    press(&mut state, "<up><up><up>");
    assert_eq!(typed(&state), "web", "no further");
    press(&mut state, "<down><down>");
    assert_eq!(typed(&state), "ki");
    press(&mut state, "<down>");
    assert_eq!(typed(&state), "ki");
    press(&mut state, "<up>");
    press(&mut state, "x<down>");
    assert_eq!(
        typed(&state),
        "state:failedx",
        "what was changed by hand is what is typed now"
    );
}

#[test]
fn typed_letters_do_not_trigger_actions() {
    let mut state = busy(80, 24);
    assert_eq!(press(&mut state, "/qxcp?"), []);
    assert_eq!(state.view().row_model.view().filter.text(), "qxcp?");
}

#[test]
fn tasks_can_be_added_in_any_form() {
    let mut state = busy(80, 24);
    let typed = "atask-1, Task:task-2 https://vc01/sdk/vim25/9.0.0.0/Task/task-3/info<enter>";
    let names = ["task-1", "task-2", "task-3"].map(Into::into).to_vec();
    assert_eq!(
        press(&mut state, typed),
        [Effect::Send(HERE, Command::Watch(names))]
    );
    assert!(state.popup.is_none());
}

#[test]
fn invalid_task_references_are_reported() {
    let mut state = busy(80, 24);
    assert_eq!(press(&mut state, "atask-1 a/b<enter>"), []);
    assert!(problem(&state).unwrap().contains("“a/b” is not a task ID"));
    press(&mut state, "<left>");
    assert_eq!(problem(&state), None);
    assert_eq!(press(&mut state, "<esc>"), []);
    assert!(state.popup.is_none());
    assert_eq!(
        press(&mut state, "a <enter>"),
        [],
        "nothing named, nothing done"
    );
}

#[test]
fn paste_inserts_text_only_into_prompts() {
    let mut state = busy(80, 24);
    update(&mut state, Event::Paste("q\nq".into()), now());
    assert!(state.popup.is_none());
    press(&mut state, "a");
    update(&mut state, Event::Paste("task-8\ntask-9\n".into()), now());
    let names = ["task-8", "task-9"].map(Into::into).to_vec();
    assert_eq!(
        press(&mut state, "<enter>"),
        [Effect::Send(HERE, Command::Watch(names))]
    );
}
