//! Adds tasks by ID: jumps to known ones, reads the others, and searches the history for those unknown to the server.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::list;
use crate::{
    app::{
        added_tasks::AddedTask, event::Effect, notification_log::Severity, screen::Screen,
        server_state::ServerState, state::AppState,
    },
    task::{Handle, ServerId, TaskChange, TaskId, TaskRef},
    vim::types::TaskLocator,
    watch::{Command, HistoryLookup},
};

/// Watches the typed tasks and selects the first one that is known.
///
/// # Errors
/// Returns an error if one of them is not a task.
pub(in crate::app) fn add(
    state: &mut AppState,
    text: &str,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    let names = text
        .split([' ', ','])
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let tasks = names.filter_map(|name| resolve(state, name).transpose());
    let tasks = tasks.collect::<Result<Vec<TaskId>, _>>()?;
    let (known, new): (Vec<&TaskId>, Vec<&TaskId>) =
        tasks.iter().partition(|task| find(state, task).is_some());
    let mut commands: Vec<(ServerId, Vec<Arc<str>>)> = Vec::new();
    for task in &tasks {
        match commands.iter_mut().find(|(of, _)| *of == task.server) {
            Some((_, mo_ids)) => mo_ids.push(task.mo_id.clone()),
            None => commands.push((task.server, vec![task.mo_id.clone()])),
        }
    }
    for task in &new {
        let added = AddedTask {
            at: now,
            ..AddedTask::default()
        };
        state.added_tasks.0.insert((*task).clone(), added);
    }
    let full_id = |task: &TaskId| state.full_id(task.server, &task.mo_id);
    let text = match (&new[..], &known[..]) {
        ([], []) => return Ok(Vec::new()),
        ([], [only]) => format!("{} is already listed", full_id(only)),
        ([], several) => format!("{} tasks are already listed", several.len()),
        ([only], _) => format!("Watching {}", full_id(only)),
        (several, _) => format!("Watching {} more tasks", several.len()),
    };
    state.notifications.push(Severity::Info, text, now);
    if let Some(known) = known.iter().find_map(|task| find(state, task)) {
        list::reveal(state, known, now);
    }
    let watch = |(server, mo_ids)| Effect::Send(server, Command::Watch(mo_ids));
    Ok(commands.into_iter().map(watch).collect())
}

/// Returns the handle of a task that was read.
fn find(state: &AppState, task: &TaskId) -> Option<Handle> {
    let store = &state.views.live.store;
    let handle = store.find(task)?;
    let record = store.get(handle)?;
    record.info.is_some().then_some(handle)
}

/// Resolves a typed task: on the server that it names, else on one where it is known, the server of the selected task
/// first. `None` without servers.
fn resolve(state: &AppState, text: &str) -> Result<Option<TaskId>, String> {
    let (server, text) = named_server(&state.servers, text)?;
    let task = text.parse::<TaskRef>();
    let mo_id = task.map_err(|problem| problem.to_string())?.0;
    let selected = state.selected_record().map(|record| record.id.server);
    let all = state.servers.iter().map(|server| server.id);
    let candidates: Vec<TaskId> = match server {
        Some(server) => vec![server],
        None => selected.into_iter().chain(all).collect(),
    }
    .into_iter()
    .map(|server| TaskId::new(server, mo_id.clone()))
    .collect();
    let known = candidates.iter().find(|task| find(state, task).is_some());
    Ok(known.or(candidates.first()).cloned())
}

/// Returns the server that a text names, as `vc01/task-1` or by the host of a URL, and the rest of the text.
///
/// # Errors
/// Returns an error if the URL is of another server: moIds are only unique per server.
fn named_server<'a>(
    servers: &[ServerState],
    text: &'a str,
) -> Result<(Option<ServerId>, &'a str), String> {
    if let Some(host) = host(text) {
        let mut servers = servers.iter();
        let found = servers.find(|server| {
            let known = self::host(&server.base_url);
            known.is_none_or(|known| known == host)
        });
        let found = found.ok_or_else(|| {
            format!("{host} is not one of the watched vCenters. Type the moId alone if it is the same server.")
        })?;
        return Ok((Some(found.id), text));
    }
    let named = text.split_once('/').and_then(|(name, task)| {
        let mut servers = servers.iter();
        let found = servers.find(|server| server.name == name || server.host() == name)?;
        Some((Some(found.id), task))
    });
    Ok(named.unwrap_or((None, text)))
}

