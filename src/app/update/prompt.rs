//! Text prompts. Filters apply while they are typed.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::{export, filter_menu, list};
use crate::{
    app::{
        action::Action,
        event::Effect,
        filter_history,
        filter_prompt::{self, FilterPrompt},
        notifications::Severity,
        state::{AppState, Popup, Prompt, PromptKind},
        text_input::TextInput,
        views::HistoryView,
        views::history::update as history,
    },
    task::{EndpointId, Filter, TaskRef},
    watch::Command,
};

pub(super) fn open(state: &mut AppState, action: Action) {
    let (kind, line) = if action == Action::Filter {
        state.view_mut().pin_selection();
        let (before, line) = if let Some(history) = state.views.history() {
            (history.filter().clone(), history.query_text())
        } else {
            let before = state.view().row_model.view().filter.clone();
            let line = before.text().to_owned();
            (before, line)
        };
        let line = TextInput::new(line);
        let typing = FilterPrompt {
            previous: before,
            selected: state.selected(),
            ..FilterPrompt::default()
        };
        (PromptKind::Filter(Box::new(typing)), line)
    } else {
        (PromptKind::WatchTasks, TextInput::default())
    };
    state.popup = Some(Popup::Prompt(Prompt {
        kind,
        input: line,
        error: None,
    }));
}

pub(super) fn handle_key(state: &mut AppState, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::Prompt(prompt)) = &mut state.popup
        && prompt.input.handle_key(key)
    {
        typed(state, now);
    }
    Vec::new()
}

pub(super) fn paste(state: &mut AppState, text: &str, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::Prompt(prompt)) = &mut state.popup {
        prompt.input.insert(text);
        typed(state, now);
    }
    Vec::new()
}

/// Handles an edit: discards completions and recalled history.
fn typed(state: &mut AppState, now: Timestamp) {
    if let Some(Popup::Prompt(prompt)) = &mut state.popup
        && let PromptKind::Filter(typing) = &mut prompt.kind
    {
        typing.completions = None;
        typing.recalled = None;
    }
    changed(state, now);
}

/// Applies the changed text. An invalid filter leaves the last valid one active.
fn changed(state: &mut AppState, now: Timestamp) {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return;
    };
    prompt.error = None;
    let PromptKind::Filter(typing) = &mut prompt.kind else {
        return;
    };
    typing.error_span = None;
    let text = prompt.input.text();
    let saved = &state.options.saved_filters;
    let read = match state.views.history() {
        Some(_) => HistoryView::parse_query(&text, saved).map(|(_, filter)| filter),
        None => Filter::parse(&text, saved),
    };
    match read {
        Ok(filter) => list::filter(state, filter, now),
        Err(error) => {
            typing.error_span = Some(error.columns(&text));
            prompt.error = Some(error.message);
        }
    }
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::ClearLine => {
            prompt.input.clear();
            typed(state, now);
        }
        Action::Dismiss => {
            let before = match &prompt.kind {
                PromptKind::Filter(typing) => Some((typing.previous.clone(), typing.selected)),
                PromptKind::WatchTasks | PromptKind::ExportPath | PromptKind::FilterName => None,
            };
            state.popup = None;
            if let Some((before, selected)) = before {
                list::filter(state, before, now);
                if let Some(selected) = selected {
                    state.view_mut().selection.select(selected);
                }
            }
        }
        Action::Complete | Action::CompleteBack => complete(state, action, now),
        Action::Older => recall(state, true, now),
        Action::Newer => recall(state, false, now),
        Action::Accept => match &prompt.kind {
            PromptKind::WatchTasks => return add(state, now),
            PromptKind::ExportPath => return export::accept(state, now),
            PromptKind::FilterName => return filter_menu::save(state, now),
            PromptKind::Filter(_) => return accept_filter(state, now),
        },
        _ => {}
    }
    Vec::new()
}

/// Accepts the filter. The prompt stays open if it is invalid.
fn accept_filter(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        return Vec::new();
    };
    if prompt.error.is_some() {
        return Vec::new();
    }
    let line = prompt.input.text();
    if state.views.history().is_some() {
        if let Some(problem) = history::problem(state, &line, now) {
            if let Some(Popup::Prompt(prompt)) = &mut state.popup {
                prompt.error = Some(problem);
                if let PromptKind::Filter(typing) = &mut prompt.kind {
                    typing.error_span = Some((0, crate::text::width(&line)));
                }
            }
            return Vec::new();
        }
        state.popup = None;
        return history::accept(state, line.trim(), now);
    }
    state.popup = None;
    let text = state
        .view()
        .row_model
        .view()
        .filter
        .text()
        .trim()
        .to_owned();
    if text.is_empty() {
        return Vec::new();
    }
    filter_history::push(&mut state.options.typed_filters, &text);
    vec![Effect::SaveFilterHistory(text)]
}

fn complete(state: &mut AppState, action: Action, now: Timestamp) {
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        return;
    };
    let PromptKind::Filter(typing) = &prompt.kind else {
        return;
    };
    let back = action == Action::CompleteBack;
    let before = prompt.input.before();
    let Some((text, offer)) = filter_prompt::completed(state, typing, before, back, now) else {
        return;
    };
    let after = prompt.input.after().to_owned();
    if let Some(Popup::Prompt(prompt)) = &mut state.popup
        && let PromptKind::Filter(typing) = &mut prompt.kind
    {
        typing.completions = Some(offer);
        prompt.input = TextInput::with_cursor_between(text, after);
    }
    changed(state, now);
}

/// Recalls an older or newer history entry.
fn recall(state: &mut AppState, older: bool, now: Timestamp) {
    let past = &state.options.typed_filters;
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return;
    };
    let PromptKind::Filter(typing) = &mut prompt.kind else {
        return;
    };
    let (place, draft) = match (typing.recalled.take(), older) {
        (None, true) => (Some(0), prompt.input.text()),
        (None, false) => return,
        (Some((at, draft)), true) => (Some((at + 1).min(past.len().saturating_sub(1))), draft),
        (Some((at, draft)), false) => (at.checked_sub(1), draft),
    };
    let line = match place {
        None => draft.clone(),
        Some(at) => match past.iter().rev().nth(at) {
            Some(text) => text.clone(),
            None => return,
        },
    };
    typing.recalled = place.map(|at| (at, draft));
    typing.completions = None;
    prompt.input = TextInput::new(line);
    changed(state, now);
}

/// Watches the typed tasks. The prompt stays open with an error if one is invalid.
fn add(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return Vec::new();
    };
    let text = prompt.input.text();
    let names = text
        .split([' ', ','])
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let mo_ids: Result<Vec<Arc<str>>, _> = names
        .map(|name| name.parse::<TaskRef>().map(|task| task.0))
        .collect();
    let mo_ids = match mo_ids {
        Ok(mo_ids) => mo_ids,
        Err(problem) => {
            prompt.error = Some(problem.to_string());
            return Vec::new();
        }
    };
    state.popup = None;
    let Some(endpoint) = endpoint(state).filter(|_| !mo_ids.is_empty()) else {
        return Vec::new();
    };
    let text = match &mo_ids[..] {
        [only] => format!("Watching {only}"),
        several => format!("Watching {} more tasks", several.len()),
    };
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Watch(mo_ids))]
}

/// Returns the endpoint for typed task IDs: that of the selected task, else the first.
fn endpoint(state: &AppState) -> Option<EndpointId> {
    let selected = state.selected_record().map(|record| record.id.endpoint);
    selected.or_else(|| state.servers.first().map(|server| server.id))
}
