//! Actions and server responses of the history view.

use std::sync::Arc;

use jiff::Timestamp;

use super::{DEFAULT_QUERY, HistorySearch, HistoryView, SearchState};
use crate::{
    app::{
        action::Action,
        event::Effect,
        notification_log::Severity,
        panes::{Focus, PaneMode},
        server_state::ServerClocks,
        state::AppState,
        update::{detail_subscription, list, live_tasks},
        views::Views,
    },
    task::{ChangeSet, Filter, Handle, Period, ServerId, TaskChange, TaskId, TaskStore},
    vim::types::TaskInfo,
    watch::{Command, FamilyState, HistoryPage, HistoryRequest, Update},
};

/// Handles actions that open the history view or mean something else in it.
pub(in crate::app) fn handle_action(
    state: &mut AppState,
    action: Action,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    if state.views.history().is_none() {
        let opens = action == Action::History && state.views.is_live();
        return opens.then(|| {
            let mut line = state.last_query.line.clone();
            let parse = |line: &str| HistoryView::parse_query(line, &state.options.saved_filters);
            let query = parse(&line).or_else(|error| {
                // The query was valid before, unless the saved filters have changed.
                let text = format!("“{line}” is no longer valid: {}", error.message);
                state.notifications.push(Severity::Warning, text, now);
                DEFAULT_QUERY.clone_into(&mut line);
                parse(&line)
            });
            begin(state, &line, query.unwrap_or_default(), now)
        });
    }
    let on_list = matches!(
        state.pane_mode,
        PaneMode::List | PaneMode::Both(Focus::List)
    );
    let refusal = match action {
        Action::History | Action::Now => return Some(close(state)),
        Action::Back if on_list => return Some(close(state)),
        Action::Refresh => return Some(restart_search(state, now)),
        Action::Add => return Some(add_to_live_view(state, now)),
        Action::Unwatch => "Tasks in the history view are not watched",
        Action::ShowChanges => "Changes are shown in the live view",
        Action::Pin => "Tasks in the history view cannot be pinned",
        Action::ChangeBack | Action::ChangeForward | Action::MinuteBack | Action::MinuteForward => {
            "Steps back are not available in the history view"
        }
        _ => return None,
    };
    state.notifications.push(Severity::Info, refusal, now);
    Some(Vec::new())
}

fn close(state: &mut AppState) -> Vec<Effect> {
    let Some(history) = state.views.history() else {
        return Vec::new();
    };
    let search = history.number;
    let left = detail_subscription::unsubscribe(state);
    let end = Command::SearchHistory(HistoryRequest::End { search });
    state.views.history = None;
    left.into_iter().chain(state.broadcast(&end)).collect()
}

/// Shows the history view, still empty, and starts the searches of a query.
fn begin(
    state: &mut AppState,
    line: &str,
    (period, filter): (Period, Filter),
    now: Timestamp,
) -> Vec<Effect> {
    let left = detail_subscription::unsubscribe(state);
    state.views.live.pin_selection();
    let narrowing = filter.server_filter();
    let query = &mut state.last_query;
    query.number += 1;
    line.clone_into(&mut query.line);
    let zone = &state.options.time_zone;
    let searches = state.servers.iter();
    let searches: Vec<HistorySearch> = searches
        .map(|server| HistorySearch::new(server.id, period, server.time(now), zone))
        .collect();
    let started: Vec<Effect> = searches
        .iter()
        .map(|of| {
            let request = HistoryRequest::Begin {
                search: query.number,
                query: Box::new(of.query(&narrowing)),
            };
            Effect::Send(of.server, Command::SearchHistory(request))
        })
        .collect();
    let before = state.views.history.take().map(|before| *before);
    let mut history = HistoryView::new(query, (period, filter), searches, before);
    let known = &state.views.live.store;
    history.view.store.copy_locations(known);
    for server in &state.servers {
        let store = &mut history.view.store;
        store.set_labels(server.id, known.labels(server.id));
        if let Some(name) = known.server_name(server.id) {
            store.set_server_name(server.id, name);
        }
    }
    state.views.history = Some(Box::new(history));
    left.into_iter().chain(started).collect()
}

