//! Symbols, with replacements for ASCII-only terminals.

use crate::task::{Status, row_model::Fold};

/// Defines [`Symbols`] and its two values from lines of the form `name: type = Unicode, ASCII;`.
macro_rules! symbols {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $unicode:expr, $ascii:expr;)*) => {
        /// Symbols used on the screen.
        #[derive(Debug, Clone, Copy)]
        pub struct Symbols {
            $($(#[$doc])* pub $name: $type,)*
        }

        const UNICODE: Symbols = Symbols { $($name: $unicode,)* };
        const ASCII: Symbols = Symbols { $($name: $ascii,)* };
    };
}

symbols! {
    /// True if all symbols are ASCII.
    ascii: bool = false, true;
    /// Expanded family or group.
    open: &'static str = "▾", "-";
    /// Collapsed family or group.
    closed: &'static str = "▸", "+";
    /// Tree member that has a next sibling.
    branch: &'static str = "├ ", "|-";
    /// Last tree member.
    last: &'static str = "└ ", "`-";
    /// Vertical tree guide.
    guide: &'static str = "│ ", "| ";
    /// Separator within a line.
    dot: &'static str = "·", "-";
    /// Truncated text.
    ellipsis: &'static str = "…", "~";
    /// Horizontal line.
    rule: &'static str = "─", "-";
    /// Separator of tabs.
    bar: &'static str = "│", "|";
    /// Pinned task.
    pin: &'static str = "★", "*";
    /// Warning.
    warning: &'static str = "⚠", "!";
    /// Approximate value.
    about: &'static str = "≈", "~";
    /// No value.
    none: &'static str = "–", "-";
    /// Ascending order.
    ascending: &'static str = "▲", "^";
    /// Descending order.
    descending: &'static str = "▼", "v";
    /// Ranks of several sort columns.
    ranks: &'static [&'static str] = &["¹", "²", "³", "⁴", "⁵"], &["1", "2", "3", "4", "5"];
    /// Selected list item (check mark).
    shown: &'static str = "✓", "x";
    /// Marked task.
    mark: &'static str = "◆", "#";
    /// Something before the visible range.
    earlier: &'static str = "‹", "<";
    /// Pointer to the current item.
    pointer: &'static str = "›", ">";
    /// Connection receives changes as they happen.
    live: &'static str = "●", "*";
    /// Connection polls at an interval.
    polling: &'static str = "◐", "%";
    /// Connection waits for the next attempt.
    retrying: &'static str = "↻", "@";
    /// Connection is being made.
    connecting: &'static str = "○", "o";
    /// Connection is paused.
    paused: &'static str = "‖", "=";
    /// A filled cell of a gauge, preceded by its first half if the terminal has one.
    gauge: &'static [&'static str] = &["╸", "━"], &["#"];
    /// Vertical eighths of a cell for charts.
    heights: &'static [&'static str] = &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], &[".", ":", "#"];
    /// Queue time on a time line.
    waiting: &'static str = "┄", ".";
    /// End of a running task on a time line.
    onward: &'static str = "▶", ">";
    /// Start of a phase below a chart.
    phase: &'static str = "┴", "^";
    /// Empty part of a gauge.
    track: &'static str = "─", "-";
    /// Indeterminate gauge.
    hatch: &'static str = "╌", ".";
    /// Moving segment of an indeterminate gauge.
    hatch_on: &'static str = "━", "=";
    /// Visible part of a scrollbar.
    thumb: &'static str = "┃", "#";
    /// Rest of a scrollbar.
    rail: &'static str = "│", "|";
}

impl Symbols {
    pub fn new(ascii: bool) -> Self {
        if ascii { ASCII } else { UNICODE }
    }

    /// Returns the fold marker of a row; a space if the row cannot be folded.
    pub fn fold(&self, fold: Fold) -> &'static str {
        match fold {
            Fold::Leaf => " ",
            Fold::Open => self.open,
            Fold::Closed => self.closed,
        }
    }

    /// Returns the symbol of a status.
    pub fn status(&self, status: Status) -> &'static str {
        match (status, self.ascii) {
            (Status::Running, false) => "▶",
            (Status::Queued, false) => "◔",
            (Status::Failed, false) => "✗",
            (Status::Cancelled, false) => "⊘",
            (Status::Success, false) => "✓",
            (Status::Lost | Status::Unknown, _) => "?",
            (Status::Placeholder, false) => "◌",
            (Status::Running, true) => ">",
            (Status::Queued, true) => "o",
            (Status::Failed, true) => "X",
            (Status::Cancelled, true) => "/",
            (Status::Success, true) => "+",
            (Status::Placeholder, true) => ".",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    #[test]
    fn status_symbols_are_distinct_and_one_column_wide() {
        for ascii in [false, true] {
            let symbols = Symbols::new(ascii);
            let mut signs: Vec<_> = Status::ALL
                .into_iter()
                .filter(|status| *status != Status::Unknown)
                .map(|status| symbols.status(status))
                .collect();
            assert!(signs.iter().all(|sign| width(sign) == 1));
            assert!(!ascii || signs.iter().all(|sign| sign.is_ascii()));
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), Status::ALL.len() - 1);
        }
    }
}
