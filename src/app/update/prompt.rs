//! What is typed: a filter, which works while it is typed, or the names of further tasks.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::{export, filter_menu, history, list};
use crate::{
    app::{
        action::Action,
        event::Effect,
        filter_history,
        filter_prompt::{self, FilterPrompt},
        history::HistoryView,
        notifications::Severity,
        state::{AppState, Popup, Prompt, PromptKind},
        text_input::TextInput,
    },
    task::{EndpointId, Filter, TaskRef},
    watch::Command,
};

pub(super) fn open(state: &mut AppState, action: Action) {
    let (purpose, line) = if action == Action::Filter {
        state.selection.hold(&state.row_model);
        let (before, line) = if let Some(history) = &state.history {
            (history.filter().clone(), history.line())
        } else {
            let before = state.row_model.view().filter.clone();
            let line = before.text().to_owned();
            (before, line)
        };
        let line = TextInput::new(line);
        let typing = FilterPrompt {
            before,
            selected: state.selected(),
            ..FilterPrompt::default()
        };
        (PromptKind::Filter(Box::new(typing)), line)
    } else {
        (PromptKind::Add, TextInput::default())
    };
    state.popup = Some(Popup::Prompt(Prompt {
        purpose,
        line,
        problem: None,
    }));
}

pub(super) fn handle_key(state: &mut AppState, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::Prompt(prompt)) = &mut state.popup
        && prompt.line.press(key)
    {
        typed(state, now);
    }
    Vec::new()
}

pub(super) fn paste(state: &mut AppState, text: &str, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::Prompt(prompt)) = &mut state.popup {
        prompt.line.insert(text);
        typed(state, now);
    }
    Vec::new()
}

/// The line was changed by hand: what Tab offered and what was recalled is past.
fn typed(state: &mut AppState, now: Timestamp) {
    if let Some(Popup::Prompt(prompt)) = &mut state.popup
        && let PromptKind::Filter(typing) = &mut prompt.purpose
    {
        typing.offer = None;
        typing.recalled = None;
    }
    changed(state, now);
}

/// The line is another one. A filter that does not read leaves the last good one in force.
fn changed(state: &mut AppState, now: Timestamp) {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return;
    };
    prompt.problem = None;
    let PromptKind::Filter(typing) = &mut prompt.purpose else {
        return;
    };
    typing.mark = None;
    let text = prompt.line.text();
    let saved = &state.options.saved_filters;
    let read = match &state.history {
        Some(_) => HistoryView::read(&text, saved).map(|(_, filter)| filter),
        None => Filter::parse(&text, saved),
    };
    match read {
        Ok(filter) => list::filter(state, filter, now),
        Err(error) => {
            typing.mark = Some(error.columns(&text));
            prompt.problem = Some(error.message);
        }
    }
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::ClearLine => {
            prompt.line.clear();
            typed(state, now);
        }
        Action::Dismiss => {
            let before = match &prompt.purpose {
                PromptKind::Filter(typing) => Some((typing.before.clone(), typing.selected)),
                PromptKind::Add | PromptKind::Export | PromptKind::Name => None,
            };
            state.popup = None;
            if let Some((before, selected)) = before {
                list::filter(state, before, now);
                if let Some(selected) = selected {
                    state.selection.choose(selected);
                }
            }
        }
        Action::Complete | Action::CompleteBack => complete(state, action, now),
        Action::Older => recall(state, true, now),
        Action::Newer => recall(state, false, now),
        Action::Accept => match &prompt.purpose {
            PromptKind::Add => return add(state, now),
            PromptKind::Export => return export::accept(state, now),
            PromptKind::Name => return filter_menu::save(state, now),
            PromptKind::Filter(_) => return accept_filter(state, now),
        },
        _ => {}
    }
    Vec::new()
}

/// Keeps the filter that is in force. A line that does not read stays, so that it can be mended.
fn accept_filter(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        return Vec::new();
    };
    if prompt.problem.is_some() {
        return Vec::new();
    }
    let line = prompt.line.text();
    if state.history.is_some() {
        if let Some(problem) = history::problem(state, &line, now) {
            if let Some(Popup::Prompt(prompt)) = &mut state.popup {
                prompt.problem = Some(problem);
                if let PromptKind::Filter(typing) = &mut prompt.purpose {
                    typing.mark = Some((0, crate::text::width(&line)));
                }
            }
            return Vec::new();
        }
        state.popup = None;
        return history::accept(state, line.trim(), now);
    }
    state.popup = None;
    let text = state.row_model.view().filter.text().trim().to_owned();
    if text.is_empty() {
        return Vec::new();
    }
    filter_history::push(&mut state.options.typed_filters, &text);
    vec![Effect::Remember(text)]
}

fn complete(state: &mut AppState, action: Action, now: Timestamp) {
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        return;
    };
    let PromptKind::Filter(typing) = &prompt.purpose else {
        return;
    };
    let back = action == Action::CompleteBack;
    let before = prompt.line.before();
    let Some((text, offer)) = filter_prompt::completed(state, typing, before, back, now) else {
        return;
    };
    let after = prompt.line.after().to_owned();
    if let Some(Popup::Prompt(prompt)) = &mut state.popup
        && let PromptKind::Filter(typing) = &mut prompt.purpose
    {
        typing.offer = Some(offer);
        prompt.line = TextInput::around(text, after);
    }
    changed(state, now);
}

/// Brings back what was typed before, or after that again.
fn recall(state: &mut AppState, older: bool, now: Timestamp) {
    let past = &state.options.typed_filters;
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return;
    };
    let PromptKind::Filter(typing) = &mut prompt.purpose else {
        return;
    };
    let (place, draft) = match (typing.recalled.take(), older) {
        (None, true) => (Some(0), prompt.line.text()),
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
    typing.offer = None;
    prompt.line = TextInput::new(line);
    changed(state, now);
}

/// Has the tasks watched whose names were typed; if one of them is none, the line stays and says which.
fn add(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return Vec::new();
    };
    let text = prompt.line.text();
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
            prompt.problem = Some(problem.to_string());
            return Vec::new();
        }
    };
    state.popup = None;
    let Some(endpoint) = endpoint(state).filter(|_| !mo_ids.is_empty()) else {
        return Vec::new();
    };
    let text = match &mo_ids[..] {
        [only] => format!("Watching {only}"),
        several => format!("Watching {} further tasks", several.len()),
    };
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Watch(mo_ids))]
}

/// Where typed names belong: to the server of the selected task, else to the first.
fn endpoint(state: &AppState) -> Option<EndpointId> {
    let selected = state.selected_record().map(|record| record.id.endpoint);
    selected.or_else(|| state.servers.first().map(|server| server.id))
}
