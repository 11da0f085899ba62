//! The timeline: the rows of the list as bars on a common time axis, and when all of them will be done.

use std::{borrow::Cow, time::Duration};

use ratatui::layout::{self, Constraint, Rect};

use crate::{
    app::{ClickTarget, ExpectedEnd, Timeline, TimelineLayout},
    task::{
        Handle, TaskRecord, TimeLeft,
        row_model::{Layout, Row, RowId},
    },
    ui::{
        RenderContext, group, labels, list, scrollbar,
        styled_line::StyledLine,
        theme::Role,
        time_axis::{Axis, Bar},
        timestamp,
    },
};

/// Maximum width of the names.
const MAX_NAME_WIDTH: u16 = 56;
/// Width of the column with the end, and the width of the screen from which it is shown.
const END_WIDTH: u16 = 12;
const MIN_COLUMNS_FOR_END: u16 = 100;
const GAP: u16 = 2;

/// Returns the areas of the columns with name, end and axis. Without space for the end, its column is empty.
fn columns(body: Rect) -> [Rect; 3] {
    let name = (body.width * 2 / 5).min(MAX_NAME_WIDTH);
    let (end, end_gap) = if body.width >= MIN_COLUMNS_FOR_END {
        (END_WIDTH, GAP)
    } else {
        (0, 0)
    };
    // The last column is for the scrollbar.
    let widths = [name, GAP, end, end_gap].map(Constraint::Length);
    let rest = [Constraint::Fill(1), Constraint::Length(1)];
    let [name, _, end, _, axis, _] =
        layout::Layout::horizontal(widths.into_iter().chain(rest)).areas(body);
    [name, end, axis]
}

pub(in crate::ui) fn draw(ctx: &mut RenderContext, timeline: &Timeline, body: Rect) {
    let layout = TimelineLayout::of(body);
    let columns = columns(body);
    let axis_width = usize::from(columns[2].width);
    let axis = Axis::new(&timeline.window().range(ctx.now), axis_width);
    if !layout.axis.is_empty() {
        draw_axis(ctx, columns, axis, layout.axis);
    }
    let in_tree = ctx.state.view().row_model.view().layout == Layout::Tree;
    let selected = timeline.selected(ctx.state);
    let rows = timeline.visible(ctx.state);
    if rows.is_empty() && !layout.rows.is_empty() {
        let mut strip = StyledLine::new(ctx.appearance, body.width);
        strip.gap(1).push("No tasks to show", Role::Dim);
        ctx.draw(strip, layout.rows);
    }
    let entries = rows.iter().zip(timeline.top()..);
    for ((row, entry), line) in entries.zip(layout.rows.rows()) {
        ctx.target(line, ClickTarget::PopupEntry(entry));
        match row.id {
            RowId::Task(handle) => draw_task(ctx, (row, handle, in_tree), columns, axis, line),
            RowId::Group(id) => group::draw(ctx, row, id, line),
        }
        if selected == Some(row.id) {
            ctx.tint(line, Role::Selected);
        }
    }
    let all = ctx.state.view().row_model.len();
    scrollbar::draw(ctx, layout.rows, all, timeline.top());
    if !layout.expected_end.is_empty() {
        draw_expected_end(ctx, timeline.expected_end(ctx.now), layout.expected_end);
    }
}

fn draw_axis(ctx: &mut RenderContext, columns: [Rect; 3], axis: Option<Axis>, line: Rect) {
    let [name, end, axis_area] = columns.map(|column| column.intersection(line));
    let mut strip = StyledLine::new(ctx.appearance, name.width);
    strip.gap(1).push("TASK", Role::Heading);
    ctx.draw(strip, name);
    ctx.draw_text("END", Role::Heading, end);
    if let Some(axis) = axis {
        let mut strip = StyledLine::new(ctx.appearance, axis_area.width);
        let zone = &ctx.state.options.time_zone;
        axis.label(&mut strip, (ctx.now, true), zone);
        ctx.draw(strip, axis_area);
    }
}

