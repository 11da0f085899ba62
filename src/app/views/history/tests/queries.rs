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

#[test]
fn deleted_saved_filter_does_not_widen_the_period() {
    let mut state = busy(120, 40);
    let saved = &mut state.options.saved_filters;
    saved.insert("mine".to_owned(), "op:clone".to_owned());
    press(&mut state, "H/");
    control(&mut state, 'u');
    press(&mut state, "since:2h @mine<enter>");
    state.options.saved_filters.clear();
    let hours_ago = |hours| Some(now() - SignedDuration::from_hours(hours));
    assert_eq!(query(&press(&mut state, "r")).since, hours_ago(2));
    assert_eq!(state.views.history().unwrap().filter().text(), "@mine");
    press(&mut state, "<esc>");
    assert_eq!(query(&press(&mut state, "H")).since, hours_ago(24));
    assert!(state.views.history().unwrap().filter().is_empty());
    assert_eq!(state.last_query.line, "since:24h");
    let text = &state.notifications.shown(now()).unwrap().text;
    assert!(
        text.starts_with("“since:2h @mine” is no longer valid"),
        "{text}"
    );
}
