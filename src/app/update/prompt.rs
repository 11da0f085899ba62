//! What is typed: a filter, which works while it is typed, or the names of further tasks.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::{export, list};
use crate::{
    app::{
        action::Action,
        event::Effect,
        line_edit::LineEdit,
        notices::Gravity,
        state::{Overlay, Prompt, Purpose, State},
    },
    task::{EndpointId, TaskRef},
    watch::Command,
};

pub(super) fn open(state: &mut State, action: Action) {
    let (purpose, line) = if action == Action::Filter {
        state.cursor.hold(&state.outline);
        let before = state.outline.view().filter.text().to_owned();
        let line = LineEdit::new(before.clone());
        (Purpose::Filter { before }, line)
    } else {
        (Purpose::Add, LineEdit::default())
    };
    state.overlay = Some(Overlay::Prompt(Prompt {
        purpose,
        line,
        problem: None,
    }));
}

pub(super) fn press(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(Overlay::Prompt(prompt)) = &mut state.overlay
        && prompt.line.press(key)
    {
        changed(state);
    }
    Vec::new()
}

pub(super) fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(Overlay::Prompt(prompt)) = &mut state.overlay {
        prompt.line.insert(text);
        changed(state);
    }
    Vec::new()
}

fn changed(state: &mut State) {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return;
    };
    prompt.problem = None;
    if matches!(prompt.purpose, Purpose::Filter { .. }) {
        let text = prompt.line.text();
        list::filter(state, &text);
    }
}

pub(super) fn act(state: &mut State, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return Vec::new();
    };
    match action {
        Action::ClearLine => {
            prompt.line.clear();
            changed(state);
        }
        Action::Dismiss => {
            let before = match &prompt.purpose {
                Purpose::Filter { before } => Some(before.clone()),
                Purpose::Add | Purpose::Export => None,
            };
            state.overlay = None;
            if let Some(before) = before {
                list::filter(state, &before);
            }
        }
        Action::Accept if prompt.purpose == Purpose::Add => return add(state, now),
        Action::Accept if prompt.purpose == Purpose::Export => return export::accept(state, now),
        Action::Accept => state.overlay = None,
        _ => {}
    }
    Vec::new()
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
