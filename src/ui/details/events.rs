//! The Events tab: events of the task, oldest first.

use ratatui::text::Line;

use crate::{
    task::Handle,
    ui::{
        RenderContext, labels,
        styled_line::{flow, paragraph},
        theme::Role,
    },
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
    let zone = &state.options.time_zone;
    let record = state.view().store.get(handle);
    let now = record.map_or(ctx.now, |record| state.time(record, ctx.now));
    let mut lines = Vec::new();
    for event in events.iter() {
        let time = event
            .created
            .map_or_else(|| "--:--:--".to_owned(), |at| labels::moment(at, now, zone));
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
        lines.extend(flow(appearance, &parts, columns, hang));
    }
    lines
}
