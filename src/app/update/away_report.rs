//! Begins and ends absences of the user, and shows what changed meanwhile.

use std::collections::HashMap;

use crossterm::event::MouseEventKind;
use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{
        away_report::{AwayPeriod, SavedView, Window},
        event::Event,
        last_seen_times::LastSeen,
        notification_log::Severity,
        panes::{Focus, PaneMode},
        server_state::{ServerClocks, ServerState},
        state::AppState,
    },
    task::Filter,
};

/// Time after the start within which leaving again continues the absence since the last exit, because the tasks may
/// not have been read yet.
const START_TIME: SignedDuration = SignedDuration::from_mins(1);

/// Follows the presence of the user. Called before the event is applied.
pub(super) fn before_event(state: &mut AppState, event: &Event, now: Timestamp) {
    let tracker = &mut state.away;
    let last_input = *tracker.last_input.get_or_insert(now);
    tracker.caught_up_at.get_or_insert(now);
    match event {
        Event::FocusLost => {
            tracker.is_unfocused = true;
            begin(state, now, now);
        }
        // The pointer may cross a terminal without focus.
        Event::Mouse(mouse) if mouse.kind == MouseEventKind::Moved => {
            if !tracker.is_unfocused {
                end(state, now);
            }
        }
        Event::Key(_) | Event::Mouse(_) | Event::Paste(_) | Event::FocusGained => end(state, now),
        Event::Resumed => {
            begin(state, last_input, now);
            end(state, now);
        }
        Event::Resize { .. } | Event::ServerUpdate(..) | Event::Background(_) | Event::Tick => {
            if let Some(since) = tracker.idle_since(now) {
                begin(state, since, now);
            }
        }
    }
}

/// Checks for stalls when it is time. Called after an event was applied.
pub(super) fn after_event(state: &mut AppState, now: Timestamp) {
    let period = state.away.period.as_ref();
    if period
        .and_then(AwayPeriod::next_check)
        .is_some_and(|next| next <= now)
    {
        scan(state, now);
    }
    if state.away.is_showing() && state.away.report().is_none() {
        dismiss(state, now);
    }
}

/// Begins a period of absence unless one lasts. Continues the last one if it is still reported.
fn begin(state: &mut AppState, since: Timestamp, now: Timestamp) {
    let is_new_start = |until: Timestamp| now.duration_since(until) < START_TIME;
    match &mut state.away.period {
        Some(period) if period.until.is_none() => return,
        Some(period)
            if !period.is_empty()
                || period.is_from_last_run && period.until.is_some_and(is_new_start) =>
        {
            period.resume();
        }
        period => *period = Some(period_since(&state.servers, since)),
    }
    scan(state, now);
}

fn period_since(servers: &[ServerState], since: Timestamp) -> AwayPeriod {
    let windows = servers.iter().map(|server| {
        let start = server.clock_time(since);
        (server.id, Window { start, end: None })
    });
    AwayPeriod::new(since, windows.collect())
}

/// Ends the current absence, which may have been without any event until now.
fn end(state: &mut AppState, now: Timestamp) {
    if let Some(since) = state.away.idle_since(now) {
        begin(state, since, now);
    }
    let tracker = &mut state.away;
    tracker.last_input = Some(now);
    tracker.is_unfocused = false;
    if !matches!(&tracker.period, Some(period) if period.until.is_none()) {
        return;
    }
    tracker.caught_up_at = Some(now);
    scan(state, now);
    let clocks = ServerClocks::of(&state.servers, now);
    if let Some(period) = &mut state.away.period {
        period.end(&clocks, now);
    }
}

/// Considers all live tasks.
fn scan(state: &mut AppState, now: Timestamp) {
    let clocks = ServerClocks::of(&state.servers, now);
    if let Some(period) = &mut state.away.period {
        period.scan(&state.views.live.store, &state.typical, &clocks, now);
    }
    restrict(state, now);
}

