//! Actions and server responses of the history view.

use std::sync::Arc;

use jiff::Timestamp;

use super::{broadcast, list};
use crate::{
    app::{
        action::Action,
        detail_subscription,
        event::Effect,
        history::{HistorySearch, HistoryView, SearchState},
        notifications::Severity,
        panes::{Focus, PaneMode},
        state::AppState,
    },
    task::{EndpointId, Filter, Handle, Period, TaskChange, TaskId, TaskStore},
    vim::types::TaskInfo,
    watch::{Command, FamilyState, HistoryPage, HistoryRequest, Update},
};

/// Handles actions that open the history view or mean something else in it.
pub(super) fn handle_action(
    state: &mut AppState,
    action: Action,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    if state.history.is_none() {
        let opens = action == Action::History && state.time_travel.is_none();
        return opens.then(|| open(state, now));
    }
    let on_list = matches!(
        state.pane_mode,
        PaneMode::List | PaneMode::Both(Focus::List)
    );
    let refusal = match action {
        Action::History | Action::Now => return Some(close(state)),
        Action::Back if on_list => return Some(close(state)),
        Action::Refresh => return Some(restart_search(state, now)),
        Action::Add => return Some(carry_over(state, now)),
        Action::Unwatch => "Tasks in the history view are not watched",
        Action::Pin => "Tasks in the history view cannot be pinned",
        Action::ChangeBack | Action::ChangeForward | Action::MinuteBack | Action::MinuteForward => {
            "Time travel is not available in the history view"
        }
        _ => return None,
    };
    state.notifications.push(Severity::Info, refusal, now);
    Some(Vec::new())
}

/// Opens the history view with the last query.
fn open(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let line = state.last_query.line.clone();
    let read = HistoryView::parse_query(&line, &state.options.saved_filters);
    // The query was valid before, unless the saved filters have changed.
    let asked = read.unwrap_or_default();
    let mut effects: Vec<Effect> = detail_subscription::unsubscribe(state)
        .into_iter()
        .collect();
    state.selection.pin_current(&state.row_model);
    effects.extend(begin(state, &line, asked, now));
    effects
}

fn close(state: &mut AppState) -> Vec<Effect> {
    let Some(history) = &state.history else {
        return Vec::new();
    };
    let search = history.number();
    let mut effects: Vec<Effect> = detail_subscription::unsubscribe(state)
        .into_iter()
        .collect();
    effects.extend(broadcast(
        state,
        &Command::Past(HistoryRequest::End { search }),
    ));
    state.close_history();
    effects
}

fn begin(state: &mut AppState, line: &str, asked: (Period, Filter), now: Timestamp) -> Vec<Effect> {
    let narrowing = asked.1.server_filter();
    state.open_history(line, asked, now);
    let Some(history) = &state.history else {
        return Vec::new();
    };
    let search = history.number();
    let searches = history.searches.iter();
    searches
        .map(|of| {
            let query = Box::new(of.query(&narrowing));
            let request = HistoryRequest::Begin { search, query };
            Effect::Send(of.endpoint, Command::Past(request))
        })
        .collect()
}

/// Repeats the current query.
fn restart_search(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(history) = &state.history else {
        return Vec::new();
    };
    let line = history.query_text();
    let read = HistoryView::parse_query(&line, &state.options.saved_filters);
    let asked = read.unwrap_or_default();
    let mut effects: Vec<Effect> = detail_subscription::unsubscribe(state)
        .into_iter()
        .collect();
    effects.extend(begin(state, &line, asked, now));
    effects
}

/// Returns an error if the period of a valid query is unusable.
pub(super) fn problem(state: &AppState, line: &str, now: Timestamp) -> Option<String> {
    let (period, _) = HistoryView::parse_query(line, &state.options.saved_filters).ok()?;
    let zone = &state.options.time_zone;
    let (since, until) = (period.since?, period.until?);
    let is_turned = since.resolve(now, zone) > until.resolve(now, zone);
    is_turned.then(|| "since: must be before until:".to_owned())
}

/// Applies the typed query; sends a new search if the servers must filter differently.
pub(super) fn accept(state: &mut AppState, line: &str, now: Timestamp) -> Vec<Effect> {
    let Ok(asked) = HistoryView::parse_query(line, &state.options.saved_filters) else {
        return Vec::new();
    };
    let Some(history) = &mut state.history else {
        return Vec::new();
    };
    if !history.needs_new_search(asked.0, &asked.1) {
        history.set_period_text(line);
        line.clone_into(&mut state.last_query.line);
        list::filter(state, asked.1, now);
        return Vec::new();
    }
    let mut effects: Vec<Effect> = detail_subscription::unsubscribe(state)
        .into_iter()
        .collect();
    effects.extend(begin(state, line, asked, now));
    effects
}

/// Adds the selected task to the live list and watches it.
fn carry_over(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(record) = state.selected_record() else {
        return Vec::new();
    };
    let Some(info) = record.info.clone() else {
        return Vec::new();
    };
    let (endpoint, mo_id) = (record.id.endpoint, record.id.mo_id.clone());
    let at = record.seen.unwrap_or(now);
    let id = record.id.clone();
    let is_there = state.with_live_view(|state| state.store.find(&id).is_some());
    let mut effects = Vec::new();
    let text = if is_there {
        format!("{mo_id} is already on the live list")
    } else {
        let changes = vec![TaskChange::Full { info, at }];
        effects = state
            .with_live_view(|state| super::server_update::apply(state, endpoint, changes, now));
        format!("{mo_id} was added to the live list")
    };
    state.notifications.push(Severity::Info, text, now);
    effects.push(Effect::Send(endpoint, Command::Watch(vec![mo_id])));
    effects
}

