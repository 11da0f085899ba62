//! The progress of a task: bar and percentage, or the outcome.

use jiff::Timestamp;

use super::{Appearance, gauge, styled_line::StyledLine, theme::Role};
use crate::{
    task::{Progress, Record, Status},
    text::width,
};

/// Draws the progress bar with its percentage, or the outcome.
pub(super) fn draw(
    cell: &mut StyledLine,
    appearance: &Appearance,
    record: &Record,
    shown: Progress,
    now: Timestamp,
    is_stale: bool,
) {
    /// Width of ` 100%` or ` ≈54%`.
    const PERCENT_WIDTH: usize = 5;
    /// Below this width only the percentage is drawn.
    const MIN_BAR_WIDTH: usize = 4;
    let columns = cell.remaining();
    let ended = |word: &str| match record.progress().percent() {
        Some(percent) if word.len() + 8 <= columns => format!("{word} at {percent}%"),
        Some(percent) if word.len() + 5 <= columns => format!("{word} {percent}%"),
        _ => word.to_owned(),
    };
    let status = record.status();
    let (text, role) = match status {
        Status::Success => ("done".to_owned(), Role::Dim),
        Status::Failed => (ended("failed"), Role::Failed),
        Status::Cancelled => (ended("cancelled"), Role::Cancelled),
        Status::Lost => (ended("expired"), Role::Lost),
        Status::Queued if shown.percent().is_none() => ("queued".to_owned(), Role::Queued),
        Status::Placeholder if shown.percent().is_none() => {
            (appearance.symbols.none.to_owned(), Role::Faint)
        }
        _ => (String::new(), Role::Text),
    };
    if !text.is_empty() {
        cell.push(&text, role);
        return;
    }
    let (fill, figure) = match (is_stale, shown) {
        (true, _) => (Role::Stale, Role::Stale),
        (false, Progress::Derived(_)) => (Role::GaugeDerived, Role::Dim),
        (false, _) => (Role::Gauge, Role::Text),
    };
    let fill = appearance.style(fill);
    let (Progress::Reported(percent) | Progress::Derived(percent)) = shown else {
        let words = " no value";
        let bar = columns.saturating_sub(words.len());
        let step = record.elapsed(now).map_or(0, |elapsed| elapsed.as_secs());
        if bar >= MIN_BAR_WIDTH {
            gauge::indeterminate(cell, appearance, bar, step, fill);
            cell.push(words, Role::Dim);
        } else {
            gauge::indeterminate(cell, appearance, columns, step, fill);
        }
        return;
    };
    let about = match shown {
        Progress::Derived(_) => appearance.symbols.about,
        _ => "",
    };
    let text = format!("{about}{percent}%");
    let bar = columns.saturating_sub(PERCENT_WIDTH);
    if bar >= MIN_BAR_WIDTH {
        gauge::filled(cell, appearance, bar, percent, fill);
    }
    cell.gap(cell.remaining().saturating_sub(width(&text)));
    cell.push(&text, figure);
}
