//! The Lineage tab: the family of a task as a tree with states and times, and a common time line.

use std::ops::RangeInclusive;

use ratatui::text::Line;

use crate::{
    app::{LineageEntry, LineageRow, lineage},
    task::{Handle, Status, TaskRecord, TaskStore},
    text::width,
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, paragraph},
        theme::Role,
        time_axis::{Axis, Bar},
    },
    watch::FamilyState,
};

/// Widths of the columns at the right; the state column fits its longest label.
const ID_WIDTH: usize = 14;
const TIME_WIDTH: usize = 8;
const STATE_WIDTH_RANGE: RangeInclusive<usize> = 7..=18;
const MIN_AXIS_WIDTH: usize = 20;
const TARGET_WIDTH_RANGE: RangeInclusive<usize> = 6..=24;

/// Widths of the tree, of each member's fields, and of the time line. Fields without space have none.
struct Columns {
    before_axis: usize,
    tree: usize,
    target: usize,
    state: usize,
    time: usize,
    id: usize,
}

impl Columns {
    fn new(all: u16, axis: usize, widest_target: usize, widest_state: usize) -> Self {
        let gap = if axis > 0 { 2 } else { 0 };
        let before_axis = usize::from(all).saturating_sub(axis + gap);
        let within =
            |width: usize, range: RangeInclusive<usize>| width.clamp(*range.start(), *range.end());
        let shown = |from: usize, width: usize| if before_axis >= from { width } else { 0 };
        let target = within(widest_target, TARGET_WIDTH_RANGE).min(before_axis / 4);
        let mut columns = Self {
            before_axis,
            tree: before_axis,
            target: if widest_target > 0 { target } else { 0 },
            state: shown(28, within(widest_state, STATE_WIDTH_RANGE)),
            time: shown(44, TIME_WIDTH),
            id: shown(64, ID_WIDTH),
        };
        let fields = [columns.target, columns.state, columns.time, columns.id];
        let used = fields.iter().filter(|width| **width > 0);
        let used: usize = used.map(|width| width + 2).sum();
        columns.tree = before_axis.saturating_sub(used);
        columns
    }
}

/// Returns the lines of the tab, and the line of the cursor.
pub(super) fn lines(
    ctx: &RenderContext,
    handle: Handle,
    columns: u16,
) -> (Vec<Line<'static>>, Option<usize>) {
    let view = ctx.state.view();
    let store = &view.store;
    let root = store.root(handle);
    let rows = lineage(store, handle, view.details.shows_finished);
    let members = || {
        rows.iter()
            .filter_map(|row| Some((row, member(store, row)?)))
    };
    let timed = members().map(|(_, record)| (record, ctx.state.time(record, ctx.now)));
    let names =
        members().map(|(row, record)| 6 + 2 * row.guides.len() + width(&store.operation(record)));
    let widest_name = names.max().unwrap_or(0);
    let first_failed = first_failed(store, root);
    let is_first =
        |row: &LineageRow| first_failed.is_some_and(|first| row.entry == LineageEntry::Task(first));
    let states = members().map(|(row, record)| width(&state(record, is_first(row))));
    let targets = members().map(|(_, record)| width(labels::target(record)));
    let (target_width, state_width) = (targets.max().unwrap_or(0), states.max().unwrap_or(0));
    let mut axis_width = axis_columns(columns);
    let layout_columns = |axis| Columns::new(columns, axis, target_width, state_width);
    // Names take space from the time line.
    let cut = widest_name.saturating_sub(layout_columns(axis_width).tree);
    axis_width -= cut.min(axis_width.saturating_sub(MIN_AXIS_WIDTH));
    let axis = Axis::of_records(timed, axis_width);
    let shared = layout_columns(axis.map_or(0, |_| axis_width));
    let mut lines = Vec::new();
    if let Some(axis) = &axis {
        let mut strip = StyledLine::new(ctx.appearance, columns);
        strip.pad_to(usize::from(columns).saturating_sub(axis_width));
        // Dates are relative to the clock of the tasks' server.
        let server_time = store
            .get(handle)
            .map(|record| ctx.state.time(record, ctx.now));
        let zone = &ctx.state.options.time_zone;
        let now = (server_time.unwrap_or(ctx.now), false);
        axis.label(&mut strip, now, zone);
        lines.push(strip.line());
    }
    let cursor = ctx.state.lineage_cursor(handle);
    let mut cursor_line = None;
    for row in &rows {
        let is_chosen = cursor == Some(row.entry);
        if is_chosen {
            cursor_line = Some(lines.len());
        }
        let is_subject = row.entry == LineageEntry::Task(handle);
        let mut strip = StyledLine::new(ctx.appearance, columns);
        branch(
            ctx,
            &mut strip,
            row,
            is_chosen || (cursor.is_none() && is_subject),
        );
        match member(store, row) {
            Some(record) => {
                let now = ctx.state.time(record, ctx.now);
                fields(
                    ctx,
                    &mut strip,
                    record,
                    (is_subject, is_first(row)),
                    &shared,
                );
                if let Some((axis, bar)) = axis.zip(Bar::of(record, now)) {
                    strip.pad_to(shared.before_axis + 2);
                    axis.draw_bar(&mut strip, &bar);
                }
            }
            None => {
                strip.push(&format!("{} finished", row.folded), Role::Dim);
            }
        }
        strip.pad_to(usize::from(columns));
        let mut line = strip.line();
        if is_chosen {
            line.style = ctx.appearance.style(Role::Selected);
        }
        lines.push(line);
    }
    let shown = rows.iter().map(|row| row.folded.max(1)).sum::<usize>();
    for (text, role) in notes(ctx, handle, shown) {
        lines.extend(paragraph(ctx.appearance, &text, columns, role));
    }
    (lines, cursor_line)
}