/// Applies a page of search results.
pub(super) fn apply_page(
    state: &mut AppState,
    endpoint: EndpointId,
    number: u32,
    page: Result<HistoryPage, Arc<str>>,
    now: Timestamp,
) {
    let there = state.servers.iter().find(|server| server.id == endpoint);
    let there = there.map_or(now, |server| server.time(now));
    let Some(history) = &mut state.history else {
        return;
    };
    if !history.is_current(number) {
        return;
    }
    let mut searches = history.searches.iter_mut();
    let Some(search) = searches.find(|search| search.endpoint == endpoint) else {
        return;
    };
    let page = match page {
        Ok(page) => page,
        Err(reason) => {
            search.state = SearchState::Failed(reason);
            let filter = history.filter().clone();
            list::filter(state, filter, now);
            return;
        }
    };
    search.apply_page(&page);
    let live = &history.live.store;
    let mut changes: Vec<(EndpointId, TaskChange)> = Vec::with_capacity(page.tasks.len());
    for info in page.tasks {
        let known = live.find(&TaskId::new(endpoint, info.mo_id().clone()));
        changes.push((
            endpoint,
            known
                .and_then(|known| copy(live, known))
                .unwrap_or(TaskChange::Full {
                    at: info.complete_time.unwrap_or(there),
                    info: Box::new(info),
                }),
        ));
    }
    changes.extend(report_missing(live, &state.store, search));
    state.add_records(changes, now);
    if let Some(history) = &state.history {
        let filter = history.filter().clone();
        list::filter(state, filter, now);
    }
}

/// Applies the family of a history task. It gets rows only if it is in the displayed period.
pub(super) fn apply_family(
    state: &mut AppState,
    endpoint: EndpointId,
    members: Vec<TaskInfo>,
    now: Timestamp,
) {
    if state.history.is_none() {
        return;
    }
    let changes = members.into_iter().map(|info| {
        let at = info.complete_time.or(info.placed_at()).unwrap_or(now);
        let info = Box::new(info);
        (endpoint, TaskChange::Full { info, at })
    });
    state.add_records(changes.collect(), now);
}

/// Adds live tasks of the period that was read: the server's history lags and may miss some.
fn report_missing(
    live: &TaskStore,
    shown: &TaskStore,
    search: &HistorySearch,
) -> impl Iterator<Item = (EndpointId, TaskChange)> {
    live.iter().filter_map(|(handle, record)| {
        let queued = record.info.as_ref()?.placed_at()?;
        let is_read = record.id.endpoint == search.endpoint && search.covers(queued);
        let change = (is_read && shown.find(&record.id).is_none()).then(|| copy(live, handle));
        Some((search.endpoint, change??))
    })
}

/// Copies a task to another store.
fn copy(store: &TaskStore, handle: Handle) -> Option<TaskChange> {
    let record = store.get(handle)?;
    Some(TaskChange::Full {
        info: record.info.clone()?,
        at: record.seen?,
    })
}

/// Applies the parts of an update that concern the history view.
pub(super) fn apply_to_history(
    state: &mut AppState,
    endpoint: EndpointId,
    update: &Update,
    now: Timestamp,
) {
    match update {
        Update::Tasks { changes, .. } => {
            let known = changes.iter().filter(|change| {
                let id = TaskId::new(endpoint, change.mo_id().clone());
                // Tasks dropped from the live list stay in the history.
                !matches!(change, TaskChange::Unwatched { .. }) && state.store.find(&id).is_some()
            });
            let known: Vec<_> = known.map(|change| (endpoint, change.clone())).collect();
            if !known.is_empty() {
                state.add_records(known, now);
            }
        }
        Update::Labels(labels) => {
            state.store.set_labels(endpoint, labels.clone());
            super::server_update::rebuild(state, now);
        }
        Update::Family {
            mo_id,
            state: FamilyState::Found { .. },
        } => {
            super::server_update::store_lookup(state, endpoint, update);
            let id = TaskId::new(endpoint, mo_id.clone());
            let Some(history) = &state.history else {
                return;
            };
            let family = family(&history.live.store, &id);
            let family = family.into_iter().map(|change| (endpoint, change));
            state.add_records(family.collect(), now);
        }
        _ => super::server_update::store_lookup(state, endpoint, update),
    }
}

/// Copies the whole family of a task.
fn family(store: &TaskStore, id: &TaskId) -> Vec<TaskChange> {
    let Some(of) = store.find(id) else {
        return Vec::new();
    };
    let mut waiting = vec![store.root(of)];
    let mut family = Vec::new();
    while let Some(member) = waiting.pop() {
        waiting.extend(store.children(member));
        family.extend(copy(store, member));
    }
    family
}

/// Requests the next page once the end of the rows is less than a page away.
pub(super) fn fetch_more(state: &mut AppState) -> Option<Effect> {
    let height = usize::from(state.layout().list.height);
    let below = state
        .row_model
        .len()
        .saturating_sub(state.selection.top() + height);
    let history = state.history.as_mut()?;
    if height == 0 || below >= height {
        return None;
    }
    let search = history.number();
    let next = history.next_search()?;
    next.state = SearchState::Reading;
    let request = HistoryRequest::More { search };
    Some(Effect::Send(next.endpoint, Command::Past(request)))
}
