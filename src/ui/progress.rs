//! Progress of a task: a bar while it is active, else the outcome and when it ended.

use jiff::{SignedDuration, Timestamp};

use super::{Appearance, gauge, labels, styled_line::StyledLine, theme::Role};
use crate::{
    task::{Presence, Progress, Record, Status},
    text::{ago, width},
};

/// Width of ` 100%` or ` ≈54%`.
const PERCENT_WIDTH: usize = 5;
/// Below this width only the percentage is drawn.
const MIN_BAR_WIDTH: usize = 4;

/// Draws the progress bar with its percentage, or the outcome.
pub(super) fn draw(
    cell: &mut StyledLine,
    appearance: &Appearance,
    record: &Record,
    shown: Progress,
    now: Timestamp,
    is_stale: bool,
) {
    let status = record.status();
    match status {
        Status::Success | Status::Failed | Status::Cancelled | Status::Lost => {
            let role = match status {
                Status::Success => Role::Dim,
                _ => labels::role(status),
            };
            let text = outcome(appearance, record, now, cell.remaining());
            cell.push(&text, role);
        }
        Status::Queued if shown.percent().is_none() => {
            cell.push("queued", Role::Queued);
        }
        Status::Placeholder if shown.percent().is_none() => {
            cell.push(appearance.symbols.none, Role::Faint);
        }
        _ => bar(cell, appearance, record, shown, now, is_stale),
    }
}

fn bar(
    cell: &mut StyledLine,
    appearance: &Appearance,
    record: &Record,
    shown: Progress,
    now: Timestamp,
    is_stale: bool,
) {
    let (fill, figure) = match (is_stale, shown) {
        (true, _) => (Role::Stale, Role::Stale),
        (false, Progress::Derived(_)) => (Role::GaugeDerived, Role::Dim),
        (false, _) => (Role::Gauge, Role::Text),
    };
    let fill = appearance.style(fill);
    let columns = cell.remaining().saturating_sub(PERCENT_WIDTH);
    let symbols = appearance.symbols;
    let (text, figure) = match shown {
        Progress::Reported(percent) => (format!("{percent}%"), figure),
        Progress::Derived(percent) => (format!("{}{percent}%", symbols.about), figure),
        Progress::None => (symbols.none.to_owned(), Role::Dim),
    };
    if columns >= MIN_BAR_WIDTH {
        if let Some(percent) = shown.percent() {
            gauge::filled(cell, appearance, columns, percent, fill);
        } else {
            let step = record.elapsed(now).map_or(0, |elapsed| elapsed.as_secs());
            gauge::indeterminate(cell, appearance, columns, step, fill);
        }
    }
    cell.gap(cell.remaining().saturating_sub(width(&text)));
    cell.push(&text, figure);
}

/// Returns the outcome in the longest form that fits: `failed at 95% · 4m ago`, `failed 95% 4m ago`,
/// `failed 4m ago`, `failed`.
fn outcome(appearance: &Appearance, record: &Record, now: Timestamp, columns: usize) -> String {
    let status = record.status();
    let (word, end) = match (status, &record.presence) {
        (Status::Success, _) => ("done", record.finished_at()),
        (Status::Lost, Presence::Gone(at)) => ("expired", Some(*at)),
        _ => (status.word(), record.finished_at()),
    };
    let percent = match status {
        Status::Success => None,
        _ => record.progress().percent(),
    };
    let age = end.map(|end| match now.duration_since(end) {
        // Seconds would make the row restless.
        age if age < SignedDuration::from_mins(1) => "just now".to_owned(),
        age => ago(age),
    });
    let dot = appearance.symbols.dot;
    let forms = match (percent, age) {
        (Some(percent), Some(age)) => vec![
            format!("{word} at {percent}% {dot} {age}"),
            format!("{word} {percent}% {age}"),
            format!("{word} {age}"),
        ],
        (Some(percent), None) => vec![
            format!("{word} at {percent}%"),
            format!("{word} {percent}%"),
        ],
        (None, Some(age)) => vec![format!("{word} {age}")],
        (None, None) => Vec::new(),
    };
    let mut forms = forms.into_iter();
    forms
        .find(|form| width(form) <= columns)
        .unwrap_or_else(|| word.to_owned())
}
