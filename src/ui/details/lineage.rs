//! The Lineage tab: the family of a task as a tree with states and times, and a common time line.

use std::ops::RangeInclusive;

use ratatui::text::Line;

use super::timeline::Axis;
use crate::{
    task::{Handle, Record, Status, TaskStore},
    text::width,
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, paragraph},
        theme::Role,
    },
    watch::FamilyState,
};

/// Maximum number of members drawn.
const MAX_LINEAGE_ROWS: usize = 500;
/// Widths of the columns at the right; the state column fits its longest label.
const ID_WIDTH: usize = 14;
const TIME_WIDTH: usize = 8;
const STATE_WIDTH_RANGE: RangeInclusive<usize> = 7..=18;

#[derive(Clone, Copy)]
struct Marker {
    /// True for the task whose family is shown.
    is_subject: bool,
    failed_first: bool,
}

/// Widths of the tree, of each member's fields, and of the time line.
struct Columns {
    all: u16,
    before_axis: usize,
    tree: usize,
    /// Width of the state; 0 if there is no room.
    state: usize,
    has_time: bool,
    has_id: bool,
}

impl Columns {
    fn new(all: u16, has_axis: bool, widest_state: usize) -> Self {
        let axis = if has_axis { axis_columns(all) + 2 } else { 0 };
        let before_axis = usize::from(all).saturating_sub(axis);
        let state = widest_state.clamp(*STATE_WIDTH_RANGE.start(), *STATE_WIDTH_RANGE.end());
        let mut columns = Self {
            all,
            before_axis,
            tree: before_axis,
            state: if before_axis >= 28 { state } else { 0 },
            has_time: before_axis >= 40,
            has_id: before_axis >= 56,
        };
        let shown = [
            (columns.state > 0, columns.state),
            (columns.has_time, TIME_WIDTH),
            (columns.has_id, ID_WIDTH),
        ];
        let taken: usize = shown
            .into_iter()
            .filter_map(|(is_shown, width)| is_shown.then_some(width + 2))
            .sum();
        columns.tree = before_axis.saturating_sub(taken);
        columns
    }
}

/// A member with its position in the tree.
struct Member {
    handle: Handle,
    /// For each ancestor below the root: true if it has a next sibling.
    guides: Vec<bool>,
    is_last: bool,
}

pub(super) fn lines(ctx: &RenderContext, handle: Handle, columns: u16) -> Vec<Line<'static>> {
    let board = &ctx.state.view().store;
    let root = board.root(handle);
    let members = members(board, root);
    let all = usize::try_from(board.family(root).total()).unwrap_or(usize::MAX);
    let records = members.iter().filter_map(|member| board.get(member.handle));
    let timed = records.map(|record| (record, ctx.state.time(record, ctx.now)));
    let axis = Axis::over(timed, axis_columns(columns));
    let first_failed = board.first_failed(root);
    let states = members.iter().filter_map(|member| {
        let failed_first = Some(member.handle) == first_failed;
        Some(width(&state(board.get(member.handle)?, failed_first)))
    });
    let shared = Columns::new(columns, axis.is_some(), states.max().unwrap_or(0));
    let mut lines = Vec::new();
    if let Some(axis) = &axis {
        let mut strip = StyledLine::new(ctx.appearance, columns);
        strip.pad_to(usize::from(columns).saturating_sub(axis_columns(columns)));
        // Dates are relative to the clock of the tasks' server.
        let there = board
            .get(handle)
            .map(|record| ctx.state.time(record, ctx.now));
        axis.label(ctx, &mut strip, there.unwrap_or(ctx.now));
        lines.push(strip.line());
    }
    lines.extend(members.iter().filter_map(|member| {
        let marker = Marker {
            is_subject: member.handle == handle,
            failed_first: Some(member.handle) == first_failed,
        };
        line(ctx, member, marker, &shared, axis)
    }));
    if all > members.len() {
        let mut more = StyledLine::new(ctx.appearance, columns);
        more.push(&format!("and {} more", all - members.len()), Role::Dim);
        lines.push(more.line());
    }
    if let Some(failed) = first_failed.and_then(|first| board.get(first)) {
        let text = format!(
            "{} ({}) failed first.",
            board.operation(failed),
            failed.id.mo_id
        );
        lines.push(Line::default());
        lines.extend(paragraph(ctx.appearance, &text, columns, Role::Failed));
    }
    let looked_up = match ctx.state.view().family_states.get(&handle) {
        Some(FamilyState::Searching) => "Searching the history for related tasks…".to_owned(),
        Some(FamilyState::Failed(reason)) => {
            format!("Cannot search the history for related tasks: {reason}")
        }
        Some(FamilyState::Found { .. }) | None => return lines,
    };
    lines.push(Line::default());
    lines.extend(paragraph(ctx.appearance, &looked_up, columns, Role::Dim));
    lines
}