/// Limits the live list to the tasks that changed while they are shown.
fn restrict(state: &mut AppState, now: Timestamp) {
    let tracker = &state.away;
    let tasks = tracker.period.as_ref().map(AwayPeriod::tasks);
    let tasks = tasks.filter(|_| tracker.is_showing());
    state.with_live_rows(now, |rows, context| {
        rows.restrict(context, tasks);
    });
}

/// Sets the filter of the live list.
fn set_filter(state: &mut AppState, filter: Filter, now: Timestamp) {
    state.with_live_rows(now, |rows, context| {
        let mut view = rows.requested_view().clone();
        view.filter = filter;
        rows.set_view(view, context);
    });
}

/// Shows the tasks that changed, or returns from them. Without a report, looks for changes since the last one.
pub(super) fn toggle(state: &mut AppState, now: Timestamp) {
    if state.away.is_showing() {
        dismiss(state, now);
        return;
    }
    if state.away.report().is_none() {
        let since = state.away.caught_up_at.unwrap_or(now);
        state.away.period = Some(period_since(&state.servers, since));
        scan(state, now);
        let clocks = ServerClocks::of(&state.servers, now);
        if let Some(period) = &mut state.away.period {
            period.end(&clocks, now);
        }
        if state.away.report().is_none() {
            let since = state.options.time_zone.to_datetime(since);
            let text = format!("No task ended or stalled since {}", since.strftime("%H:%M"));
            state.notifications.push(Severity::Info, text, now);
            return;
        }
    }
    let live = &mut state.views.live;
    live.pin_selection();
    state.away.before = Some(SavedView {
        filter: live.row_model.view().filter.clone(),
        selection: std::mem::take(&mut live.selection),
    });
    set_filter(state, Filter::default(), now);
    restrict(state, now);
    state.unzoomed = None;
    state.pane_mode = match state.pane_mode {
        PaneMode::Both(_) | PaneMode::Details => PaneMode::Both(Focus::List),
        PaneMode::List => PaneMode::List,
    };
}

/// Dismisses the report, and returns to the list with its filter and selection of before. Returns false if there is
/// none.
pub(in crate::app) fn dismiss(state: &mut AppState, now: Timestamp) -> bool {
    let is_reported = state.away.report().is_some();
    if let Some(before) = state.away.before.take() {
        restrict(state, now);
        set_filter(state, before.filter, now);
        state.views.live.selection = before.selection;
    } else if !is_reported {
        return false;
    }
    state.away.period = None;
    state.away.caught_up_at = Some(now);
    true
}

impl AppState {
    /// Reports what changed since the last exit of the program, once the tasks are read.
    pub fn begin_with_last_seen(&mut self, now: Timestamp) {
        self.away.last_input = Some(now);
        self.away.caught_up_at = Some(now);
        let mut since = now;
        let mut windows = HashMap::new();
        for server in &self.servers {
            let mut known = self.options.last_seen.iter();
            // A time in the future means that a clock was changed.
            let seen = known.find(|seen| seen.server == server.base_url && seen.local_time < now);
            if let Some(seen) = seen {
                let start = seen.server_time;
                let live = &mut self.views.live;
                live.store.set_failures_known(server.id, start);
                windows.insert(server.id, Window { start, end: None });
                since = since.min(seen.local_time);
            }
        }
        if windows.is_empty() {
            return;
        }
        let mut period = AwayPeriod::new(since, windows);
        period.until = Some(now);
        period.is_from_last_run = true;
        self.away.period = Some(period);
    }

    /// Returns the time at which the user last looked at each server, to be saved for the next run.
    pub fn last_seen(&self, now: Timestamp) -> Vec<LastSeen> {
        let left = self.away.away_since(now).unwrap_or(now);
        let read = self.servers.iter().filter(|server| server.facts.is_some());
        read.filter(|server| !server.base_url.is_empty())
            .map(|server| LastSeen {
                server: server.base_url.clone(),
                local_time: left,
                // Not later than the last data.
                server_time: server.clock_time(left).min(server.time(now)),
            })
            .collect()
    }
}