/// Returns the member of a family that failed first; `None` for a task without relatives.
fn first_failed(store: &TaskStore, root: Handle) -> Option<Handle> {
    let has_relatives = store.family(root).total() > 1;
    store.first_failed(root).filter(|_| has_relatives)
}

/// Returns the notes below the tree, of which `shown` members are visible.
fn notes(ctx: &RenderContext, handle: Handle, shown: usize) -> Vec<(String, Role)> {
    let view = ctx.state.view();
    let store = &view.store;
    let root = store.root(handle);
    let all = usize::try_from(store.family(root).total()).unwrap_or(usize::MAX);
    let mut notes = Vec::new();
    if all > shown {
        notes.push((format!("and {} more", all - shown), Role::Dim));
    }
    if let Some(failed) = first_failed(store, root).and_then(|first| store.get(first)) {
        let text = format!(
            "{} ({}) failed first.",
            store.operation(failed),
            failed.id.mo_id
        );
        notes.push((text, Role::Failed));
    }
    match view.family_states.get(&handle) {
        Some(FamilyState::Searching) => {
            let text = "Searching the history for related tasks…";
            notes.push((text.to_owned(), Role::Dim));
        }
        Some(FamilyState::Failed(reason)) => {
            let text = format!("Cannot search the history for related tasks: {reason}");
            notes.push((text, Role::Dim));
        }
        Some(FamilyState::Found { .. }) | None => {}
    }
    notes
}

fn member<'a>(store: &'a TaskStore, row: &LineageRow) -> Option<&'a TaskRecord> {
    match row.entry {
        LineageEntry::Task(handle) => store.get(handle),
        LineageEntry::Finished(_) => None,
    }
}

/// Returns the width of the time line; 0 if the tree needs all the space.
fn axis_columns(columns: u16) -> usize {
    match usize::from(columns) {
        ..70 => 0,
        wide @ 70..100 => wide / 4,
        wide => (wide / 3).min(90),
    }
}

/// Draws the pointer and the branch of an entry.
fn branch(ctx: &RenderContext, strip: &mut StyledLine, row: &LineageRow, is_marked: bool) {
    let symbols = &ctx.appearance.symbols;
    let pointer = if is_marked { symbols.pointer } else { " " };
    strip.push(pointer, Role::Key).gap(1);
    let store = &ctx.state.view().store;
    if let LineageEntry::Task(handle) = row.entry
        && handle == store.root(handle)
    {
        return;
    }
    for continues in row.guides.iter().take(strip.remaining() / 6) {
        strip.push(if *continues { symbols.guide } else { "  " }, Role::Faint);
    }
    let branch = if row.is_last {
        symbols.last
    } else {
        symbols.branch
    };
    strip.push(branch, Role::Faint);
    if let LineageEntry::Task(handle) = row.entry
        && store.has_gap_above(handle)
    {
        strip.push(symbols.ellipsis, Role::Faint).gap(1);
    }
}

/// Draws the fields of a member.
fn fields(
    ctx: &RenderContext,
    strip: &mut StyledLine,
    record: &TaskRecord,
    (is_subject, is_first): (bool, bool),
    columns: &Columns,
) {
    let status = record.status();
    strip.push_status(status);
    let name = if is_subject { Role::Strong } else { Role::Text };
    let available = columns.tree.saturating_sub(strip.width());
    strip.push_max(&ctx.state.view().store.operation(record), available, name);
    let now = ctx.state.time(record, ctx.now);
    let elapsed = labels::elapsed(record, now);
    let state = state(record, is_first);
    let mut at = columns.tree;
    for (text, role, width, is_right) in [
        (labels::target(record), Role::Text, columns.target, false),
        (&state, Role::from(status), columns.state, false),
        (&elapsed, Role::Text, columns.time, true),
        (&record.id.mo_id, Role::Dim, columns.id, false),
    ] {
        if width > 0 {
            let padding = width.saturating_sub(crate::text::width(text));
            strip.pad_to(at + 2 + if is_right { padding } else { 0 });
            strip.push_max(text, width, role);
            at += width + 2;
        }
    }
}

fn state(record: &TaskRecord, failed_first: bool) -> String {
    let word = record.status().word();
    let word = match record.progress().percent() {
        Some(percent) if record.status() != Status::Success => format!("{word} {percent}%"),
        _ => word.to_owned(),
    };
    if failed_first {
        format!("{word} (first)")
    } else {
        word
    }
}
