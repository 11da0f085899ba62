//! The lineage: the whole family of a task as a tree, each member with its state and its time, and all of them on one
//! time line.

use ratatui::text::Line;

use super::timeline::Axis;
use crate::{
    task::{Board, Handle, Record, Status},
    ui::{
        Canvas,
        ink::{Strip, prose},
        theme::Role,
        words,
    },
    watch::FamilyState,
};

/// Families are bounded in what is drawn of them; the list shows all.
const MOST: usize = 500;
/// The width of each column at the right.
const ID: usize = 14;
const TIME: usize = 8;
const STATE: usize = 18;

/// What sets a member apart.
#[derive(Clone, Copy)]
struct Sign {
    /// It is the one whose family this is.
    is_subject: bool,
    failed_first: bool,
}

/// A member with its place in the tree.
struct Member {
    handle: Handle,
    /// For each ancestor below the root: whether another member follows it.
    guides: Vec<bool>,
    is_last: bool,
}

pub(super) fn lines(canvas: &Canvas, handle: Handle, columns: u16) -> Vec<Line<'static>> {
    let board = &canvas.state.board;
    let root = board.root(handle);
    let members = members(board, root);
    let all = usize::try_from(board.family(root).total()).unwrap_or(usize::MAX);
    let records = members.iter().filter_map(|member| board.get(member.handle));
    let timed = records.map(|record| (record, canvas.state.time(record, canvas.now)));
    let axis = Axis::over(timed, axis_columns(columns));
    let first_failed = board.first_failed(root);
    let mut lines = Vec::new();
    if let Some(axis) = &axis {
        let mut strip = Strip::new(canvas.look, columns);
        strip.pad_to(usize::from(columns).saturating_sub(axis_columns(columns)));
        // The day is told by the clock of the tasks' server.
        let there = board
            .get(handle)
            .map(|record| canvas.state.time(record, canvas.now));
        axis.label(canvas, &mut strip, there.unwrap_or(canvas.now));
        lines.push(strip.line());
    }
    lines.extend(members.iter().filter_map(|member| {
        let sign = Sign {
            is_subject: member.handle == handle,
            failed_first: Some(member.handle) == first_failed,
        };
        line(canvas, member, sign, columns, axis)
    }));
    if all > members.len() {
        let mut more = Strip::new(canvas.look, columns);
        more.put(&format!("and {} more", all - members.len()), Role::Dim);
        lines.push(more.line());
    }
    if let Some(failed) = first_failed.and_then(|first| board.get(first)) {
        let text = format!(
            "{} ({}) failed first.",
            board.operation(failed),
            failed.id.mo_id
        );
        lines.push(Line::default());
        lines.extend(prose(canvas.look, &text, columns, Role::Failed));
    }
    let looked_up = match canvas.state.families.get(&handle) {
        Some(FamilyState::Searching) => "Searching the server's history for the rest…".to_owned(),
        Some(FamilyState::Failed(reason)) => {
            format!("The server's history cannot be asked for the rest: {reason}")
        }
        Some(FamilyState::Found { .. }) | None => return lines,
    };
    lines.push(Line::default());
    lines.extend(prose(canvas.look, &looked_up, columns, Role::Dim));
    lines
}

/// How wide the time line is; nothing where the tree needs all the room.
fn axis_columns(columns: u16) -> usize {
    match usize::from(columns) {
        ..70 => 0,
        wide => (wide * 2 / 5).min(90),
    }
}

/// The family from the root down, without recursion: lineages may be deep.
fn members(board: &Board, root: Handle) -> Vec<Member> {
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
        if members.len() == MOST {
            break;
        }
    }
    members
}

fn line(
    canvas: &Canvas,
    member: &Member,
    sign: Sign,
    columns: u16,
    axis: Option<Axis>,
) -> Option<Line<'static>> {
    let look = canvas.look;
    let board = &canvas.state.board;
    let record = board.get(member.handle)?;
    let now = canvas.state.time(record, canvas.now);
    let status = record.status();
    // The time line has its part; the rest is shared as on a narrower screen.
    let bars = axis.map_or(0, |_| axis_columns(columns) + 2);
    let wide = usize::from(columns).saturating_sub(bars);
    let right = [(56, ID), (40, TIME), (28, STATE)];
    let right = right.into_iter().filter(|(from, _)| wide >= *from);
    let taken: usize = right.map(|(_, columns)| columns + 2).sum();
    let room = wide.saturating_sub(taken);
    let mut strip = Strip::new(look, columns);
    strip.put(
        if sign.is_subject {
            look.symbols.pointer
        } else {
            " "
        },
        Role::Key,
    );
    strip.gap(1);
    let is_root = member.handle == board.root(member.handle);
    if !is_root {
        for goes_on in member.guides.iter().take(wide / 6) {
            strip.put(
                if *goes_on { look.symbols.guide } else { "  " },
                Role::Faint,
            );
        }
        let branch = if member.is_last {
            look.symbols.last
        } else {
            look.symbols.branch
        };
        strip.put(branch, Role::Faint);
        if board.has_gap_above(member.handle) {
            strip.put(look.symbols.ellipsis, Role::Faint).gap(1);
        }
    }
    strip
        .put(look.symbols.status(status), words::role(status))
        .gap(1);
    let name = if sign.is_subject {
        Role::Strong
    } else {
        Role::Text
    };
    strip.put_within(
        &board.operation(record),
        room.saturating_sub(strip.used()),
        name,
    );
    if let Some(info) = &record.info {
        let left = room.saturating_sub(strip.used() + 2);
        if left >= 4 {
            strip
                .gap(2)
                .put_within(&words::target(info), left, Role::Dim);
        }
    }
    let mut at = room;
    if wide >= 28 {
        strip.pad_to(at + 2);
        strip.put_within(
            &state(record, sign.failed_first),
            STATE,
            words::role(status),
        );
        at += STATE + 2;
    }
    if wide >= 40 {
        let elapsed = words::elapsed(record, now);
        strip.pad_to(at + 2 + TIME.saturating_sub(elapsed.len()));
        strip.put(&elapsed, Role::Text);
        at += TIME + 2;
    }
    if wide >= 56 {
        strip.pad_to(at + 2);
        strip.put_within(&record.id.mo_id, ID, Role::Dim);
    }
    if let Some(axis) = axis {
        strip.pad_to(wide + 2);
        axis.bar(look, &mut strip, record, now);
    }
    Some(strip.line())
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
