//! The history view: header, status line, and placeholder for an empty result.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, ClickTarget, Context, HistorySearch, HistoryView, SearchState},
    task::Status,
    watch::Link,
};

pub(super) fn draw_header(canvas: &mut RenderContext, history: &HistoryView, area: Rect) {
    if area.height == 0 {
        return;
    }
    let hint = key(canvas, Action::History).map(|key| format!(" {key} back to now "));
    let hint = hint.unwrap_or_default();
    let mut strip = StyledLine::new(canvas.look, area.width);
    strip.put(" HISTORY ", Role::Alarm);
    let period = period(canvas, history);
    let filter = match history.filter().text() {
        "" => String::new(),
        filter => format!("{} {filter} ", canvas.look.symbols.dot),
    };
    let hosts = canvas.state.servers.iter();
    let hosts: Vec<&str> = match &canvas.state.servers[..] {
        [only] => vec![only.host()],
        _ => hosts.map(|server| &*server.name).collect(),
    };
    let hosts = format!("{}  ", hosts.join(", "));
    // The period takes precedence, the server names are dropped first.
    let rest = crate::text::width(&period) + crate::text::width(&filter) + hint.len();
    if strip.room() >= rest + crate::text::width(&hosts) {
        strip.put(&hosts, Role::Alarm);
    }
    strip.put(&period, Role::Alarm);
    let room = strip.room().saturating_sub(hint.len());
    strip.push_max(&filter, room, Role::Alarm);
    let start = usize::from(area.width).saturating_sub(hint.len());
    if strip.used() <= start {
        strip.pad_to(start).put(&hint, Role::Alarm);
    }
    strip.draw(area, canvas.buffer);
    let style = canvas.look.style(Role::Alarm);
    canvas.buffer.set_style(area, style);
    canvas.target(area, ClickTarget::Action(Action::History));
}

/// Draws the line below the rows.
pub(super) fn draw_status(canvas: &mut RenderContext, history: &HistoryView, area: Rect) {
    if area.height == 0 {
        return;
    }
    let mut strip = StyledLine::new(canvas.look, area.width);
    strip.gap(1);
    let is_told = canvas.state.row_model.is_empty();
    if let Some((search, reason)) = failed(history).filter(|_| !is_told) {
        let sign = canvas.look.symbols.status(Status::Failed);
        let host = host(canvas, search);
        let again = key(canvas, Action::Refresh).map(|key| format!(" {key} tries again."));
        let text = format!("{sign} {host}: {reason}");
        let again = again.unwrap_or_default();
        let room = strip.room().saturating_sub(again.len());
        strip
            .push_max(&text, room, Role::Failed)
            .put(&again, Role::Text);
    } else {
        let role = if history.is_reading() {
            Role::Running
        } else {
            Role::Dim
        };
        if failed(history).is_none() {
            strip.put(&progress(canvas, history), role);
        }
        let unreadable: usize = history.searches.iter().map(|of| of.unreadable).sum();
        if unreadable > 0 {
            let sign = canvas.look.symbols.warning;
            let text = match unreadable {
                1 => format!("  {sign} 1 record cannot be read"),
                several => format!("  {sign} {several} records cannot be read"),
            };
            strip.put(&text, Role::Warning);
        }
    }
    let note = shares(history);
    let start = usize::from(area.width).saturating_sub(note.len() + 1);
    if strip.used() + 3 <= start {
        strip.pad_to(start).put(&note, Role::Faint);
    }
    strip.draw(area, canvas.buffer);
    canvas.tint(area, Role::Panel);
}

/// Returns title, style and text of the placeholder.
pub(super) fn message(canvas: &RenderContext, history: &HistoryView) -> (String, Role, String) {
    let (symbols, state) = (canvas.look.symbols, canvas.state);
    if let Some((search, reason)) = failed(history) {
        let title = format!(
            "{} The history cannot be read",
            symbols.status(Status::Failed)
        );
        return (
            title,
            Role::Failed,
            format!("{}: {reason}", host(canvas, search)),
        );
    }
    if let Some(waiting) = waiting(canvas, history) {
        let title = format!("{} Not connected", symbols.retrying);
        return (title, Role::Warning, waiting);
    }
    let told: usize = history.searches.iter().map(|search| search.received).sum();
    let filter = state.row_model.view().filter.text();
    if told == 0 && history.is_reading() {
        let text = "Asking the server for the tasks of that time.";
        return (
            "Reading the history".to_owned(),
            Role::Strong,
            text.to_owned(),
        );
    }
    let title = if history.is_complete() {
        "Nothing in the history"
    } else {
        "Nothing so far"
    };
    let text = match (told, filter) {
        (0, "") => format!("No task was queued {}.", period(canvas, history).trim()),
        (0, filter) => format!(
            "No task was queued {} that matches “{filter}”.",
            period(canvas, history).trim()
        ),
        (told, filter) => {
            let more = if history.is_complete() {
                ""
            } else if history.is_reading() {
                " More are being looked through."
            } else {
                " Any key that moves looks further back."
            };
            format!("None of the {told} tasks that came matches “{filter}”.{more}")
        }
    };
    (title.to_owned(), Role::Strong, text)
}