/// Returns the width of the time line; 0 if the tree needs all the room.
fn axis_columns(columns: u16) -> usize {
    match usize::from(columns) {
        ..70 => 0,
        wide @ 70..100 => wide / 3,
        wide => (wide * 2 / 5).min(90),
    }
}

/// Returns the family in tree order. Not recursive, because lineages may be deep.
fn members(board: &TaskStore, root: Handle) -> Vec<Member> {
    let mut members = Vec::new();
    let mut waiting = vec![Member {
        handle: root,
        guides: Vec::new(),
        is_last: true,
    }];
    while let Some(member) = waiting.pop() {
        let children = board.children(member.handle);
        for (index, child) in children.iter().enumerate().rev() {
            let mut guides = member.guides.clone();
            if member.handle != root {
                guides.push(!member.is_last);
            }
            waiting.push(Member {
                handle: *child,
                guides,
                is_last: index + 1 == children.len(),
            });
        }
        members.push(member);
        if members.len() == MAX_LINEAGE_ROWS {
            break;
        }
    }
    members
}

fn line(
    ctx: &RenderContext,
    member: &Member,
    marker: Marker,
    columns: &Columns,
    axis: Option<Axis>,
) -> Option<Line<'static>> {
    let record = ctx.state.view().store.get(member.handle)?;
    let now = ctx.state.time(record, ctx.now);
    let mut strip = StyledLine::new(ctx.appearance, columns.all);
    draw_branch(ctx, &mut strip, member, record, marker, columns);
    let mut at = columns.tree;
    if columns.state > 0 {
        let role = labels::role(record.status());
        strip.pad_to(at + 2);
        strip.push_max(&state(record, marker.failed_first), columns.state, role);
        at += columns.state + 2;
    }
    if columns.has_time {
        let elapsed = labels::elapsed(record, now);
        strip.pad_to(at + 2 + TIME_WIDTH.saturating_sub(elapsed.len()));
        strip.push(&elapsed, Role::Text);
        at += TIME_WIDTH + 2;
    }
    if columns.has_id {
        strip.pad_to(at + 2);
        strip.push_max(&record.id.mo_id, ID_WIDTH, Role::Dim);
    }
    if let Some(axis) = axis {
        strip.pad_to(columns.before_axis + 2);
        axis.bar(ctx.appearance, &mut strip, record, now);
    }
    Some(strip.line())
}

/// Draws the branch of a member, its symbol, name and target.
fn draw_branch(
    ctx: &RenderContext,
    strip: &mut StyledLine,
    member: &Member,
    record: &Record,
    marker: Marker,
    columns: &Columns,
) {
    let (board, symbols) = (&ctx.state.view().store, &ctx.appearance.symbols);
    let pointer = if marker.is_subject {
        symbols.pointer
    } else {
        " "
    };
    strip.push(pointer, Role::Key).gap(1);
    if member.handle != board.root(member.handle) {
        for goes_on in member.guides.iter().take(columns.before_axis / 6) {
            strip.push(if *goes_on { symbols.guide } else { "  " }, Role::Faint);
        }
        let branch = if member.is_last {
            symbols.last
        } else {
            symbols.branch
        };
        strip.push(branch, Role::Faint);
        if board.has_gap_above(member.handle) {
            strip.push(symbols.ellipsis, Role::Faint).gap(1);
        }
    }
    let status = record.status();
    strip
        .push(symbols.status(status), labels::role(status))
        .gap(1);
    let name = if marker.is_subject {
        Role::Strong
    } else {
        Role::Text
    };
    let left = columns.tree.saturating_sub(strip.width());
    strip.push_max(&board.operation(record), left, name);
    let left = columns.tree.saturating_sub(strip.width() + 2);
    if let Some(info) = record.info.as_ref().filter(|_| left >= 4) {
        strip
            .gap(2)
            .push_max(&labels::target(info), left, Role::Dim);
    }
}

fn state(record: &Record, failed_first: bool) -> String {
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
