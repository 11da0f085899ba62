//! The header: servers, connection state, freshness, and task counts.

use jiff::SignedDuration;
use ratatui::layout::Rect;

use super::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{ClickTarget, Playback, PlaybackState, ServerState},
    task::Status,
    text::duration,
    watch::ConnectionState,
};

/// A part of the header. Parts with low priority are dropped first.
struct HeaderItem<'a> {
    priority: u8,
    strip: StyledLine<'a>,
}

pub(super) fn draw(ctx: &mut RenderContext, area: Rect) {
    if area.height == 0 {
        return;
    }
    let right = counts(ctx, area.width);
    let mut parts = left(ctx, area.width);
    let width =
        |parts: &[HeaderItem]| -> usize { parts.iter().map(|part| part.strip.width() + 2).sum() };
    let available = usize::from(area.width).saturating_sub(1);
    let mut right = Some(right);
    while width(&parts) + right.as_ref().map_or(0, |right| right.width() + 1) > available {
        let minimum = parts
            .iter()
            .map(|part| part.priority)
            .min()
            .unwrap_or(u8::MAX);
        // Counts take precedence over the account and the API release, not over the connection state.
        if right.is_some() && minimum >= COUNTS_PRIORITY {
            right = None;
        } else if parts.len() > 1 {
            parts.retain(|part| part.priority > minimum);
        } else {
            break;
        }
    }
    let mut line = StyledLine::new(ctx.appearance, area.width);
    line.gap(1);
    for part in parts {
        if part.strip.width() > line.remaining() {
            let text = part.strip.line().to_string();
            line.push(&text, Role::Text);
            break;
        }
        line.join(part.strip).gap(2);
    }
    let kept = right.as_ref().map_or(0, |right| right.width() + 2);
    let available = line.remaining().saturating_sub(kept + 1);
    if let Some(reason) = reason(ctx)
        && available >= MIN_REASON_WIDTH
    {
        line.push_max(reason, available, Role::Dim);
    }
    if let Some(right) = right {
        line.pad_to(usize::from(area.width).saturating_sub(right.width() + 1));
        line.join(right);
    }
    ctx.draw(line, area);
}

const COUNTS_PRIORITY: u8 = 5;
/// Width from which everything fits.
const WIDE_COLUMNS: u16 = 180;
const MIN_REASON_WIDTH: usize = 16;

/// Returns the reason of the first connection problem; it is shown in the remaining space.
fn reason<'a>(ctx: &RenderContext<'a>) -> Option<&'a str> {
    ctx.state
        .servers
        .iter()
        .find_map(|server| match &server.connection {
            ConnectionState::Polling { reason } => reason.as_deref(),
            _ => server.failure(),
        })
}

fn left<'a>(ctx: &RenderContext<'a>, width: u16) -> Vec<HeaderItem<'a>> {
    let appearance = ctx.appearance;
    let mut parts = Vec::new();
    let mut part = |priority: u8, text: &str, role: Role| {
        if !text.is_empty() {
            let mut strip = StyledLine::new(appearance, width);
            strip.push(text, role);
            parts.push(HeaderItem { priority, strip });
        }
    };
    part(4, "vtask", Role::Brand);
    let several = ctx.state.servers.len() > 1;
    if several {
        for server in &ctx.state.servers {
            let (text, role) = short_status(ctx, server);
            part(8, &text, role);
            if server.facts.as_ref().is_some_and(|facts| facts.insecure) {
                part(9, " INSECURE ", Role::Alarm);
            }
        }
    }
    let alone = ctx.state.servers.iter().filter(|_| !several);
    for server in alone {
        part(6, server.host(), Role::Strong);
        if let Some(facts) = &server.facts {
            // The reason of a problem takes precedence over the account.
            if width >= WIDE_COLUMNS || reason(ctx).is_none() {
                part(2, &facts.user, Role::Dim);
                part(1, &facts.release, Role::Dim);
            }
            if facts.insecure {
                part(9, " INSECURE ", Role::Alarm);
            }
        }
        let (text, role) = connection(ctx, server);
        part(8, &text, role);
        if let Some(age) = server.stale_for(ctx.now) {
            part(7, &stale(ctx, age), Role::Warning);
        }
    }
    if let Some(playback) = &ctx.state.playback {
        let role = if playback.is_session {
            Role::Alarm
        } else {
            Role::Button
        };
        part(10, &position(ctx, playback), role);
    } else if ctx.state.options.read_only {
        part(3, "read-only", Role::Dim);
    }
    parts
}

