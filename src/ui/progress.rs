//! Progress of a task: a bar while it is active, else the outcome and when it ended.

use jiff::{SignedDuration, Timestamp};

use super::{Symbols, gauge, styled_line::StyledLine, theme::Role};
use crate::{
    task::{Presence, Progress, Status, TaskRecord},
    text::{ago, width},
};

/// Width of ` 100%` or ` ≈54%`.
const PERCENT_WIDTH: usize = 5;
/// Below this width only the percentage is drawn.
const MIN_BAR_WIDTH: usize = 4;
/// Returns the width of the longest form of the outcome; `None` for a bar, which fills any width.
pub(super) fn outcome_width(
    symbols: &Symbols,
    record: &TaskRecord,
    now: Timestamp,
) -> Option<usize> {
    let is_outcome = matches!(
        record.status(),
        Status::Success | Status::Failed | Status::Cancelled | Status::Lost
    );
    is_outcome.then(|| width(&outcome(symbols, record, now, usize::MAX)))
}

/// Draws the progress bar with its percentage, or the outcome.
pub(super) fn draw(
    cell: &mut StyledLine,
    record: &TaskRecord,
    shown: Progress,
    now: Timestamp,
    is_stale: bool,
) {
    let status = record.status();
    match status {
        Status::Success | Status::Failed | Status::Cancelled | Status::Lost => {
            let role = match status {
                Status::Success => Role::Dim,
                _ => Role::from(status),
            };
            let text = outcome(cell.symbols(), record, now, cell.remaining());
            cell.push(&text, role);
        }
        Status::Queued if shown.percent().is_none() => {
            cell.push("queued", Role::Queued);
        }
        Status::Placeholder if shown.percent().is_none() => {
            cell.push(cell.symbols().none, Role::Faint);
        }
        _ => bar(cell, record, shown, now, is_stale),
    }
}

fn bar(
    cell: &mut StyledLine,
    record: &TaskRecord,
    shown: Progress,
    now: Timestamp,
    is_stale: bool,
) {
    let (fill, figure) = match (is_stale, shown) {
        (true, _) => (Role::Stale, Role::Stale),
        (false, Progress::Derived(_)) => (Role::GaugeDerived, Role::Dim),
        (false, _) => (Role::Gauge, Role::Text),
    };
    let columns = cell.remaining().saturating_sub(PERCENT_WIDTH);
    let symbols = cell.symbols();
    let (text, figure) = match shown {
        Progress::Reported(percent) => (format!("{percent}%"), figure),
        Progress::Derived(percent) => (format!("{}{percent}%", symbols.about), figure),
        Progress::None => (symbols.none.to_owned(), Role::Dim),
    };
    if columns >= MIN_BAR_WIDTH {
        if let Some(percent) = shown.percent() {
            gauge::filled(cell, columns, percent, fill);
        } else {
            let step = record.elapsed(now).map_or(0, |elapsed| elapsed.as_secs());
            gauge::indeterminate(cell, columns, step, fill);
        }
    }
    cell.gap(cell.remaining().saturating_sub(width(&text)));
    cell.push(&text, figure);
}

/// Returns the outcome in the longest form that fits: `failed at 95% · 4m ago`, `failed 95% 4m ago`, `failed 4m ago`,
/// `failed 4m`, `4m ago`, `failed`. The symbol and the color of the row show the outcome, too.
fn outcome(symbols: &Symbols, record: &TaskRecord, now: Timestamp, columns: usize) -> String {
    let status = record.status();
    let word = match (status, &record.presence) {
        (Status::Success, _) => "done",
        (Status::Lost, Presence::Gone(_)) => "expired",
        _ => status.word(),
    };
    let end = match &record.presence {
        Presence::Gone(at) if status == Status::Lost => Some(*at),
        _ => record.ended_at(),
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
    let dot = symbols.dot;
    let forms = match (percent, age) {
        (Some(percent), Some(age)) => vec![
            format!("{word} at {percent}% {dot} {age}"),
            format!("{word} {percent}% {age}"),
            format!("{word} {age}"),
            format!("{word} {}", age.trim_end_matches(" ago")),
            age,
        ],
        (Some(percent), None) => vec![
            format!("{word} at {percent}%"),
            format!("{word} {percent}%"),
        ],
        (None, Some(age)) => vec![
            format!("{word} {age}"),
            format!("{word} {}", age.trim_end_matches(" ago")),
            age,
        ],
        (None, None) => Vec::new(),
    };
    let mut forms = forms.into_iter();
    forms
        .find(|form| width(form) <= columns)
        .unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        app::test_support::{apply_update, empty, find, task, tasks},
        task::fixture::at,
    };

    /// Returns the outcome of a task that ended at second 120, four minutes later, at several widths.
    fn outcomes(more: &serde_json::Value, widths: &[usize]) -> Vec<String> {
        let mut state = empty(80, 24);
        apply_update(&mut state, tasks(vec![task("task-1", more)]));
        let record = state.view().store.get(find(&state, "task-1")).unwrap();
        let symbols = Symbols::new(false);
        let widths = widths.iter();
        widths
            .map(|columns| outcome(&symbols, record, at(120 + 240), *columns))
            .collect()
    }

    #[test]
    fn outcomes_name_their_time_at_any_width() {
        let cancelled = json!({"state": "error", "cancelled": true, "progress": 72,
            "completeTime": at(120).to_string(), "error": {"_typeName": "RequestCanceled"}});
        let widths = [25, 24, 19, 13, 11, 5];
        assert_eq!(
            outcomes(&cancelled, &widths),
            [
                "cancelled at 72% · 4m ago",
                "cancelled 72% 4m ago",
                "cancelled 4m ago",
                "cancelled 4m",
                "4m ago",
                "cancelled"
            ]
        );
        let done = json!({"state": "success", "completeTime": at(120).to_string()});
        assert_eq!(outcomes(&done, &[11, 8]), ["done 4m ago", "done 4m"]);
    }

    #[test]
    fn outcomes_without_completion_time_show_the_observation_time() {
        let noticed = outcomes(&json!({"state": "error"}), &[40]);
        assert_eq!(noticed, ["failed just now"], "seen at second 3700");
    }
}