/// Repeats the current query.
fn restart_search(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(history) = state.views.history() else {
        return Vec::new();
    };
    let line = history.query_text();
    let query = (history.query.0, history.filter.clone());
    begin(state, &line, query, now)
}

/// Returns an error if the period of a valid query is unusable.
pub(in crate::app) fn problem(state: &AppState, line: &str, now: Timestamp) -> Option<String> {
    let (period, _) = HistoryView::parse_query(line, &state.options.saved_filters).ok()?;
    let zone = &state.options.time_zone;
    let (since, until) = (period.since?, period.until?);
    let is_reversed = since.resolve(now, zone) > until.resolve(now, zone);
    is_reversed.then(|| "since: must be before until:".to_owned())
}

/// Applies the typed query; sends a new search if the servers must filter differently.
pub(in crate::app) fn accept(state: &mut AppState, line: &str, now: Timestamp) -> Vec<Effect> {
    let Ok(query) = HistoryView::parse_query(line, &state.options.saved_filters) else {
        return Vec::new();
    };
    let Some(history) = state.views.history_mut() else {
        return Vec::new();
    };
    if !history.needs_new_search(query.0, &query.1) {
        history.set_period_text(line);
        line.clone_into(&mut state.last_query.line);
        list::filter(state, query.1, now);
        return Vec::new();
    }
    begin(state, line, query, now)
}

/// Adds the selected task to the live list and watches it.
fn add_to_live_view(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(record) = state.selected_record() else {
        return Vec::new();
    };
    let Some(info) = record.info.clone() else {
        return Vec::new();
    };
    let (server, mo_id) = (record.id.server, record.id.mo_id.clone());
    let at = record.observed_at().unwrap_or(now);
    let is_listed = state.views.live.store.find(&record.id).is_some();
    let id = state.full_id(server, &mo_id);
    let mut effects = Vec::new();
    let text = if is_listed {
        format!("{id} is already listed in the live view")
    } else {
        let changes = vec![TaskChange::Full { info, at }];
        (effects, _) = live_tasks::apply(state, server, changes, now);
        format!("{id} was added to the live view")
    };
    state.notifications.push(Severity::Info, text, now);
    effects.push(Effect::Send(server, Command::Watch(vec![mo_id])));
    effects
}

/// Applies a page of search results.
pub(in crate::app) fn apply_page(
    state: &mut AppState,
    server: ServerId,
    number: u32,
    page: Result<HistoryPage, Arc<str>>,
    now: Timestamp,
) {
    let server_time = state.servers.iter().find(|state| state.id == server);
    let server_time = server_time.map_or(now, |server| server.time(now));
    let views = &mut state.views;
    let Some(history) = &mut views.history else {
        return;
    };
    if history.number != number {
        return;
    }
    let filter = history.filter().clone();
    let mut searches = history.searches.iter_mut();
    let Some(search) = searches.find(|search| search.server == server) else {
        return;
    };
    match page {
        Err(reason) => search.state = SearchState::Failed(reason),
        Ok(page) => {
            search.apply_page(&page);
            let live = &views.live.store;
            let mut changes: Vec<(ServerId, TaskChange)> = Vec::with_capacity(page.tasks.len());
            for info in page.tasks {
                let known = TaskId::new(server, info.mo_id().clone());
                let known = live.find(&known).and_then(|known| copy(live, known));
                let read = || TaskChange::Full {
                    at: info.complete_time().unwrap_or(server_time),
                    info: Box::new(info),
                };
                changes.push((server, known.unwrap_or_else(read)));
            }
            changes.extend(report_missing(live, &history.view.store, search));
            add_records(state, changes, now);
        }
    }
    list::filter(state, filter, now);
}

/// Applies the family of a history task. It gets rows only if it is in the displayed period.
pub(in crate::app) fn apply_family(
    state: &mut AppState,
    server: ServerId,
    members: Vec<TaskInfo>,
    now: Timestamp,
) {
    let changes = members.into_iter().map(|info| {
        let at = info.complete_time().or(info.ordering_time()).unwrap_or(now);
        let info = Box::new(info);
        (server, TaskChange::Full { info, at })
    });
    add_records(state, changes.collect(), now);
}

