//! The summary page: task counts by operation and account, and the most important tasks.

mod counts;
mod heading;
mod tasks;

use ratatui::layout::Rect;

use crate::app::{ClickTarget, RowSubject, Section, SectionKind, SummaryPage, SummaryRow};
use crate::task::display_name;
use crate::ui::{RenderContext, scrollbar, styled_line::StyledLine, theme::Role};

pub(in crate::ui) fn draw(ctx: &mut RenderContext, page: &SummaryPage, area: Rect) {
    if area.is_empty() {
        return;
    }
    let title = Rect { height: 1, ..area };
    draw_title(ctx, page, title);
    let mut body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let columns = page.columns(ctx.state, ctx.now);
    let entries = columns.iter().flatten().flat_map(|section| &section.rows);
    let entries: Vec<RowSubject> = entries.map(|entry| entry.subject.clone()).collect();
    let chosen = page.selected_index(&entries);
    let mut first = 0;
    for (index, sections) in columns.iter().enumerate() {
        let is_last = index + 1 == columns.len();
        let own = Rect {
            // Counts need less space than tasks.
            width: if is_last {
                body.width
            } else {
                body.width * 2 / 5
            },
            ..body
        };
        draw_column(ctx, sections, own, first, chosen);
        first += sections
            .iter()
            .map(|section| section.rows.len())
            .sum::<usize>();
        body.x += own.width;
        body.width -= own.width;
    }
}

fn draw_title(ctx: &mut RenderContext, page: &SummaryPage, area: Rect) {
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1).push("Summary", Role::Strong);
    let count = page.summary.len();
    let of = match count {
        0 => "no tasks".to_owned(),
        count => display_name::tasks(count),
    };
    strip.gap(2).push(&of, Role::Dim);
    if !ctx.state.view().row_model.view().filter.is_empty() {
        strip.push(", ignoring the filter", Role::Dim);
    }
    ctx.draw(strip, area);
}

enum SummaryLine<'a> {
    Blank,
    Title(&'a Section),
    /// Placeholder of a section without entries.
    Empty(SectionKind),
    /// An entry with its index among all entries.
    Row(&'a Section, &'a SummaryRow, usize),
}

fn draw_column(
    ctx: &mut RenderContext,
    sections: &[Section],
    area: Rect,
    first: usize,
    chosen: usize,
) {
    let mut rows = Vec::new();
    let mut index = first;
    for section in sections {
        if !rows.is_empty() {
            rows.push(SummaryLine::Blank);
        }
        rows.push(SummaryLine::Title(section));
        if section.rows.is_empty() {
            rows.push(SummaryLine::Empty(section.kind));
        }
        for entry in &section.rows {
            rows.push(SummaryLine::Row(section, entry, index));
            index += 1;
        }
    }
    let height = usize::from(area.height);
    let is_chosen =
        |row: &SummaryLine| matches!(row, SummaryLine::Row(.., index) if *index == chosen);
    let at = rows.iter().position(is_chosen).unwrap_or_default();
    let last = rows.len().saturating_sub(height);
    // Keep the selected entry in the middle.
    let top = at.saturating_sub(height / 2).min(last);
    let inside = Rect {
        x: area.x + 1.min(area.width),
        width: area.width.saturating_sub(3),
        ..area
    };
    for (row, line) in rows.iter().skip(top).zip(inside.rows()) {
        draw_row(ctx, row, line, chosen);
    }
    scrollbar::draw(ctx, area, rows.len(), top);
}

fn draw_row(ctx: &mut RenderContext, row: &SummaryLine, line: Rect, chosen: usize) {
    match row {
        SummaryLine::Blank => {}
        SummaryLine::Title(section) if section.rows.is_empty() => {
            let strip = heading::heading(ctx, section, usize::from(line.width));
            ctx.draw(strip, line);
        }
        SummaryLine::Title(section) => match section.kind {
            SectionKind::Operations | SectionKind::Users | SectionKind::Servers => {
                counts::title(ctx, section, line);
            }
            SectionKind::Running | SectionKind::Failures | SectionKind::Queued => {
                tasks::title(ctx, section, line);
            }
        },
        SummaryLine::Empty(kind) => {
            ctx.draw_text(heading::texts(*kind).1, Role::Dim, line);
        }
        SummaryLine::Row(section, entry, index) => {
            match &entry.subject {
                RowSubject::More(_) => {
                    let text = format!(
                        "{} {} more",
                        ctx.appearance.symbols.ellipsis, section.hidden
                    );
                    ctx.draw_text(&text, Role::Dim, line);
                }
                RowSubject::Task(handle) => tasks::entry(ctx, section.kind, *handle, line),
                _ => counts::entry(ctx, section, entry, line),
            }
            let whole = Rect {
                x: line.x.saturating_sub(1),
                width: line.width + 2,
                ..line
            };
            if *index == chosen {
                ctx.tint(whole, Role::Selected);
            }
            ctx.target(whole, ClickTarget::PopupEntry(*index));
        }
    }
}
