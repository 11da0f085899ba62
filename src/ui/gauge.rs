//! Thin progress bars with a resolution of half a cell.
//!
//! A task without progress gets a moving, dashed bar that cannot be mistaken for 0 %.

use super::{styled_line::StyledLine, theme::Role};

/// Draws a bar filled to a percentage.
pub(super) fn filled(strip: &mut StyledLine, columns: usize, percent: u8, fill: Role) {
    let symbols = strip.symbols();
    let fineness = symbols.gauge.len();
    let parts = columns * fineness * usize::from(percent.min(100)) / 100;
    // Above 0 % at least one part is filled, below 100 % at least one is empty.
    let minimum = usize::from(percent > 0 && columns > 0);
    let maximum = (columns * fineness).saturating_sub(usize::from(percent < 100));
    let parts = parts.max(minimum).min(maximum.max(minimum));
    let (whole, rest) = (parts / fineness, parts % fineness);
    let block = symbols.gauge.last().copied().unwrap_or("#");
    let partial = rest.checked_sub(1).and_then(|part| symbols.gauge.get(part));
    strip.repeat(block, whole, fill);
    if let Some(partial) = partial {
        strip.repeat(partial, 1, fill);
    }
    let empty = columns - whole - usize::from(partial.is_some());
    strip.repeat(symbols.track, empty, Role::Track);
}

/// Draws an indeterminate bar; `step` moves its highlighted segment.
pub(super) fn indeterminate(strip: &mut StyledLine, columns: usize, step: i64, fill: Role) {
    const SEGMENT_WIDTH: usize = 3;
    let travel = columns.saturating_sub(SEGMENT_WIDTH);
    let lap = i64::try_from(2 * travel.max(1)).unwrap_or(1);
    let at = usize::try_from(step.rem_euclid(lap)).unwrap_or_default();
    let start = at.min((2 * travel).saturating_sub(at));
    let symbols = strip.symbols();
    strip.repeat(symbols.hatch, start, Role::Track);
    strip.repeat(symbols.hatch_on, SEGMENT_WIDTH.min(columns), fill);
    let rest = columns.saturating_sub(start + SEGMENT_WIDTH);
    strip.repeat(symbols.hatch, rest, Role::Track);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Options, ui::Appearance};

    fn bar(columns: usize, percent: u8, ascii: bool) -> String {
        let appearance = Appearance::new(&Options {
            ascii,
            ..Options::default()
        });
        let mut strip = StyledLine::new(&appearance, 80);
        filled(&mut strip, columns, percent, Role::Gauge);
        strip.line().to_string()
    }

    #[test]
    fn bars_have_a_resolution_of_half_a_cell() {
        for (percent, text) in [
            (0, "────"),
            (1, "╸───"),
            (50, "━━──"),
            (63, "━━╸─"),
            (99, "━━━╸"),
            (100, "━━━━"),
        ] {
            assert_eq!(bar(4, percent, false), text, "{percent}");
        }
        assert_eq!(bar(10, 42, true), "####------");
        assert_eq!(bar(0, 42, false), "");
    }

    #[test]
    fn indeterminate_bars_move_within_their_width() {
        let appearance = Appearance::new(&Options::default());
        for columns in 0..12 {
            for step in -30..30 {
                let mut strip = StyledLine::new(&appearance, 80);
                indeterminate(&mut strip, columns, step, Role::Gauge);
                assert_eq!(strip.width(), columns, "{columns} {step}");
            }
        }
    }
}
