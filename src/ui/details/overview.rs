//! The Overview tab: every field of `TaskInfo`, warnings and estimates.

use std::time::Duration;

use jiff::SignedDuration;
use ratatui::{layout::Rect, text::Line};
use serde_json::Value;

use super::{
    field_list::{FieldList, LABEL_WIDTH, join_columns},
    related::{self, Section},
};
use crate::{
    app::{Action, Context},
    task::{
        Handle, LocationField, PendingQuestion, Presence, Rule, StatsScope, Status, TaskRecord,
        cancellation::{CancelState, flag_text, privilege_text},
    },
    text::duration,
    ui::{
        RenderContext, chart, labels, progress,
        styled_line::{StyledLine, flow},
        theme::Role,
    },
    vim::types::{EntityLocation, ManagedObjectReference, TaskInfo, TaskReason, unboxed},
};

/// Minimum width for two columns of fields.
const MIN_COLUMNS_FOR_TWO: u16 = 96;
/// Minimum width for a third column with summaries of the other tabs.
const MIN_COLUMNS_FOR_THREE: u16 = 150;

/// Minimum number of rows for events below the columns.
const MIN_ROWS_FOR_EVENTS: usize = 5;

/// Fields of a placeholder record.
pub(super) fn placeholder(
    ctx: &RenderContext,
    record: &TaskRecord,
    columns: u16,
) -> Vec<Line<'static>> {
    let mut fields = FieldList {
        ctx,
        columns,
        lines: Vec::new(),
    };
    fields.text("Task", &record.id.mo_id);
    fields.push("State", Status::Placeholder.word(), Role::Dim);
    match &record.presence {
        Presence::Present | Presence::HistoryOnly => {
            fields.push("Reason", "not read yet", Role::Dim);
        }
        Presence::Gone(_) => fields.text("Reason", "unknown to the server, or expired"),
        Presence::Unreadable(reason) => fields.text("Reason", reason),
    }
    fields.lines
}

pub(super) fn lines(
    ctx: &RenderContext,
    handle: Handle,
    record: &TaskRecord,
    info: &TaskInfo,
    area: Rect,
) -> Vec<Line<'static>> {
    let gap = 2;
    let all = area.width;
    // The other tabs are summed up where there is space.
    let summaries = |columns| related::summaries(ctx, handle, info, columns);
    let count = match all {
        ..MIN_COLUMNS_FOR_TWO => 1,
        MIN_COLUMNS_FOR_TWO..MIN_COLUMNS_FOR_THREE => 2,
        _ if summaries(all / 3).is_empty() => 2,
        _ => 3,
    };
    let own = (all - gap * (count - 1)) / count;
    let fields = || FieldList {
        ctx,
        columns: own,
        lines: Vec::new(),
    };
    let (mut left, mut right) = (fields(), fields());
    progress(&mut left, handle, record, info);
    times(&mut left, record, info);
    typical_duration(&mut right, record, info);
    cancellation(&mut right, handle, record, info);
    family(&mut right, handle, info);
    identity(&mut right, record, info);
    let rows = usize::from(area.height);
    let below = if count > 1 { 0 } else { right.lines.len() };
    let free = rows.saturating_sub(left.lines.len() + below);
    progress_chart(&mut left, record, free);
    let (mut left, mut right, mut summaries) = (left.lines, right.lines, summaries(own));
    // Events are long: below the columns, or in the shortest one if there is no space below.
    let free = rows.saturating_sub(left.len().max(right.len()));
    let events = |columns| related::latest_events(ctx, handle, record, columns);
    let has_space_below = count == 1 || free >= MIN_ROWS_FOR_EVENTS;
    if !has_space_below {
        summaries.push(events(own));
    }
    let start = usize::from(own + gap);
    let mut lines = match count {
        1 => {
            left.append(&mut right);
            add_sections(&mut [&mut left], summaries, rows);
            left
        }
        2 => {
            add_sections(&mut [&mut left, &mut right], summaries, rows);
            join_columns(left, right, start)
        }
        _ => {
            let mut third = Vec::new();
            add_sections(&mut [&mut third], summaries, rows);
            join_columns(join_columns(left, right, start), third, 2 * start)
        }
    };
    if has_space_below {
        add_sections(&mut [&mut lines], vec![events(all)], rows);
    }
    lines
}

