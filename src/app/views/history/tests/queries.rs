//! Typed queries, and the searches that they start.

use super::*;

#[test]
fn query_filters_while_typed_and_searches_on_enter() {
    let mut state = empty(120, 40);
    press(&mut state, "H");
    page(&mut state, 900, 100);
    let effects = press(&mut state, "/ state:failed");
    assert_eq!(begins(&effects), 0);
    assert_eq!(rows(&state).len(), 25, "every fourth");
    press(&mut state, "<esc>");
    assert_eq!(rows(&state).len(), 100);
    let effects = press(&mut state, "/ state:failed<enter>");
    assert_eq!(query(&effects).states, [TaskState::Error]);
    assert!(rows(&state).is_empty());
    page(&mut state, 900, 100);
    assert_eq!(rows(&state).len(), 25);
    let effects = press(&mut state, "/ op:clone<enter>");
    assert_eq!(
        begins(&effects),
        0,
        "what concerns the server stays as it is"
    );
    let line = state.views.history().unwrap().query_text();
    assert_eq!(line, "since:24h state:failed op:clone");
    let effects = press(&mut state, "/ until:1h<enter>");
    assert_eq!(
        query(&effects).until,
        Some(now() - SignedDuration::from_hours(1))
    );
    press(&mut state, "/ since:1m until:2m<enter>");
    assert!(matches!(&state.popup, Some(Popup::Prompt(prompt)) if prompt.error.is_some()));
    press(&mut state, "<esc>");
    press(&mut state, "/ since:soon<enter>");
    assert!(matches!(&state.popup, Some(Popup::Prompt(prompt)) if prompt.error.is_some()));
    press(&mut state, "<esc>H");
    let effects = press(&mut state, "H");
    assert_eq!(
        query(&effects).states,
        [TaskState::Error],
        "it is remembered"
    );
}

#[test]
fn completes_times_in_the_history_view_only() {
    let mut state = empty(120, 40);
    press(&mut state, "H/");
    control(&mut state, 'u');
    let effects = press(&mut state, "si<tab>yes<tab><enter>");
    assert_eq!(
        state.views.history().unwrap().query_text(),
        "since:yesterday"
    );
    assert!(query(&effects).since.is_some());
    press(&mut state, "H/si<tab>");
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        panic!("{:?}", state.popup);
    };
    assert_eq!(prompt.input.text(), "si");
}
