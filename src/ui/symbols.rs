//! Symbols, with replacements for ASCII-only terminals.

use crate::task::Status;

/// Symbols used on the screen.
#[derive(Debug, Clone, Copy)]
pub struct Symbols {
    /// True if all symbols are ASCII.
    pub ascii: bool,
    /// Expanded family or group.
    pub open: &'static str,
    /// Collapsed family or group.
    pub closed: &'static str,
    /// Tree member that has a next sibling.
    pub branch: &'static str,
    /// Last tree member.
    pub last: &'static str,
    /// Vertical tree guide.
    pub guide: &'static str,
    /// Separator within a line.
    pub dot: &'static str,
    /// Truncated text.
    pub ellipsis: &'static str,
    /// Horizontal line.
    pub rule: &'static str,
    /// Separator of tabs.
    pub bar: &'static str,
    /// Pinned task.
    pub pin: &'static str,
    /// Warning.
    pub warning: &'static str,
    /// Approximate value.
    pub about: &'static str,
    /// No value.
    pub none: &'static str,
    /// Ascending order.
    pub ascending: &'static str,
    /// Descending order.
    pub descending: &'static str,
    /// Ranks of several sort columns.
    pub ranks: &'static [&'static str],
    /// Selected list item (check mark).
    pub shown: &'static str,
    /// Marked task.
    pub mark: &'static str,
    /// Something before the visible range.
    pub earlier: &'static str,
    /// Pointer to the current item.
    pub pointer: &'static str,
    /// Connection receives changes as they happen.
    pub live: &'static str,
    /// Connection polls at an interval.
    pub polling: &'static str,
    /// Connection waits for the next attempt.
    pub retrying: &'static str,
    /// Connection is being made.
    pub connecting: &'static str,
    /// Connection is paused.
    pub paused: &'static str,
    /// A filled cell of a gauge, preceded by its first half if the terminal has one.
    pub gauge: &'static [&'static str],
    /// Vertical eighths of a cell for charts.
    pub heights: &'static [&'static str],
    /// Queue time on a time line.
    pub waiting: &'static str,
    /// End of a running task on a time line.
    pub onward: &'static str,
    /// Start of a phase below a chart.
    pub phase: &'static str,
    /// Empty part of a gauge.
    pub track: &'static str,
    /// Indeterminate gauge.
    pub hatch: &'static str,
    /// Moving segment of an indeterminate gauge.
    pub hatch_on: &'static str,
    /// Visible part of a scrollbar.
    pub thumb: &'static str,
    /// Rest of a scrollbar.
    pub rail: &'static str,
}

const UNICODE: Symbols = Symbols {
    ascii: false,
    open: "▾",
    closed: "▸",
    branch: "├ ",
    last: "└ ",
    guide: "│ ",
    dot: "·",
    ellipsis: "…",
    rule: "─",
    bar: "│",
    pin: "★",
    warning: "⚠",
    about: "≈",
    none: "–",
    ascending: "▲",
    descending: "▼",
    ranks: &["¹", "²", "³", "⁴", "⁵"],
    shown: "✓",
    mark: "◆",
    earlier: "‹",
    pointer: "›",
    live: "●",
    polling: "◐",
    retrying: "↻",
    connecting: "○",
    paused: "‖",
    gauge: &["╸", "━"],
    heights: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    waiting: "┄",
    onward: "▶",
    phase: "┴",
    track: "─",
    hatch: "╌",
    hatch_on: "━",
    thumb: "┃",
    rail: "│",
};

const ASCII: Symbols = Symbols {
    ascii: true,
    open: "-",
    closed: "+",
    branch: "|-",
    last: "`-",
    guide: "| ",
    dot: "-",
    ellipsis: "~",
    rule: "-",
    bar: "|",
    pin: "*",
    warning: "!",
    about: "~",
    none: "-",
    ascending: "^",
    descending: "v",
    ranks: &["1", "2", "3", "4", "5"],
    shown: "x",
    mark: "#",
    earlier: "<",
    pointer: ">",
    live: "*",
    polling: "%",
    retrying: "@",
    connecting: "o",
    paused: "=",
    gauge: &["#"],
    heights: &[".", ":", "#"],
    waiting: ".",
    onward: ">",
    phase: "^",
    track: "-",
    hatch: ".",
    hatch_on: "=",
    thumb: "#",
    rail: "|",
};

impl Symbols {
    pub fn new(ascii: bool) -> Self {
        if ascii { ASCII } else { UNICODE }
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