/// Returns the host of a URL, without its port.
fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host_str().map(str::to_owned)
}

/// Holds back the placeholders of added tasks and searches the history for them. Returns the effects and the added
/// tasks that were read.
pub(super) fn before_changes(
    state: &mut AppState,
    server: ServerId,
    changes: &mut Vec<TaskChange>,
) -> (Vec<Effect>, Vec<(TaskId, AddedTask)>) {
    let (mut effects, mut read) = (Vec::new(), Vec::new());
    if state.added_tasks.0.is_empty() {
        return (effects, read);
    }
    changes.retain(|change| {
        let id = TaskId::new(server, change.mo_id().clone());
        let added = &mut state.added_tasks.0;
        match change {
            TaskChange::Placeholder { .. } => {
                let Some(added) = added.get_mut(&id) else {
                    return true;
                };
                let is_first = added.placeholder.replace(change.clone()).is_none();
                effects.extend(is_first.then(|| look_up(&id)));
                return false;
            }
            // The removal was undone before it took effect.
            TaskChange::Unwatched { .. } => {}
            _ => read.extend(added.remove_entry(&id)),
        }
        true
    });
    (effects, read)
}

fn look_up(task: &TaskId) -> Effect {
    let locator = TaskLocator::named(task.mo_id.clone());
    Effect::Send(task.server, Command::LookUp(locator))
}

/// Restores pins and marks of added tasks that were read, and selects one, unless the user has done something else
/// meanwhile.
pub(super) fn after_changes(screen: &mut Screen, read: &[(TaskId, AddedTask)], now: Timestamp) {
    let state = &mut screen.state;
    let live = &mut state.views.live;
    for (task, added) in read {
        if let Some(handle) = live.store.find(task) {
            if added.is_pinned {
                live.store.set_pinned(handle, true);
            }
            live.marks.extend(added.is_marked.then_some(handle));
        }
    }
    if screen.popup.is_some() || !state.views.is_live() {
        return;
    }
    for (task, added) in read {
        let is_awaited = state.away.last_input.is_none_or(|last| last <= added.at);
        if let Some(handle) = find(state, task).filter(|_| is_awaited) {
            list::reveal(state, handle, now);
            return;
        }
    }
}

/// Handles the result of a search of the history. Returns the placeholder of a task that is not in it.
pub(super) fn looked_up(
    state: &mut AppState,
    task: &TaskId,
    answer: HistoryLookup,
    now: Timestamp,
) -> Option<TaskChange> {
    let added = state.added_tasks.0.remove(task)?;
    let why = match answer {
        HistoryLookup::Found => return None,
        HistoryLookup::NotFound(searched) => searched,
        HistoryLookup::Unanswered(why) | HistoryLookup::Failed(why) => {
            format!("The server's history cannot be read: {why}").into()
        }
    };
    let name = state
        .server(task.server)
        .map_or("the server", |server| &server.name);
    let text = format!("{} is unknown to {name}. {why}", task.mo_id);
    state.notifications.push(Severity::Warning, text, now);
    match added.placeholder? {
        TaskChange::Placeholder { key, reason } => Some(TaskChange::Placeholder {
            key,
            reason: format!("{reason} {why}").into(),
        }),
        other => Some(other),
    }
}

/// Repeats the searches of a server whose answers may be lost because its connection was lost.
pub(super) fn repeat_searches(state: &AppState, server: ServerId) -> Vec<Effect> {
    let added = state.added_tasks.0.iter();
    added
        .filter(|(task, added)| task.server == server && added.placeholder.is_some())
        .map(|(task, _)| look_up(task))
        .collect()
}
