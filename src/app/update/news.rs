//! What an endpoint tells.

use std::sync::Arc;

use jiff::Timestamp;

use super::{history, summary};
use crate::{
    app::{
        cancel,
        event::Effect,
        filters::Clocks,
        notices::Gravity,
        past::Past,
        server::Server,
        state::{Overlay, State},
    },
    task::{Board, EndpointId, Handle, Scene, TaskChange, TaskId, Touched, outline::Outline},
    watch::{CancelAnswer, Update},
};

/// Takes in what an endpoint tells. While the history is shown, its board learns what concerns it; what is now is kept
/// up to date all the same.
pub(super) fn take(
    state: &mut State,
    endpoint: EndpointId,
    update: Update,
    now: Timestamp,
) -> Vec<Effect> {
    let update = match update {
        Update::Past { search, page } => {
            history::take_page(state, endpoint, search, page, now);
            return Vec::new();
        }
        Update::Relatives { members, .. } => {
            history::take_relatives(state, endpoint, members, now);
            return Vec::new();
        }
        other => other,
    };
    if state.history.is_some() {
        let concerns_all = matches!(
            update,
            Update::Typical(_) | Update::Clock(_) | Update::Server(_)
        );
        history::hear(state, endpoint, &update, now);
        state.in_live(|state| take_now(state, endpoint, update, now));
        if concerns_all {
            reconsider(state, now, Outline::reconsider);
        }
    } else {
        take_now(state, endpoint, update, now);
    }
    Vec::new()
}

fn take_now(state: &mut State, endpoint: EndpointId, update: Update, now: Timestamp) {
    match update {
        Update::Tasks { changes, .. } => apply(state, endpoint, changes, now),
        Update::Labels(labels) => {
            if let Some(past) = &mut state.past {
                past.board.set_labels(endpoint, labels.clone());
                past.outline.rebuild(&past.board);
            }
            state.board.set_labels(endpoint, labels);
            rebuild(state, now);
            summary::rebuild(state);
        }
        Update::Cancel { mo_id, answer } => answered(state, endpoint, mo_id, answer, now),
        Update::Privilege { .. }
        | Update::Family { .. }
        | Update::Events { .. }
        | Update::Question { .. } => note(state, endpoint, &update),
        Update::Typical(runs) => {
            state.typical.learn(endpoint, runs);
            state.typical_unknown.remove(&endpoint);
            reconsider(state, now, Outline::reconsider);
        }
        Update::TypicalUnknown(reason) => {
            state.typical_unknown.insert(endpoint, reason);
        }
        Update::Past { .. } | Update::LookedUp { .. } | Update::Relatives { .. } => {}
        Update::Notice(text) => state.notices.say(Gravity::Warning, &*text, now),
        about @ (Update::Link(_) | Update::Server(_) | Update::Clock(_)) => {
            let is_named = matches!(about, Update::Server(_));
            let is_other_time = matches!(about, Update::Clock(_) | Update::Server(_));
            let mut servers = state.servers.iter_mut();
            if let Some(server) = servers.find(|server| server.id == endpoint) {
                server.take(about, now);
            }
            if is_other_time {
                reconsider(state, now, Outline::reconsider);
            }
            if is_named {
                reconsider(state, now, Outline::reconsider_endpoints);
            }
        }
    }
}

/// Notes what is told around a task that is on the board.
pub(super) fn note(state: &mut State, endpoint: EndpointId, update: &Update) {
    let (Update::Privilege { mo_id, .. }
    | Update::Family { mo_id, .. }
    | Update::Events { mo_id, .. }
    | Update::Question { mo_id, .. }) = update
    else {
        return;
    };
    let id = TaskId::new(endpoint, mo_id.clone());
    let Some(handle) = state.board.find(&id) else {
        return;
    };
    match update {
        Update::Privilege { privilege, .. } => {
            state.privileges.insert(handle, privilege.clone());
        }
        Update::Family { state: found, .. } => {
            state.families.insert(handle, found.clone());
        }
        Update::Events { events, .. } => {
            state.events.insert(handle, events.clone());
        }
        Update::Question { question, .. } => {
            match question {
                Some(question) => state.questions.insert(handle, question.clone()),
                None => state.questions.remove(&handle),
            };
        }
        _ => {}
    }
}

