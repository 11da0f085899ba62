//! Placeholder for an empty list: the reason and the useful keys.

use ratatui::layout::Rect;

use super::{
    RenderContext,
    styled_line::{StyledLine, draw_line, paragraph},
    theme::Role,
    views::history,
};
use crate::{
    app::{Action, Context},
    text::width,
    watch::ConnectionState,
};

pub(super) fn draw(ctx: &mut RenderContext, area: Rect) {
    let state = ctx.state;
    if state.view().row_model.is_outdated() {
        return;
    }
    let symbols = ctx.appearance.symbols;
    let filter = state.view().row_model.view().filter.text();
    let mut servers = state.servers.iter();
    let signed_out = servers.find_map(|server| match &server.connection {
        ConnectionState::SignedOut { .. } => Some((server, server.failure()?)),
        _ => None,
    });
    let mut servers = state.servers.iter();
    let retrying = servers.find_map(|server| match &server.connection {
        ConnectionState::Retrying { .. } => Some((server, server.failure()?)),
        _ => None,
    });
    let (title, role, text) = if let Some(history) = state.views.history() {
        history::message(ctx, history)
    } else if !state.view().store.is_empty() && !filter.is_empty() {
        let count = state.view().store.len();
        let text = match state.no_match_reason(ctx.now) {
            Some(reason) => format!("“{filter}”: {reason}."),
            None => format!("None of {count} tasks matches “{filter}”."),
        };
        ("No match".to_owned(), Role::Strong, text)
    } else if let Some((server, reason)) = signed_out {
        let title = format!(
            "{} Not signed in",
            symbols.status(crate::task::Status::Failed)
        );
        let text = format!("{}: {reason}", server.host());
        (title, Role::Failed, text)
    } else if let Some((server, reason)) = retrying {
        let title = format!("{} Not connected", symbols.retrying);
        let text = format!("{}: {reason}", server.host());
        (title, Role::Warning, text)
    } else if let Some(server) = state
        .servers
        .iter()
        .find(|s| s.connection == ConnectionState::Connecting)
    {
        let title = format!("{} Connecting to {}", symbols.connecting, server.host());
        (
            title,
            Role::Strong,
            "Contacting the server and signing in.".to_owned(),
        )
    } else {
        let text = "No running or recent tasks. New tasks appear here automatically.";
        ("No tasks".to_owned(), Role::Strong, text.to_owned())
    };
    let columns = area.width.saturating_sub(4).min(72);
    let text = paragraph(ctx.appearance, &text, columns, Role::Dim);
    let hints = hints(ctx, !filter.is_empty());
    let available = usize::from(area.height);
    let height = 1 + text.len() + 2;
    let top = available.saturating_sub(height) / 3;
    let mut lines: Vec<(usize, ratatui::text::Line)> = Vec::new();
    let mut heading = StyledLine::new(ctx.appearance, columns);
    heading.push(&title, role);
    lines.push((heading.width(), heading.line()));
    let widest = text.iter().map(|line| width(&line.to_string())).max();
    let widest = widest.unwrap_or_default();
    lines.extend(text.into_iter().map(|line| (widest, line)));
    if available >= height {
        lines.push((0, ratatui::text::Line::default()));
        lines.push((hints.width(), hints.line()));
    }
    for ((used, text), row) in lines.into_iter().zip(area.rows().skip(top)) {
        let used = u16::try_from(used).unwrap_or(u16::MAX);
        let left = area.width.saturating_sub(used) / 2;
        let centered = Rect {
            x: row.x + left,
            width: row.width - left,
            ..row
        };
        draw_line(&text, centered, ctx.buffer);
    }
}

fn hints<'a>(ctx: &RenderContext<'a>, filtered: bool) -> StyledLine<'a> {
    let actions: &[(Action, &str)] = if ctx.state.views.history().is_some() {
        history::HINT_ACTIONS
    } else if filtered {
        &[(Action::Back, "show all"), (Action::Filter, "edit filter")]
    } else {
        &[
            (Action::Add, "watch a task by ID or URL"),
            (Action::Refresh, "refresh"),
            (Action::Quit, "quit"),
        ]
    };
    let mut strip = StyledLine::new(ctx.appearance, 72);
    for (action, text) in actions {
        if let Some(key) = ctx.state.key_label(Context::List, *action) {
            if strip.width() > 0 {
                strip.gap(3);
            }
            strip.push(&key, Role::Key);
            strip.gap(1).push(text, Role::Dim);
        }
    }
    strip
}