fn draw_task(
    ctx: &mut RenderContext,
    (row, handle, in_tree): (&Row, Handle, bool),
    columns: [Rect; 3],
    axis: Option<Axis>,
    line: Rect,
) {
    let Some(record) = ctx.state.view().store.get(handle) else {
        return;
    };
    let [name, end, axis_area] = columns.map(|column| column.intersection(line));
    draw_name(ctx, (row, record, in_tree), name);
    list::draw_mark(ctx, handle, line);
    let insight = ctx.state.insight(handle, ctx.now);
    let (text, role) = end_text(ctx, record, insight.time_left);
    ctx.draw_text(&text, role, end);
    let Some(axis) = axis else {
        return;
    };
    let server_now = ctx.state.time(record, ctx.now);
    if let Some(bar) = Bar::of(record, server_now) {
        let estimate = insight.forecast.and_then(|forecast| forecast.estimate);
        let to_local = ctx
            .state
            .local_time(record, server_now)
            .duration_since(server_now);
        let bar = bar.on_timeline(estimate, to_local);
        let mut strip = StyledLine::new(ctx.appearance, axis_area.width);
        axis.draw_bar(&mut strip, &bar);
        ctx.draw(strip, axis_area);
    }
    draw_now(ctx, axis, record.status().is_active(), axis_area);
}

/// Draws the line at the current time; not on a bar that ends there.
fn draw_now(ctx: &mut RenderContext, axis: Axis, is_active: bool, area: Rect) {
    let column = axis.column(ctx.now).and_then(|at| u16::try_from(at).ok());
    let Some(x) = column.map(|column| area.x + column) else {
        return;
    };
    let symbols = ctx.appearance.symbols;
    let style = ctx.appearance.style(Role::Focus);
    let position = (x, area.y);
    if !area.contains(position.into()) {
        return;
    }
    let drawn = ctx.buffer[position].symbol();
    if drawn == " " || is_active && drawn != symbols.onward {
        ctx.buffer[position]
            .set_symbol(symbols.bar)
            .set_style(style);
    }
}

fn draw_name(
    ctx: &mut RenderContext,
    (row, record, in_tree): (&Row, &TaskRecord, bool),
    area: Rect,
) {
    const MAX_INDENT: usize = 12;
    let symbols = ctx.appearance.symbols;
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    let step = if in_tree { 2 } else { 4 };
    strip.gap(1 + (step * row.depth).min(MAX_INDENT));
    if in_tree {
        strip.push(symbols.fold(row.fold), Role::Dim).gap(1);
    }
    strip.push_status(record.status());
    let mut target = Cow::from(labels::target(record));
    if ctx.state.servers.len() > 1
        && let Some(server) = ctx.state.server(record.id.server)
    {
        target = format!("{target} {} {}", symbols.dot, server.name).into();
    }
    let available = strip.remaining();
    let operation = ctx.state.view().store.operation(record);
    labels::push_operation_and_target(&mut strip, &operation, &target, available);
    ctx.draw(strip, area);
}

/// Returns the expected end of an active task or the end of a finished one.
fn end_text(ctx: &RenderContext, record: &TaskRecord, left: Option<TimeLeft>) -> (String, Role) {
    let zone = &ctx.state.options.time_zone;
    match left {
        Some(TimeLeft::About(left)) => {
            let end = timestamp::expected_end(left, ctx.now, zone);
            return (format!("~{end}"), Role::Text);
        }
        Some(TimeLeft::Unknown) => return (ctx.appearance.symbols.none.to_owned(), Role::Faint),
        None => {}
    }
    let at = record.completed_at();
    let at = at.map(|at| timestamp::short_moment(ctx.state.local_time(record, at), ctx.now, zone));
    (at.unwrap_or_default(), Role::Dim)
}

fn draw_expected_end(ctx: &mut RenderContext, expected_end: Option<ExpectedEnd>, area: Rect) {
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1);
    let Some(expected_end) = expected_end else {
        strip.push("Estimating when all will be done…", Role::Dim);
        ctx.draw(strip, area);
        return;
    };
    let ExpectedEnd {
        is_marked,
        tasks,
        active,
        unknown,
        forecast,
    } = expected_end;
    let set = if is_marked { "marked" } else { "shown" };
    strip.push(&format!("{tasks} {set}: "), Role::Dim);
    let zone = &ctx.state.options.time_zone;
    let time = |left: Duration| timestamp::expected_end(left, ctx.now, zone);
    match forecast {
        _ if active == 0 => strip.push("nothing queued or running", Role::Text),
        Some(forecast) => {
            let late = time(forecast.late);
            strip.push("all done by ", Role::Text);
            strip.push(&format!("~{}", time(forecast.median)), Role::Strong);
            strip.push(&format!(" (80 %: by {late})"), Role::Text)
        }
        None => strip.push("no estimate", Role::Text),
    };
    if unknown > 0 {
        let text = format!(
            " {} {unknown} without an estimate",
            ctx.appearance.symbols.dot
        );
        strip.push(&text, Role::Warning);
    }
    ctx.draw(strip, area);
}
