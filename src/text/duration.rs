//! Formats durations and ages for display.

use jiff::SignedDuration;

/// Formats a duration with at most two units: `42s`, `2m10s`, `47m`, `1h02m`, `3d04h`. Seconds are shown below ten
/// minutes; a negative duration counts as zero.
pub fn duration(span: SignedDuration) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let seconds = span.as_secs().max(0);
    match seconds {
        ..MINUTE => format!("{seconds}s"),
        MINUTE..600 => format!("{}m{:02}s", seconds / MINUTE, seconds % MINUTE),
        600..HOUR => format!("{}m", seconds / MINUTE),
        HOUR..DAY => format!("{}h{:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{}d{:02}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// Formats an age: `just now`, `42s ago`, `3m ago`, `2h ago`, `5d ago`.
pub fn ago(span: SignedDuration) -> String {
    match span.as_secs() {
        ..5 => "just now".to_owned(),
        seconds @ 5..60 => format!("{seconds}s ago"),
        seconds @ 60..5400 => format!("{}m ago", seconds / 60),
        seconds @ 5400..172_800 => format!("{}h ago", seconds / 3600),
        seconds => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most() {
        for (seconds, text) in [
            (-5, "0s"),
            (42, "42s"),
            (130, "2m10s"),
            (47 * 60 + 59, "47m"),
            (62 * 60, "1h02m"),
            (76 * 3600, "3d04h"),
        ] {
            assert_eq!(duration(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn ages_have_one_unit() {
        for (seconds, text) in [(0, "just now"), (180, "3m ago"), (7200, "2h ago")] {
            assert_eq!(ago(SignedDuration::from_secs(seconds)), text);
        }
    }
}