/// Adds live tasks of the period that was read: the server's history lags and may miss some.
fn report_missing(
    live: &TaskStore,
    shown: &TaskStore,
    search: &HistorySearch,
) -> impl Iterator<Item = (ServerId, TaskChange)> {
    live.iter().filter_map(|(handle, record)| {
        let queued = record.info.as_ref()?.ordering_time()?;
        let is_read = record.id.server == search.server && search.covers(queued);
        let change = (is_read && shown.find(&record.id).is_none()).then(|| copy(live, handle));
        Some((search.server, change??))
    })
}

/// Copies a task to another store.
fn copy(store: &TaskStore, handle: Handle) -> Option<TaskChange> {
    let record = store.get(handle)?;
    Some(TaskChange::Full {
        info: record.info.clone()?,
        at: record.observed_at()?,
    })
}

/// Adds records to the history view, if it is open. Newer live data of the same task is kept.
fn add_records(state: &mut AppState, changes: Vec<(ServerId, TaskChange)>, now: Timestamp) {
    let AppState {
        views,
        servers,
        typical,
        ..
    } = state;
    let Views {
        live,
        history: Some(history),
    } = views
    else {
        return;
    };
    let view = &mut history.view;
    let mut touched = ChangeSet::default();
    for (server, change) in changes {
        // `TaskChange::Full` cannot fail.
        let _ = view.store.apply(server, change, &mut touched);
    }
    let tasks = touched.changed.clone();
    view.store
        .copy_entity_states(&live.store, &tasks, &mut touched);
    let clocks = ServerClocks::of(servers, now);
    view.update_rows(&touched, typical, &clocks);
}

/// Applies the changes of tasks that the history view shows. Tasks dropped from the live list stay.
pub(in crate::app) fn apply_changes(
    state: &mut AppState,
    server: ServerId,
    changes: &[TaskChange],
    now: Timestamp,
) {
    let Some(history) = state.views.history() else {
        return;
    };
    let known = changes.iter().filter(|change| {
        let id = TaskId::new(server, change.mo_id().clone());
        !matches!(change, TaskChange::Unwatched { .. }) && history.view.store.find(&id).is_some()
    });
    let known: Vec<_> = known.map(|change| (server, change.clone())).collect();
    if !known.is_empty() {
        add_records(state, known, now);
    }
}

/// Copies the live members of a family that was found to the history view.
pub(in crate::app) fn copy_family(
    state: &mut AppState,
    server: ServerId,
    update: &Update,
    now: Timestamp,
) {
    if let Update::Family {
        mo_id,
        state: FamilyState::Found { .. },
    } = update
        && state.views.history().is_some()
    {
        let id = TaskId::new(server, mo_id.clone());
        let family = family(&state.views.live.store, &id).into_iter();
        let family = family.map(|change| (server, change)).collect();
        add_records(state, family, now);
    }
}

/// Copies the whole family of a task.
fn family(store: &TaskStore, id: &TaskId) -> Vec<TaskChange> {
    let Some(of) = store.find(id) else {
        return Vec::new();
    };
    let mut stack = vec![store.root(of)];
    let mut family = Vec::new();
    while let Some(member) = stack.pop() {
        stack.extend(store.children(member));
        family.extend(copy(store, member));
    }
    family
}

/// Requests the next page once the end of the rows is less than a page away.
pub(in crate::app) fn fetch_more(state: &mut AppState) -> Option<Effect> {
    let height = usize::from(state.layout().list.height);
    let history = state.views.history_mut()?;
    let end = history.view.selection.top() + height;
    let below = history.view.row_model.len().saturating_sub(end);
    if height == 0 || below >= height || history.view.row_model.is_outdated() {
        return None;
    }
    let search = history.number;
    let next = history.next_search()?;
    next.state = SearchState::Reading;
    let request = HistoryRequest::More { search };
    Some(Effect::Send(next.server, Command::SearchHistory(request)))
}
