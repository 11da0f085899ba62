//! The bar and percentage of one task. Pure.

use jiff::Timestamp;

use crate::task::Progress;

/// The style of the bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) struct BarStyle {
    pub(in crate::command) ascii: bool,
    pub(in crate::command) color: bool,
}

/// Formats the percentage in five columns.
pub(super) fn percentage(progress: Progress) -> String {
    match progress {
        Progress::Reported(percent) => format!("{percent:>4}%"),
        Progress::Derived(percent) => format!("{:>5}", format!("≈{percent}%")),
        Progress::None => "    ?".to_owned(),
    }
}

/// Draws a bar with a resolution of an eighth of a cell; without a percentage, a moving segment.
pub(super) fn bar(progress: Progress, columns: usize, now: Timestamp, style: BarStyle) -> String {
    const EIGHTHS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let (full, empty, moving) = if style.ascii {
        ("#", ".", ":")
    } else {
        ("█", "░", "▓")
    };
    let Some(percent) = progress.percent() else {
        let travel = columns.saturating_sub(2).max(1);
        let step =
            usize::try_from(now.as_millisecond().div_euclid(500)).unwrap_or(0) % (2 * travel);
        let start = if step <= travel {
            step
        } else {
            2 * travel - step
        };
        let after = columns.saturating_sub(start + 2);
        return format!(
            "{}{}{}",
            empty.repeat(start),
            moving.repeat(2.min(columns)),
            empty.repeat(after)
        );
    };
    let parts = columns * 8 * usize::from(percent.min(100)) / 100;
    let (whole, rest) = (parts / 8, parts % 8);
    let part = match rest.checked_sub(1).and_then(|rest| EIGHTHS.get(rest)) {
        Some(part) if !style.ascii => *part,
        _ => "",
    };
    let used = whole + usize::from(!part.is_empty());
    format!(
        "{}{part}{}",
        full.repeat(whole),
        empty.repeat(columns - used)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{task::fixture::at, text::width};

    const PLAIN: BarStyle = BarStyle {
        ascii: false,
        color: false,
    };

    #[test]
    fn absent_progress_is_an_indeterminate_bar() {
        for second in 0..60 {
            let bar = bar(Progress::None, 10, at(second), PLAIN);
            assert_eq!(bar.matches('▓').count(), 2);
            assert_eq!(width(&bar), 10);
        }
        assert_eq!(super::bar(Progress::Reported(50), 4, at(0), PLAIN), "██░░");
        assert_eq!(super::bar(Progress::Reported(100), 4, at(0), PLAIN), "████");
    }
}