/// Adds each section to the column with the most free rows, as far as it fits.
fn add_sections(columns: &mut [&mut Vec<Line<'static>>], sections: Vec<Section>, rows: usize) {
    for mut section in sections {
        let Some(column) = columns.iter_mut().min_by_key(|column| column.len()) else {
            return;
        };
        let gap = usize::from(!column.is_empty());
        section.truncate(rows.saturating_sub(column.len() + gap));
        // A title alone is useless.
        if section.len() > 1 {
            column.extend(std::iter::repeat_n(Line::default(), gap));
            column.append(&mut section);
        }
    }
}

fn progress(fields: &mut FieldList, handle: Handle, record: &TaskRecord, info: &TaskInfo) {
    let ctx = fields.ctx;
    let now = ctx.state.time(record, ctx.now);
    let status = record.status();
    let operation = ctx.state.view().store.operation(record);
    let head = [
        (ctx.appearance.symbols.status(status), Role::from(status)),
        (" ", Role::Text),
        (&*operation, Role::Strong),
    ];
    fields
        .lines
        .extend(flow(ctx.appearance, &head, fields.columns, 2));
    if let Some(error) = &info.error {
        fields.push("Error", &error.text(), Role::from(status));
    }
    if status.is_active() {
        let mut bar = StyledLine::new(ctx.appearance, fields.columns.min(LABEL_WIDTH + 40));
        bar.push("Progress", Role::Heading)
            .pad_to(usize::from(LABEL_WIDTH));
        let shown = ctx.state.view().store.progress(handle);
        let stale = ctx.state.is_stale(record);
        progress::draw(&mut bar, record, shown, now, stale);
        fields.lines.push(bar.line());
    } else {
        let mut word = status.word().to_owned();
        if let Some(percent) = record.progress().percent()
            && status != Status::Success
        {
            word = format!("{word} at {percent}%");
        }
        fields.push("State", &word, Role::from(status));
        if record.presence == Presence::HistoryOnly {
            fields.push("Source", "server history", Role::Dim);
        }
    }
    if let Some(why) = record.percent_problem() {
        fields.push("", &why, Role::Warning);
    }
    if let Some(phase) = &info.description {
        fields.text("Phase", phase.text());
    }
    time_left(fields, handle, record);
    let target = labels::target(record);
    match &info.entity {
        Some(entity) if *entity.value != *target => {
            fields.text("Target", &format!("{target}  {entity}"));
        }
        Some(entity) => fields.text("Target", &entity.to_string()),
        None if target.is_empty() => fields.push("Target", "none", Role::Dim),
        None => fields.text("Target", target),
    }
    location(fields, record);
    fields.text("Started by", &reason(&info.reason));
    for detail in info.progress_details() {
        fields.text("Detail", &key_value(detail));
    }
}

/// Adds where the target runs, if that was read.
fn location(fields: &mut FieldList, record: &TaskRecord) {
    let known = fields.ctx.state.view().store.location(record);
    if let Some(EntityLocation::Unreadable(reason)) = known {
        fields.push("Location", &format!("unknown: {reason}"), Role::Dim);
        return;
    }
    let names = LocationField::ALL.into_iter();
    let names: Vec<&str> = names.filter_map(|field| field.of(known)).collect();
    if !names.is_empty() {
        let dot = format!(" {} ", fields.ctx.appearance.symbols.dot);
        fields.text("Location", &names.join(&dot));
    }
}

/// Adds the time left and the warnings.
fn time_left(fields: &mut FieldList, handle: Handle, record: &TaskRecord) {
    let state = fields.ctx.state;
    let insight = state.insight(handle, fields.ctx.now);
    let question = state.view().store.question(handle);
    if let Some(forecast) = insight.forecast {
        let past = state.typical.past_runs(record);
        fields.text("Time left", &forecast.explain(&state.view().store, past));
    }
    let is_own_question = question.is_some();
    if let Some(blocker) = insight.blocker.as_deref().filter(|_| !is_own_question) {
        let key = state.key_label(Context::List, Action::Blocker);
        let key = key.map_or_else(String::new, |key| format!("  ({key} goes there)"));
        fields.push("Blocked", &format!("{blocker}{key}"), Role::Warning);
    }
    for finding in &insight.warnings {
        match (finding.rule, question) {
            (Rule::Question, Some(question)) => pending_question(fields, question),
            _ => fields.push("Warning", &finding.message, Role::Warning),
        }
    }
}

/// Adds the typical duration of the operation, or why it is unknown for an active task.
fn typical_duration(fields: &mut FieldList, record: &TaskRecord, info: &TaskInfo) {
    let state = fields.ctx.state;
    let server = record.id.server;
    let entity = info.entity.as_ref().map(|entity| &*entity.value);
    let known = state.typical.find(server, &info.description_id, entity);
    let active = record.status().is_active();
    if active && known.is_some() {
        // Part of the line about the time left.
    } else if let Some((typical, from)) = known {
        let (first, last) = typical.quartiles();
        let of = match from {
            StatsScope::Entity => "on this target",
            StatsScope::Operation => "of this operation",
        };
        let text = format!(
            "{}  {}–{} in {} runs {of}",
            whole(typical.median()),
            whole(first),
            whole(last),
            typical.count()
        );
        fields.text("Typical", &text);
    } else if let Some(reason) = state.typical_errors.get(&server).filter(|_| active) {
        fields.push("Typical", &format!("unknown: {reason}"), Role::Dim);
    } else if active && state.typical.has_runs(server) {
        fields.push("Typical", "unknown: too few runs", Role::Dim);
    }
}

fn whole(span: Duration) -> String {
    SignedDuration::try_from(span)
        .map(duration)
        .unwrap_or_default()
}

/// Adds the pending question of the virtual machine and its possible answers.
fn pending_question(fields: &mut FieldList, question: &PendingQuestion) {
    let text = format!(
        "The virtual machine is waiting for an answer: {}",
        question.text.trim()
    );
    fields.push("Warning", &text, Role::Warning);
    for (index, choice) in question.choices.iter().enumerate() {
        let name = if index == 0 { "Answers" } else { "" };
        fields.text(
            name,
            &format!("{}  {choice}", fields.ctx.appearance.symbols.dot),
        );
    }
    fields.push("", "Answer it in the vSphere Client.", Role::Dim);
}

/// Adds the progress chart, in at most `rows` lines.
fn progress_chart(fields: &mut FieldList, record: &TaskRecord, rows: usize) {
    let ctx = fields.ctx;
    let now = ctx.state.time(record, ctx.now);
    let ran = record
        .run_time(now)
        .and_then(|ran| Duration::try_from(ran).ok());
    if let Some((history, ran)) = record.history.as_deref().zip(ran) {
        let name = ("Over time", LABEL_WIDTH);
        let chart = chart::lines(ctx.appearance, history, ran, name, fields.columns, rows);
        fields.lines.extend(chart);
    }
}

fn times(fields: &mut FieldList, record: &TaskRecord, info: &TaskInfo) {
    let ctx = fields.ctx;
    let now = ctx.state.time(record, ctx.now);
    let waited = match (record.queued_for(now), record.queue_time_problem(now)) {
        (Some(waited), _) if waited >= SignedDuration::from_secs(1) => {
            format!("waited {}", duration(waited))
        }
        (None, Some(why)) => format!("queue time unknown: {why}"),
        _ => String::new(),
    };
    if let Some(queued) = info.queue_time() {
        fields.moment("Queued", queued, now, &waited);
    }
    let active = record.status().is_active();
    if let Some(start) = info.start_time() {
        let verb = if active { "running for" } else { "ran" };
        let ran = match (record.run_time(now), record.run_time_problem(now)) {
            (Some(ran), _) => format!("{verb} {}", duration(ran)),
            (None, Some(why)) => format!("run time unknown: {why}"),
            (None, None) => String::new(),
        };
        fields.moment("Started", start, now, &ran);
    }
    if let Some(complete) = info.complete_time() {
        fields.moment("Finished", complete, now, "");
    }
    match (&record.presence, record.observed_at()) {
        (Presence::Gone(at), _) => fields.moment("Expired", *at, now, "no longer on the server"),
        (Presence::Unreadable(reason), Some(seen)) => {
            fields.moment("Last read", seen, now, reason);
        }
        _ => {}
    }
    if active && let Some(moved) = record.last_change() {
        fields.moment("Last change", moved, now, "");
    }
    if !info.invalid().is_empty() {
        fields.text("Not readable", &info.invalid().to_string());
    }
}

fn cancellation(fields: &mut FieldList, handle: Handle, record: &TaskRecord, info: &TaskInfo) {
    let ctx = fields.ctx;
    let now = ctx.state.time(record, ctx.now);
    match CancelState::of(record) {
        CancelState::Requested => {
            let ago = record
                .cancel_observation()
                .map(|seen| format!(" {}", seen.ago(now)));
            let (ago, word) = (ago.unwrap_or_default(), record.status().word());
            let text = format!("requested{ago}, still {word}");
            fields.push("Cancellation", &text, Role::Cancelled);
        }
        CancelState::NotApplicable => {}
        _ => fields.text("Cancelable", flag_text(info, "cancelable", info.cancelable)),
    }
    if let Some(request) = ctx.state.view().cancel_requests.get(&handle) {
        fields.push("Request", &request.status_text(ctx.now), Role::Text);
    }
    if record.status().is_active()
        && let Some(privilege) = ctx.state.view().privileges.get(&handle)
    {
        fields.text("May cancel", &privilege_text(Some(privilege)));
    }
}

fn family(fields: &mut FieldList, handle: Handle, info: &TaskInfo) {
    if let Some(parent) = info.parent_key() {
        fields.text("Parent", parent);
    }
    if let Some(root) = info.root_key()
        && Some(root) != info.parent_key()
    {
        fields.text("Root", root);
    }
    let below = fields
        .ctx
        .state
        .view()
        .store
        .family(handle)
        .total()
        .saturating_sub(1);
    if below > 0 {
        let children = fields.ctx.state.view().store.children(handle).len();
        let text = if usize::try_from(below) == Ok(children) {
            children.to_string()
        } else {
            format!("{children} ({below} descendants)")
        };
        fields.text("Children", &text);
    }
    let locked: Vec<String> = info
        .locked
        .iter()
        .map(ManagedObjectReference::to_string)
        .collect();
    fields.text("Locked", &locked.join(", "));
}

fn identity(fields: &mut FieldList, record: &TaskRecord, info: &TaskInfo) {
    let id = fields.ctx.state.full_id(record.id.server, &record.id.mo_id);
    if *info.key == *info.task.value {
        fields.text("Task", &id);
    } else {
        fields.text("Task", &format!("{id}  key {}", info.key));
    }
    fields.text("Operation", &info.description_id);
    fields.text("Method", info.name.as_deref().unwrap_or_default());
    fields.text("Event chain", &info.event_chain_id.to_string());
    fields.text("Change tag", info.change_tag().unwrap_or_default());
    let activation = info.activation_id();
    fields.text("Activation", activation.unwrap_or_default());
    for (name, value) in info.unknown().iter() {
        let text = match unboxed(value.clone()) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        fields.text(name, &text);
    }
}

/// Returns the initiator with its object reference.
fn reason(reason: &TaskReason) -> String {
    let of = |what: String, reference: Option<&ManagedObjectReference>| match reference {
        Some(reference) => format!("{what}  {reference}"),
        None => what,
    };
    match reason {
        TaskReason::User { user_name } => format!("{user_name}  user"),
        TaskReason::Alarm(reason) => of(
            format!("alarm “{}” on {}", reason.alarm_name, reason.entity_name),
            reason.alarm.as_ref(),
        ),
        TaskReason::Schedule(reason) => of(
            format!("scheduled task “{}”", reason.name),
            reason.scheduled_task.as_ref(),
        ),
        TaskReason::System | TaskReason::Other(_) => labels::started_by(reason),
    }
}

/// Formats a `KeyAnyValue` as `key: value`.
fn key_value(detail: &Value) -> String {
    let detail = unboxed(detail.clone());
    let Some(key) = detail.get("key").and_then(Value::as_str) else {
        return detail.to_string();
    };
    let value = detail.get("value").unwrap_or(&Value::Null);
    match value {
        Value::String(text) => format!("{key}: {text}"),
        other => format!("{key}: {other}"),
    }
}
