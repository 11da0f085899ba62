//! The signs that the screen is drawn with, and their stand-ins where a terminal has ASCII only.

use crate::task::Status;

/// The signs that the screen is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Symbols {
    /// Whether these are ASCII.
    pub ascii: bool,
    /// A family that is open.
    pub open: &'static str,
    /// A family that is folded.
    pub closed: &'static str,
    /// A member of a family with another after it.
    pub branch: &'static str,
    /// The last member of a family.
    pub last: &'static str,
    /// A line that goes on past a row.
    pub guide: &'static str,
    /// What sets things apart on one line.
    pub dot: &'static str,
    /// What stands for text left out.
    pub ellipsis: &'static str,
    /// A thin rule.
    pub rule: &'static str,
    /// What sets tabs apart.
    pub bar: &'static str,
    /// A pinned task.
    pub pin: &'static str,
    /// A warning.
    pub warning: &'static str,
    /// About.
    pub about: &'static str,
    /// Nothing to say.
    pub none: &'static str,
    /// Sorted, the smallest first.
    pub ascending: &'static str,
    /// Sorted, the greatest first.
    pub descending: &'static str,
    /// The ranks of several columns that rows are sorted by.
    pub ranks: &'static [&'static str],
    /// What is among those that are shown.
    pub shown: &'static str,
    /// What points at the chosen one.
    pub pointer: &'static str,
    /// Changes come as they happen.
    pub live: &'static str,
    /// Tasks are read at an interval.
    pub polling: &'static str,
    /// Another try is due.
    pub retrying: &'static str,
    /// Not yet connected.
    pub connecting: &'static str,
    /// Reading is paused.
    pub paused: &'static str,
    /// The eighths of a gauge's cell, from one to a whole.
    pub eighths: &'static [&'static str],
    /// The eighths of a chart's cell, from one to a whole.
    pub heights: &'static [&'static str],
    /// Time in the queue, on a time line.
    pub waiting: &'static str,
    /// The open end of what goes on, on a time line.
    pub onward: &'static str,
    /// Where a phase began, on a chart's foot.
    pub phase: &'static str,
    /// The empty part of a gauge where it has no ground of its own.
    pub track: &'static str,
    /// The quiet part of a gauge without a figure.
    pub hatch: &'static str,
    /// The moving part of a gauge without a figure.
    pub hatch_on: &'static str,
    /// The part of a scrollbar that is seen.
    pub thumb: &'static str,
    /// The rest of a scrollbar.
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
    pointer: "›",
    live: "●",
    polling: "◐",
    retrying: "↻",
    connecting: "○",
    paused: "‖",
    eighths: &["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    heights: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    waiting: "┄",
    onward: "▶",
    phase: "┴",
    track: "░",
    hatch: "░",
    hatch_on: "▓",
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
    pointer: ">",
    live: "*",
    polling: "%",
    retrying: "@",
    connecting: "o",
    paused: "=",
    eighths: &["#"],
    heights: &[".", ":", "#"],
    waiting: ".",
    onward: ">",
    phase: "^",
    track: ".",
    hatch: ".",
    hatch_on: ":",
    thumb: "#",
    rail: "|",
};

impl Symbols {
    /// The signs for a terminal.
    pub fn new(ascii: bool) -> Self {
        if ascii { ASCII } else { UNICODE }
    }

    /// What stands for a status.
    pub fn status(&self, status: Status) -> &'static str {
        match (status, self.ascii) {
            (Status::Running, false) => "▶",
            (Status::Queued, false) => "◔",
            (Status::Failed, false) => "✗",
            (Status::Cancelled, false) => "⊘",
            (Status::Success, false) => "✓",
            (Status::Lost | Status::Unknown, _) => "?",
            (Status::Ghost, false) => "◌",
            (Status::Running, true) => ">",
            (Status::Queued, true) => "o",
            (Status::Failed, true) => "X",
            (Status::Cancelled, true) => "/",
            (Status::Success, true) => "+",
            (Status::Ghost, true) => ".",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    #[test]
    fn every_status_has_a_sign_of_its_own_one_column_wide() {
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
