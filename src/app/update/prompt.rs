//! What is typed: a filter, which works while it is typed, or the names of further tasks.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::{export, history, list, saved};
use crate::{
    app::{
        action::Action,
        event::Effect,
        filters::{self, FilterTyping},
        history::History,
        line_edit::LineEdit,
        memory,
        notices::Gravity,
        state::{Overlay, Prompt, Purpose, State},
    },
    task::{EndpointId, Filter, TaskRef},
    watch::Command,
};

pub(super) fn open(state: &mut State, action: Action) {
    let (purpose, line) = if action == Action::Filter {
        state.cursor.hold(&state.outline);
        let (before, line) = if let Some(history) = &state.history {
            (history.filter().clone(), history.line())
        } else {
            let before = state.outline.view().filter.clone();
            let line = before.text().to_owned();
            (before, line)
        };
        let line = LineEdit::new(line);
        let typing = FilterTyping {
            before,
            selected: state.selected(),
            ..FilterTyping::default()
        };
        (Purpose::Filter(Box::new(typing)), line)
    } else {
        (Purpose::Add, LineEdit::default())
    };
    state.overlay = Some(Overlay::Prompt(Prompt {
        purpose,
        line,
        problem: None,
    }));
}

pub(super) fn press(state: &mut State, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
    if let Some(Overlay::Prompt(prompt)) = &mut state.overlay
        && prompt.line.press(key)
    {
        typed(state, now);
    }
    Vec::new()
}

pub(super) fn paste(state: &mut State, text: &str, now: Timestamp) -> Vec<Effect> {
    if let Some(Overlay::Prompt(prompt)) = &mut state.overlay {
        prompt.line.insert(text);
        typed(state, now);
    }
    Vec::new()
}

/// The line was changed by hand: what Tab offered and what was recalled is past.
fn typed(state: &mut State, now: Timestamp) {
    if let Some(Overlay::Prompt(prompt)) = &mut state.overlay
        && let Purpose::Filter(typing) = &mut prompt.purpose
    {
        typing.offer = None;
        typing.recalled = None;
    }
    changed(state, now);
}

/// The line is another one. A filter that does not read leaves the last good one in force.
fn changed(state: &mut State, now: Timestamp) {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return;
    };
    prompt.problem = None;
    let Purpose::Filter(typing) = &mut prompt.purpose else {
        return;
    };
    typing.mark = None;
    let text = prompt.line.text();
    let saved = &state.options.saved_filters;
    let read = match &state.history {
        Some(_) => History::read(&text, saved).map(|(_, filter)| filter),
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

pub(super) fn act(state: &mut State, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return Vec::new();
    };
    match action {
        Action::ClearLine => {
            prompt.line.clear();
            typed(state, now);
        }
        Action::Dismiss => {
            let before = match &prompt.purpose {
                Purpose::Filter(typing) => Some((typing.before.clone(), typing.selected)),
                Purpose::Add | Purpose::Export | Purpose::Name => None,
            };
            state.overlay = None;
            if let Some((before, selected)) = before {
                list::filter(state, before, now);
                if let Some(selected) = selected {
                    state.cursor.choose(selected);
                }
            }
        }
        Action::Complete | Action::CompleteBack => complete(state, action, now),
        Action::Older => recall(state, true, now),
        Action::Newer => recall(state, false, now),
        Action::Accept => match &prompt.purpose {
            Purpose::Add => return add(state, now),
            Purpose::Export => return export::accept(state, now),
            Purpose::Name => return saved::keep(state, now),
            Purpose::Filter(_) => return accept_filter(state, now),
        },
        _ => {}
    }
    Vec::new()
}

/// Keeps the filter that is in force. A line that does not read stays, so that it can be mended.
fn accept_filter(state: &mut State, now: Timestamp) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &state.overlay else {
        return Vec::new();
    };
    if prompt.problem.is_some() {
        return Vec::new();
    }
    let line = prompt.line.text();
    if state.history.is_some() {
        if let Some(problem) = history::problem(state, &line, now) {
            if let Some(Overlay::Prompt(prompt)) = &mut state.overlay {
                prompt.problem = Some(problem);
            }
            return Vec::new();
        }
        state.overlay = None;
        return history::accept(state, line.trim(), now);
    }
    state.overlay = None;
    let text = state.outline.view().filter.text().trim().to_owned();
    if text.is_empty() {
        return Vec::new();
    }
    memory::remember(&mut state.options.typed_filters, &text);
    vec![Effect::Remember(text)]
}

fn complete(state: &mut State, action: Action, now: Timestamp) {
    let Some(Overlay::Prompt(prompt)) = &state.overlay else {
        return;
    };
    let Purpose::Filter(typing) = &prompt.purpose else {
        return;
    };
    let back = action == Action::CompleteBack;
    let before = prompt.line.before();
    let Some((text, offer)) = filters::completed(state, typing, before, back, now) else {
        return;
    };
    let after = prompt.line.after().to_owned();
    if let Some(Overlay::Prompt(prompt)) = &mut state.overlay
        && let Purpose::Filter(typing) = &mut prompt.purpose
    {
        typing.offer = Some(offer);
        prompt.line = LineEdit::around(text, after);
    }
    changed(state, now);
}

/// Brings back what was typed before, or after that again.
fn recall(state: &mut State, older: bool, now: Timestamp) {
    let past = &state.options.typed_filters;
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return;
    };
    let Purpose::Filter(typing) = &mut prompt.purpose else {
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
    prompt.line = LineEdit::new(line);
    changed(state, now);
}

/// Has the tasks watched whose names were typed; if one of them is none, the line stays and says which.
fn add(state: &mut State, now: Timestamp) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
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
    state.overlay = None;
    let Some(endpoint) = endpoint(state).filter(|_| !mo_ids.is_empty()) else {
        return Vec::new();
    };
    let text = match &mo_ids[..] {
        [only] => format!("Watching {only}"),
        several => format!("Watching {} further tasks", several.len()),
    };
    state.notices.say(Gravity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Watch(mo_ids))]
}

/// Where typed names belong: to the server of the selected task, else to the first.
fn endpoint(state: &State) -> Option<EndpointId> {
    let selected = state.selected_record().map(|record| record.id.endpoint);
    selected.or_else(|| state.servers.first().map(|server| server.id))
}