/// Returns the state of a playback and its time, such as `60× 02:31:07 43%`.
fn position(ctx: &RenderContext, playback: &Playback) -> String {
    let times = if ctx.appearance.symbols.ascii {
        "x"
    } else {
        "×"
    };
    let state = match playback.state {
        PlaybackState::Playing => format!("{}{times}", playback.speed),
        PlaybackState::Paused => "paused".to_owned(),
        PlaybackState::Seeking => "seeking".to_owned(),
        PlaybackState::AtEnd => "end".to_owned(),
    };
    let local = ctx.state.options.time_zone.to_datetime(ctx.now);
    let time = local.strftime("%Y-%m-%d %H:%M:%S");
    let percent = playback.percent(ctx.now);
    let percent = percent.map_or_else(String::new, |percent| format!(" {percent}%"));
    format!(" {state} {time}{percent} ")
}

/// Returns the short form of a server among several: name, connection symbol, problem.
fn short_status(ctx: &RenderContext, server: &ServerState) -> (String, Role) {
    let (text, role) = connection(ctx, server);
    let symbol = text.split(' ').next().unwrap_or_default();
    let name = &server.name;
    let text = match &server.connection {
        ConnectionState::Live | ConnectionState::Polling { .. } => format!("{symbol} {name}"),
        ConnectionState::Connecting => format!("{symbol} {name}…"),
        ConnectionState::Paused => format!("{symbol} {name} paused"),
        ConnectionState::SignedOut { .. } => format!("{symbol} {name} signed out"),
        ConnectionState::Retrying { next, .. } => {
            let wait = next.duration_since(ctx.now).as_millis().max(0);
            format!("{symbol} {name} {}s", (wait + 999) / 1000)
        }
    };
    (text, role)
}

fn stale(ctx: &RenderContext, age: SignedDuration) -> String {
    let symbol = ctx.appearance.symbols.warning;
    if age < SignedDuration::from_secs(1) {
        return format!("{symbol} stale");
    }
    format!("{symbol} stale {}", duration(age))
}

/// Returns the label of the connection state.
fn connection(ctx: &RenderContext, server: &ServerState) -> (String, Role) {
    let symbols = ctx.appearance.symbols;
    match &server.connection {
        ConnectionState::Connecting => {
            (format!("{} connecting", symbols.connecting), Role::Running)
        }
        ConnectionState::Live => (format!("{} live", symbols.live), Role::Success),
        ConnectionState::Polling { .. } => (format!("{} polling", symbols.polling), Role::Success),
        ConnectionState::Paused => (format!("{} paused", symbols.paused), Role::Warning),
        ConnectionState::Retrying { attempt, next, .. } => {
            let wait = next.duration_since(ctx.now);
            // Rounded up, so that half a second is not shown as 0.
            let seconds = (wait.as_millis().max(0) + 999) / 1000;
            let when = if seconds == 0 {
                "now".to_owned()
            } else {
                format!("in {seconds}s")
            };
            let symbol = symbols.retrying;
            let text = format!("{symbol} retrying {when} (attempt {attempt})");
            (text, Role::Warning)
        }
        ConnectionState::SignedOut { .. } => {
            let symbol = symbols.status(Status::Failed);
            (format!("{symbol} signed out"), Role::Failed)
        }
    }
}

fn counts<'a>(ctx: &RenderContext<'a>, width: u16) -> StyledLine<'a> {
    let counts = ctx.state.view().store.counts();
    let symbols = ctx.appearance.symbols;
    let mut strip = StyledLine::new(ctx.appearance, width);
    for status in [
        Status::Running,
        Status::Queued,
        Status::Failed,
        Status::Cancelled,
        Status::Success,
        Status::Lost,
    ] {
        let count = counts[status];
        if count == 0 {
            continue;
        }
        if strip.width() > 0 {
            strip.gap(2);
        }
        let start = strip.width();
        strip.push(symbols.status(status), Role::from(status));
        let named = width >= 110
            && reason(ctx).is_none()
            && matches!(
                status,
                Status::Running | Status::Queued | Status::Failed | Status::Cancelled
            );
        let text = if named {
            format!(" {count} {}", status.word())
        } else {
            format!(" {count}")
        };
        let role = match status {
            _ if ctx.state.shows_only(status) => Role::Button,
            Status::Success => Role::Dim,
            _ => Role::Text,
        };
        strip
            .push(&text, role)
            .target_from(start, ClickTarget::Count(status));
    }
    strip
}
