//! Actions of the saved-filter menu: apply, save, delete.

use jiff::Timestamp;

use super::list;
use crate::{
    app::{
        action::Action,
        event::Effect,
        filter_menu::{FilterMenuEntry, entries},
        notifications::Severity,
        saved_filter_file,
        scroll::scrolled,
        state::{AppState, Popup, Prompt, PromptKind},
        text_input::TextInput,
        views::history::update as history,
    },
    task::Filter,
};

const PAGE_ROWS: usize = 10;

/// Opens the menu with the current filter selected.
pub(super) fn open(state: &mut AppState) {
    state.view_mut().pin_selection();
    let now = active_filter(state);
    let entries = entries(state);
    let mut entries = entries.iter();
    let chosen = entries.position(|entry| entry.filter() == now);
    state.popup = Some(Popup::FilterMenu {
        chosen: chosen.unwrap_or_default(),
    });
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let last = entries(state).len() - 1;
    let Some(Popup::FilterMenu { chosen }) = &mut state.popup else {
        return Vec::new();
    };
    *chosen = scrolled(*chosen, action, PAGE_ROWS, last);
    let place = *chosen;
    match action {
        Action::Accept => return choose(state, place, now),
        Action::SaveFilter => open_name_prompt(state, now),
        Action::ForgetFilter => return delete(state, place, now),
        Action::Dismiss => state.popup = None,
        _ => {}
    }
    Vec::new()
}

/// Applies the filter of an entry.
pub(super) fn choose(state: &mut AppState, place: usize, now: Timestamp) -> Vec<Effect> {
    let text = entries(state).get(place).map(FilterMenuEntry::filter);
    state.popup = None;
    let Some(text) = text else {
        return Vec::new();
    };
    if let Some(history) = state.views.history() {
        let line = history.query_text_with(&text);
        return history::accept(state, &line, now);
    }
    match Filter::parse(&text, &state.options.saved_filters) {
        Ok(filter) => list::filter(state, filter, now),
        Err(error) => {
            let text = format!("{text}: {error}");
            state.notifications.push(Severity::Warning, text, now);
        }
    }
    Vec::new()
}

/// Returns the current filter as typed, without the period of the history view.
fn active_filter(state: &AppState) -> String {
    let filter = match state.views.history() {
        Some(history) => history.filter(),
        None => &state.view().row_model.view().filter,
    };
    filter.text().trim().to_owned()
}

/// Opens the prompt for the name of the current filter.
pub(super) fn open_name_prompt(state: &mut AppState, now: Timestamp) {
    if active_filter(state).is_empty() {
        let key = state.keymap.key(crate::app::Context::List, Action::Filter);
        let key = key.map_or_else(String::new, |key| {
            format!(": press {} to enter one", key.label(state.options.ascii))
        });
        let text = format!("No filter to save{key}");
        state.notifications.push(Severity::Info, text, now);
        return;
    }
    state.popup = Some(Popup::Prompt(Prompt {
        kind: PromptKind::FilterName,
        input: TextInput::default(),
        error: None,
    }));
}

/// Saves the current filter under the typed name. The prompt stays open with an error if the name is invalid.
pub(super) fn save(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let filter = active_filter(state);
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return Vec::new();
    };
    let typed = prompt.input.text();
    let name = typed.trim().trim_start_matches('@').to_owned();
    let options = &mut state.options;
    let is_of_config =
        options.saved_filters.contains_key(&name) && !options.user_filters.contains_key(&name);
    let mut saved = options.saved_filters.clone();
    saved.insert(name.clone(), filter.clone());
    let problem = match saved_filter_file::name_problem(&name) {
        Some(problem) => Some(problem.to_owned()),
        None if is_of_config => Some(format!(
            "The config file already has a filter @{name}; choose another name."
        )),
        // Reject a filter that refers to itself.
        None => match Filter::parse(&format!("@{name}"), &saved) {
            Ok(_) => None,
            Err(error) => Some(error.message),
        },
    };
    if problem.is_some() {
        prompt.error = problem;
        return Vec::new();
    }
    options.saved_filters = saved;
    options.user_filters.insert(name.clone(), filter.clone());
    state.popup = None;
    let text = format!("Saved as @{name}: {filter}");
    state.notifications.push(Severity::Info, text, now);
    let filter = Some(filter);
    vec![Effect::SaveNamedFilter { name, filter }]
}

/// Deletes a filter that was saved from the screen. It stays active if it is the current filter.
fn delete(state: &mut AppState, place: usize, now: Timestamp) -> Vec<Effect> {
    let entries = entries(state);
    let (name, is_user) = match entries.get(place) {
        Some(FilterMenuEntry::Filter { name, is_user, .. }) => ((*name).to_owned(), *is_user),
        _ => return Vec::new(),
    };
    if !is_user {
        let text = format!("@{name} is defined in the config file; edit it there");
        state.notifications.push(Severity::Info, text, now);
        return Vec::new();
    }
    state.options.saved_filters.remove(&name);
    state.options.user_filters.remove(&name);
    state.popup = Some(Popup::FilterMenu {
        chosen: place.saturating_sub(1),
    });
    let text = format!("Deleted @{name}");
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::SaveNamedFilter { name, filter: None }]
}
