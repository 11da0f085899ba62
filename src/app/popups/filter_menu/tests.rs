use crate::{
    app::{FilterMenuEntries, test_support::*},
    task::{Filter, Saved},
};

/// Returns a state with a filter from the config file.
fn screen() -> Screen {
    let mut state = busy(80, 24);
    let saved = &mut state.options.saved_filters;
    saved.insert("mine".into(), "user:kim".into());
    state
}

fn problem(state: &Screen) -> String {
    match &state.popup {
        Some(Popup::Prompt(prompt)) => prompt.error.clone().unwrap(),
        _ => panic!("nothing is typed"),
    }
}

fn message(state: &Screen) -> &str {
    &state.notifications.shown(now()).unwrap().text
}

#[test]
fn selects_a_named_filter_or_none() {
    let mut state = screen();
    let all = rows(&state).len();
    press(&mut state, "f");
    assert_eq!(state.context(), Context::Filters);
    press(&mut state, "<end><enter>");
    assert_eq!(state.view().row_model.view().filter.text(), "@mine");
    assert_eq!(rows(&state), ["task-4721"]);
    press(&mut state, "f<home><enter>");
    assert_eq!(rows(&state).len(), all);
}

#[test]
fn ready_filters_are_there_from_the_first_run() {
    let mut state = busy(80, 24);
    let count = FilterMenuEntries::entries(&state).len();
    assert!(count >= 7, "{count}");
    let texts = FilterMenuEntries::entries(&state).into_iter();
    let texts: Vec<String> = texts.map(|entry| entry.filter()).collect();
    for (index, text) in texts.iter().enumerate() {
        Filter::parse(text, &Saved::new()).unwrap();
        press(&mut state, "f<home>");
        press(&mut state, &"<down>".repeat(index));
        press(&mut state, "<enter>");
        let applied = state.view().row_model.view().filter.text().to_owned();
        assert!(applied == *text || applied.starts_with("state:finished ended<"));
    }
    press(&mut state, "f<home><down><enter>");
    let active = rows(&state);
    assert!(active.contains(&"task-4711".to_owned()) && !active.is_empty());
}

#[test]
fn saves_and_deletes_the_current_filter() {
    let mut state = screen();
    press(&mut state, "fs");
    assert!(message(&state).contains("No filter"), "{}", message(&state));
    press(&mut state, "<esc>/web<enter>fs");
    let kept = press(&mut state, "@wild<enter>");
    let keep = |filter: Option<&str>| Effect::SaveNamedFilter {
        name: "wild".to_owned(),
        filter: filter.map(str::to_owned),
    };
    assert_eq!(kept, [keep(Some("web"))]);
    assert!(message(&state).contains("Saved as @wild: web"));
    assert_eq!(state.options.user_filters["wild"], "web");
    press(&mut state, "<esc>f<end><enter>");
    assert_eq!(rows(&state), ["task-4740"]);
    assert_eq!(press(&mut state, "fx"), [keep(None)]);
    assert!(!state.options.saved_filters.contains_key("wild"));
    assert_eq!(rows(&state), ["task-4740"], "what is in force stays so");
    press(&mut state, "x");
    assert!(
        message(&state).contains("config file"),
        "{}",
        message(&state)
    );
    assert!(state.options.saved_filters.contains_key("mine"));
}

#[test]
fn invalid_names_can_be_corrected() {
    let mut state = screen();
    press(&mut state, "/web<enter>fs<enter>");
    assert!(problem(&state).contains("Enter a name"));
    press(&mut state, "a b<enter>");
    assert!(problem(&state).contains("must not contain spaces"));
    control(&mut state, 'u');
    press(&mut state, "mine<enter>");
    assert!(problem(&state).contains("config file already has a filter @mine"));
    press(&mut state, "2<enter>");
    assert!(state.popup.is_none());
    // A filter must not refer to itself.
    press(&mut state, "f<end><enter>fsmine2<enter>");
    assert!(!problem(&state).is_empty());
    assert_eq!(state.options.user_filters["mine2"], "web");
}
