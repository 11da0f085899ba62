//! Labeled fields in one or several columns.

use jiff::Timestamp;
use ratatui::text::Line;

use crate::{
    text::width,
    ui::{
        RenderContext,
        styled_line::{field, flow},
        theme::Role,
        timestamp,
    },
};

/// Width of the labels.
pub(super) const LABEL_WIDTH: u16 = 15;

/// Labeled fields under construction.
pub(super) struct FieldList<'a, 'c> {
    pub(super) ctx: &'a RenderContext<'c>,
    pub(super) columns: u16,
    pub(super) lines: Vec<Line<'static>>,
}

impl FieldList<'_, '_> {
    pub(super) fn push(&mut self, name: &str, value: &str, role: Role) {
        if value.is_empty() {
            return;
        }
        self.lines.extend(field(
            self.ctx.appearance,
            (name, LABEL_WIDTH),
            (value, role),
            self.columns,
        ));
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.push(name, value, Role::Text);
    }

    pub(super) fn moment(&mut self, name: &str, at: Timestamp, now: Timestamp, note: &str) {
        let zone = &self.ctx.state.options.time_zone;
        let text = timestamp::moment(at, now, zone);
        let note = if note.is_empty() {
            String::new()
        } else {
            format!("  {note}")
        };
        let padding = usize::from(LABEL_WIDTH).saturating_sub(width(name));
        let name = format!("{name}{}", " ".repeat(padding));
        let parts = [
            (name.as_str(), Role::Heading),
            (text.as_str(), Role::Text),
            (note.as_str(), Role::Dim),
        ];
        let hang = usize::from(LABEL_WIDTH);
        self.lines
            .extend(flow(self.ctx.appearance, &parts, self.columns, hang));
    }
}

/// Joins two columns of text.
pub(super) fn join_columns(
    left: Vec<Line<'static>>,
    right: Vec<Line<'static>>,
    start: usize,
) -> Vec<Line<'static>> {
    let height = left.len().max(right.len());
    let mut left = left.into_iter();
    let mut right = right.into_iter();
    (0..height)
        .map(|_| {
            let mut line = left.next().unwrap_or_default();
            if let Some(other) = right.next() {
                let used = width(&line.to_string());
                let gap = " ".repeat(start.saturating_sub(used));
                line.spans.push(gap.into());
                line.spans.extend(other.spans.into_iter().map(|mut span| {
                    span.style = other.style.patch(span.style);
                    span
                }));
            }
            line
        })
        .collect()
}