/// Key hints for an empty history.
pub(super) const HINT_ACTIONS: &[(Action, &str)] = &[
    (Action::Filter, "period and filter"),
    (Action::Refresh, "read anew"),
    (Action::History, "back to now"),
];

/// Returns the progress of the search.
fn progress(canvas: &RenderContext, history: &HistoryView) -> String {
    let state = canvas.state;
    let told: usize = history.searches.iter().map(|search| search.received).sum();
    let found = state.row_model.matching();
    let is_narrowed = !history.filter().is_empty();
    let count = if is_narrowed && found < told {
        format!("{found} of {told}")
    } else {
        found.to_string()
    };
    if history.is_complete() {
        let tasks = if count.ends_with(" 1") || count == "1" {
            "task"
        } else {
            "tasks"
        };
        return format!("End of the history: {count} {tasks}");
    }
    if let Some(waiting) = waiting(canvas, history) {
        return waiting;
    }
    let oldest = history
        .searches
        .iter()
        .filter_map(HistorySearch::oldest)
        .max();
    let back = oldest.map(|at| format!(", back to {}", moment(canvas, at)));
    let back = back.unwrap_or_default();
    if history.is_reading() {
        match told {
            0 => "Loading…".to_owned(),
            _ => format!("{count} so far{back}; loading…"),
        }
    } else if history.is_idle() {
        let key = key(canvas, Action::Down).unwrap_or_default();
        format!("{count} so far{back}; {key} looks further")
    } else {
        format!("{count} so far{back}")
    }
}

/// Returns why the next page is delayed, if a connection is down.
fn waiting(canvas: &RenderContext, history: &HistoryView) -> Option<String> {
    let mut searches = history.searches.iter();
    let (search, server) = searches.find_map(|search| {
        let server = canvas.state.server(search.endpoint)?;
        let is_out = matches!(
            server.link,
            Link::Retrying { .. } | Link::SignedOut { .. } | Link::Connecting
        );
        (search.state == SearchState::Reading && is_out).then_some((search, server))
    })?;
    let host = host(canvas, search);
    Some(match &server.link {
        Link::SignedOut { .. } => format!("{host} is signed out: its history cannot be read."),
        _ => format!("{host} is not connected just now; its history is read once it is."),
    })
}

/// Returns which conditions the server and the client apply.
fn shares(history: &HistoryView) -> String {
    let (asked, here) = history.split_filter();
    let asked = format!("filtered by the server: {}", asked.join(", "));
    match &here[..] {
        [] => asked,
        here => format!("{asked}; here: {}", here.join(", ")),
    }
}

/// Returns the period, followed by a space.
fn period(canvas: &RenderContext, history: &HistoryView) -> String {
    let since = history
        .since
        .map(|since| format!("since {} ", moment(canvas, since)));
    let until = match history.until {
        Some(until) => format!("until {} ", moment(canvas, until)),
        None => "until now ".to_owned(),
    };
    format!("{}{until}", since.unwrap_or_default())
}

fn moment(canvas: &RenderContext, at: Timestamp) -> String {
    let zone = &canvas.state.options.time_zone;
    let (then, now) = (zone.to_datetime(at), zone.to_datetime(canvas.clock));
    let format = if then.year() == now.year() {
        "%a %-d %b %H:%M"
    } else {
        "%-d %b %Y %H:%M"
    };
    then.strftime(format).to_string()
}

fn failed(history: &HistoryView) -> Option<(&HistorySearch, &str)> {
    history
        .searches
        .iter()
        .find_map(|search| match &search.state {
            SearchState::Failed(reason) => Some((search, &**reason)),
            _ => None,
        })
}

fn host<'a>(canvas: &RenderContext<'a>, search: &HistorySearch) -> &'a str {
    canvas
        .state
        .server(search.endpoint)
        .map_or("the server", |server| server.host())
}

fn key(canvas: &RenderContext, action: Action) -> Option<String> {
    let key = canvas.state.keymap.key(Context::List, action)?;
    Some(key.label(canvas.look.symbols.ascii))
}
