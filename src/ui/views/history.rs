//! The history view: header, status line, and placeholder for an empty result.

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::ui::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, ClickTarget, Context, HistorySearch, HistoryView, SearchState},
    task::Status,
    watch::ConnectionState,
};

pub(in crate::ui) fn draw_header(ctx: &mut RenderContext, history: &HistoryView, area: Rect) {
    if area.height == 0 {
        return;
    }
    let hint = key(ctx, Action::History).map(|key| format!(" {key} back to now "));
    let hint = hint.unwrap_or_default();
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.push(" HISTORY ", Role::Alarm);
    let period = period(ctx, history);
    let filter = match history.filter().text() {
        "" => String::new(),
        filter => format!("{} {filter} ", ctx.appearance.symbols.dot),
    };
    let hosts = ctx.state.servers.iter();
    let hosts: Vec<&str> = match &ctx.state.servers[..] {
        [only] => vec![only.host()],
        _ => hosts.map(|server| &*server.name).collect(),
    };
    let hosts = format!("{}  ", hosts.join(", "));
    // The period takes precedence, the server names are dropped first.
    let rest = crate::text::width(&period) + crate::text::width(&filter) + hint.len();
    if strip.remaining() >= rest + crate::text::width(&hosts) {
        strip.push(&hosts, Role::Alarm);
    }
    strip.push(&period, Role::Alarm);
    let available = strip.remaining().saturating_sub(hint.len());
    strip.push_max(&filter, available, Role::Alarm);
    let start = usize::from(area.width).saturating_sub(hint.len());
    if strip.width() <= start {
        strip.pad_to(start).push(&hint, Role::Alarm);
    }
    ctx.draw(strip, area);
    let style = ctx.appearance.style(Role::Alarm);
    ctx.buffer.set_style(area, style);
    ctx.target(area, ClickTarget::Action(Action::History));
}

/// Draws the line below the rows.
pub(in crate::ui) fn draw_status(ctx: &mut RenderContext, history: &HistoryView, area: Rect) {
    if area.height == 0 {
        return;
    }
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1);
    let is_error_shown_above = ctx.state.view().row_model.is_empty();
    if let Some((search, reason)) = failed(history).filter(|_| !is_error_shown_above) {
        let sign = ctx.appearance.symbols.status(Status::Failed);
        let host = host(ctx, search);
        let retry_hint = key(ctx, Action::Refresh).map(|key| format!(" {key} retries."));
        let text = format!("{sign} {host}: {reason}");
        let retry_hint = retry_hint.unwrap_or_default();
        let available = strip.remaining().saturating_sub(retry_hint.len());
        strip
            .push_max(&text, available, Role::Failed)
            .push(&retry_hint, Role::Text);
    } else {
        let role = if history.is_reading() {
            Role::Running
        } else {
            Role::Dim
        };
        if failed(history).is_none() {
            strip.push(&progress(ctx, history), role);
        }
        let unreadable: usize = history.searches.iter().map(|of| of.unreadable).sum();
        if unreadable > 0 {
            let sign = ctx.appearance.symbols.warning;
            let text = match unreadable {
                1 => format!("  {sign} 1 unreadable record"),
                several => format!("  {sign} {several} unreadable records"),
            };
            strip.push(&text, Role::Warning);
        }
    }
    let note = filter_split(history);
    let start = usize::from(area.width).saturating_sub(note.len() + 1);
    if strip.width() + 3 <= start {
        strip.pad_to(start).push(&note, Role::Faint);
    }
    ctx.draw(strip, area);
    ctx.tint(area, Role::Panel);
}