/// Every row may be called otherwise now.
pub(super) fn rebuild(state: &mut State, now: Timestamp) {
    let mut outline = std::mem::take(&mut state.outline);
    let clocks = Clocks::of(&state.servers, now);
    outline.rebuild(state.scene(&clocks));
    state.outline = outline;
}

pub(super) fn apply(
    state: &mut State,
    endpoint: EndpointId,
    changes: Vec<TaskChange>,
    now: Timestamp,
) {
    let mut touched = Touched::default();
    for change in changes {
        let mo_id = change.mo_id().clone();
        let (board, _) = live(&mut state.past, (&mut state.board, &mut state.outline));
        state.journal.note(board, endpoint, &change, now);
        if let Err(malformed) = board.apply(endpoint, change, &mut touched) {
            let host = state.server(endpoint).map_or("the server", Server::host);
            let text = format!("{host} sent something odd about {mo_id}: {malformed}");
            state.notices.say(Gravity::Warning, text, now);
        }
    }
    let clocks = Clocks::of(&state.servers, now);
    let (board, outline) = live(&mut state.past, (&mut state.board, &mut state.outline));
    let scene = Scene {
        board,
        typical: Some(&state.typical),
        endpoints: Some(&clocks),
    };
    outline.touch(scene, &touched);
    if state.past.is_none() {
        summary::touch(&mut state.overlay, &state.board, &touched);
    }
    for removed in touched.removed {
        forget(state, removed);
    }
}

/// What the filter says of times and servers may be otherwise now.
fn reconsider(state: &mut State, now: Timestamp, look: fn(&mut Outline, Scene<'_>)) {
    let clocks = Clocks::of(&state.servers, now);
    let (board, outline) = live(&mut state.past, (&mut state.board, &mut state.outline));
    let scene = Scene {
        board,
        typical: Some(&state.typical),
        endpoints: Some(&clocks),
    };
    look(outline, scene);
}

/// The board of now with its rows: what is shown, unless one looks back.
fn live<'a>(
    past: &'a mut Option<Box<Past>>,
    shown: (&'a mut Board, &'a mut Outline),
) -> (&'a mut Board, &'a mut Outline) {
    match past {
        Some(past) => (&mut past.board, &mut past.outline),
        None => shown,
    }
}

fn forget(state: &mut State, removed: Handle) {
    state.requests.remove(&removed);
    state.privileges.remove(&removed);
    state.families.remove(&removed);
    state.events.remove(&removed);
    state.questions.remove(&removed);
    if let Some(Overlay::Cancel(inspector)) = &mut state.overlay {
        if inspector.subject == removed {
            state.overlay = None;
        } else if inspector.chosen == removed {
            inspector.chosen = inspector.subject;
            inspector.question = None;
        }
    }
}

/// Keeps the answer with the task; whoever looks elsewhere by now gets it as a notice.
fn answered(
    state: &mut State,
    endpoint: EndpointId,
    mo_id: Arc<str>,
    answer: CancelAnswer,
    now: Timestamp,
) {
    let gravity = match answer {
        CancelAnswer::Accepted => Gravity::Info,
        _ => Gravity::Warning,
    };
    let text = format!("{mo_id}: {}", cancel::sentence(&answer));
    let handle = state.board.find(&TaskId::new(endpoint, mo_id));
    if let Some(handle) = handle {
        let request = state.requests.entry(handle);
        let request = request.or_insert_with(|| cancel::Request::new(now));
        request.answer = Some((answer, now));
    }
    let seen = match &state.overlay {
        Some(Overlay::Cancel(inspector)) => Some(inspector.chosen) == handle,
        _ => false,
    };
    if !seen {
        state.notices.say(gravity, text, now);
    }
}
