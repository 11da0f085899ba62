//! The Events tab: events of the task, oldest first.

use jiff::Timestamp;
use ratatui::text::Line;

use crate::{
    task::Handle,
    ui::{
        RenderContext,
        styled_line::{flow, paragraph},
        theme::Role,
        timestamp,
    },
    vim::types::TaskEvent,
};

pub(super) fn lines(ctx: &RenderContext, handle: Handle, columns: u16) -> Vec<Line<'static>> {
    let (state, appearance) = (ctx.state, ctx.appearance);
    let none = |text: &str| paragraph(appearance, text, columns, Role::Dim);
    let events = match state.view().events.get(&handle) {
        Some(Ok(events)) if events.is_empty() => {
            return none("No events.");
        }
        Some(Ok(events)) => events,
        Some(Err(reason)) => return none(&format!("Cannot read the events: {reason}")),
        None if state.paused && state.views.history().is_none() => {
            return none("Paused: events are not loaded.");
        }
        None => return none("Loading events…"),
    };
    let record = state.view().store.get(handle);
    let now = record.map_or(ctx.now, |record| state.time(record, ctx.now));
    let events = events.iter();
    events
        .flat_map(|event| self::event(ctx, event, now, columns))
        .collect()
}

/// Minimum width for user and type of an event beside its text.
const MIN_COLUMNS_FOR_TYPE: u16 = 70;

/// Returns the lines of an event: time and text; with enough space also user and type. `now` is by the clock of its
/// server.
pub(super) fn event(
    ctx: &RenderContext,
    event: &TaskEvent,
    now: Timestamp,
    columns: u16,
) -> Vec<Line<'static>> {
    let zone = &ctx.state.options.time_zone;
    let time = event.created.map_or_else(
        || "--:--:--".to_owned(),
        |at| timestamp::moment(at, now, zone),
    );
    let time = format!("{time}  ");
    let hang = time.len();
    let user = match event.user.trim() {
        "" => String::new(),
        user => format!("  {user}"),
    };
    let type_name = format!("  {}", event.type_name);
    let parts = [
        (time.as_str(), Role::Dim),
        (event.text(), Role::Text),
        (user.as_str(), Role::Key),
        (type_name.as_str(), Role::Faint),
    ];
    let shown = if columns < MIN_COLUMNS_FOR_TYPE {
        &parts[..2]
    } else {
        &parts
    };
    flow(ctx.appearance, shown, columns, hang)
}
