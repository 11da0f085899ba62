//! Computes when the screen has to be redrawn without an event: running clocks, countdowns, expiring notifications.
//!
//! Redraws fall on whole seconds, so that many running tasks cost at most one frame a second, and one a minute if
//! their elapsed times are shown in minutes.

use jiff::{SignedDuration, Timestamp};

use super::{screen::Screen, state::AppState, update::detail_subscription};
use crate::{
    task::{Handle, Progress, Status},
    watch::ConnectionState,
};

/// Time between two steps of a computation.
const STEP_INTERVAL: SignedDuration = SignedDuration::from_millis(33);

/// Returns the next time at which visible content changes, if any.
pub fn next_redraw(screen: &Screen, now: Timestamp) -> Option<Timestamp> {
    let state = &screen.state;
    if is_computing(screen) {
        return now.checked_add(STEP_INTERVAL).ok();
    }
    let clocks = [
        connections(state, now),
        rows(screen, now),
        popup(screen, now),
        detail_subscription::due(state, now),
        state.notifications.expires_at(now),
        filter_changes_at(state, now),
        away(state),
    ];
    let next = clocks.into_iter().flatten().min()?;
    Some(whole_second(next).max(whole_second(now + SignedDuration::from_nanos(1))))
}

/// Retry countdowns and the age of stale data.
fn connections(state: &AppState, now: Timestamp) -> Option<Timestamp> {
    let moments = state.servers.iter().flat_map(|server| {
        let retry = match server.connection {
            ConnectionState::Retrying { next, .. } if next > now => Some(next_second(now)),
            _ => None,
        };
        let age = server.stale_for(now).map(|age| now + until_change(age));
        [retry, age]
    });
    moments.flatten().min()
}

/// Elapsed times in the visible rows and in the details.
fn rows(screen: &Screen, now: Timestamp) -> Option<Timestamp> {
    screen
        .visible_tasks(now)
        .into_iter()
        .filter_map(|handle| task(&screen.state, handle, now))
        .min()
}

fn task(state: &AppState, handle: Handle, now: Timestamp) -> Option<Timestamp> {
    let record = state.view().store.get(handle)?;
    let status = record.status();
    let server_now = state.time(record, now);
    if !status.is_active() {
        return Some(next_age(
            server_now.duration_since(record.completed_at()?),
            now,
        ));
    }
    if record.is_gone() || state.is_stale(record) {
        return None;
    }
    // The indeterminate progress bar moves while the task runs.
    if status == Status::Running && state.view().store.progress(handle) == Progress::None {
        return Some(next_second(now));
    }
    let elapsed = record.elapsed(server_now);
    let elapsed = until_change(elapsed.unwrap_or_default());
    let insight = state.insight_changes_at(handle, now);
    Some(insight.map_or(now + elapsed, |insight| insight.min(now + elapsed)))
}

/// Ages and durations in popups.
fn popup(screen: &Screen, now: Timestamp) -> Option<Timestamp> {
    let is_timed = screen
        .popup
        .as_ref()
        .is_some_and(|popup| popup.handler().is_timed());
    is_timed.then(|| next_second(now))
}

/// True while the popup computes a part of its content in steps, one before each frame.
fn is_computing(screen: &Screen) -> bool {
    let popup = screen.popup.as_ref();
    popup.is_some_and(|popup| popup.handler().is_computing())
}

/// Returns when the set of matching tasks may next change by time alone, by the local clock.
fn filter_changes_at(state: &AppState, now: Timestamp) -> Option<Timestamp> {
    let moments = state.servers.iter().filter_map(|server| {
        let due = state.view().row_model.next_due(server.id)?;
        let wait = due.duration_since(server.time(now));
        (!server.is_stale()).then(|| now + wait.max(SignedDuration::ZERO).min(A_DAY))
    });
    moments.min()
}

/// Returns when running tasks are checked for stalls because the user is absent.
fn away(state: &AppState) -> Option<Timestamp> {
    let running = state.views.live.store.counts()[Status::Running];
    let is_current = state.servers.iter().any(|server| !server.is_stale());
    state
        .away
        .next_check()
        .filter(|_| running > 0 && is_current)
}

/// Upper limit for timers.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

fn next_second(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_secs(1)
}

/// Returns the time until a duration is displayed differently.
fn until_change(elapsed: SignedDuration) -> SignedDuration {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    let seconds = elapsed.as_secs();
    SignedDuration::from_secs(match seconds {
        ..600 => 1,
        600..86_400 => MINUTE - seconds % MINUTE,
        _ => HOUR - seconds % HOUR,
    })
}

/// Returns when the age of a finished task is updated: at the next whole minute or hour, so that any number of rows
/// costs one frame.
fn next_age(age: SignedDuration, now: Timestamp) -> Timestamp {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    let step = if age.as_secs() < 90 * MINUTE {
        MINUTE
    } else {
        HOUR
    };
    now + SignedDuration::from_secs(step - now.as_second().rem_euclid(step))
}

/// Rounds up to a whole second.
fn whole_second(moment: Timestamp) -> Timestamp {
    let second = moment.as_second() + i64::from(moment.subsec_nanosecond() > 0);
    Timestamp::from_second(second).unwrap_or(moment)
}

#[cfg(test)]
mod tests;