/// Returns title, style and text of the placeholder.
pub(in crate::ui) fn message(ctx: &RenderContext, history: &HistoryView) -> (String, Role, String) {
    let (symbols, state) = (ctx.appearance.symbols, ctx.state);
    if let Some((search, reason)) = failed(history) {
        let title = format!("{} Cannot read the history", symbols.status(Status::Failed));
        return (
            title,
            Role::Failed,
            format!("{}: {reason}", host(ctx, search)),
        );
    }
    if let Some(waiting) = waiting(ctx, history) {
        let title = format!("{} Not connected", symbols.retrying);
        return (title, Role::Warning, waiting);
    }
    let received: usize = history.searches.iter().map(|search| search.received).sum();
    let filter = state.view().row_model.view().filter.text();
    if received == 0 && history.is_reading() {
        let text = "Searching the task history of the server.";
        return (
            "Reading the history".to_owned(),
            Role::Strong,
            text.to_owned(),
        );
    }
    let title = if history.is_complete() {
        "No tasks found"
    } else {
        "No tasks so far"
    };
    let text = match (received, filter) {
        (0, "") => format!("No tasks were queued {}.", period(ctx, history).trim()),
        (0, filter) => format!(
            "No tasks were queued {} that match “{filter}”.",
            period(ctx, history).trim()
        ),
        (received, filter) => {
            let more = if history.is_complete() {
                ""
            } else if history.is_reading() {
                " Searching further…"
            } else {
                " Move down to search further back."
            };
            format!("None of {received} tasks matches “{filter}”.{more}")
        }
    };
    (title.to_owned(), Role::Strong, text)
}

/// Key hints for an empty history.
pub(in crate::ui) const HINT_ACTIONS: &[(Action, &str)] = &[
    (Action::Filter, "edit period and filter"),
    (Action::Refresh, "refresh"),
    (Action::History, "back to now"),
];

/// Returns the progress of the search.
fn progress(ctx: &RenderContext, history: &HistoryView) -> String {
    let state = ctx.state;
    let received: usize = history.searches.iter().map(|search| search.received).sum();
    let found = state.view().row_model.matching();
    let is_narrowed = !history.filter().is_empty();
    let count = if is_narrowed && found < received {
        format!("{found} of {received}")
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
    if let Some(waiting) = waiting(ctx, history) {
        return waiting;
    }
    let oldest = history
        .searches
        .iter()
        .filter_map(|search| search.oldest)
        .max();
    let back = oldest.map(|at| format!(", back to {}", moment(ctx, at)));
    let back = back.unwrap_or_default();
    if history.is_reading() {
        match received {
            0 => "Loading…".to_owned(),
            _ => format!("{count} so far{back}; loading…"),
        }
    } else if history.is_idle() {
        let key = key(ctx, Action::Down).unwrap_or_default();
        format!("{count} so far{back}; {key} loads more")
    } else {
        format!("{count} so far{back}")
    }
}

/// Returns why the next page is delayed, if a connection is down.
fn waiting(ctx: &RenderContext, history: &HistoryView) -> Option<String> {
    let mut searches = history.searches.iter();
    let (search, server) = searches.find_map(|search| {
        let server = ctx.state.server(search.server)?;
        let is_out = matches!(
            server.connection,
            ConnectionState::Retrying { .. }
                | ConnectionState::SignedOut { .. }
                | ConnectionState::Connecting
        );
        (search.state == SearchState::Reading && is_out).then_some((search, server))
    })?;
    let host = host(ctx, search);
    Some(match &server.connection {
        ConnectionState::SignedOut { .. } => {
            format!("{host} is signed out; cannot read its history")
        }
        _ => format!("{host} is not connected; waiting to read its history"),
    })
}

/// Returns which conditions the server and the client apply.
fn filter_split(history: &HistoryView) -> String {
    let (on_server, locally) = history.split_filter();
    let on_server = format!("filtered on the server: {}", on_server.join(", "));
    match &locally[..] {
        [] => on_server,
        locally => format!("{on_server}; locally: {}", locally.join(", ")),
    }
}

/// Returns the period, followed by a space.
fn period(ctx: &RenderContext, history: &HistoryView) -> String {
    let since = history
        .since
        .map(|since| format!("since {} ", moment(ctx, since)));
    let until = match history.until {
        Some(until) => format!("until {} ", moment(ctx, until)),
        None => "until now ".to_owned(),
    };
    format!("{}{until}", since.unwrap_or_default())
}

fn moment(ctx: &RenderContext, at: Timestamp) -> String {
    let zone = &ctx.state.options.time_zone;
    let (then, now) = (zone.to_datetime(at), zone.to_datetime(ctx.now));
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

fn host<'a>(ctx: &RenderContext<'a>, search: &HistorySearch) -> &'a str {
    ctx.state
        .server(search.server)
        .map_or("the server", |server| server.host())
}

fn key(ctx: &RenderContext, action: Action) -> Option<String> {
    ctx.state.key_label(Context::List, action)
}
