//! The report of what ended or stalled while the user was away, a line above the list.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::layout::Rect;

use super::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, AwayPeriod, ClickTarget, Context},
    task::Status,
    text::width,
};

pub(super) fn draw(ctx: &mut RenderContext, area: Rect) {
    let Some(period) = ctx.state.away.report() else {
        return;
    };
    if area.height == 0 {
        return;
    }
    let is_showing = ctx.state.away.is_showing();
    let since = since(period.since, ctx.now, &ctx.state.options.time_zone);
    let mut line = StyledLine::new(ctx.appearance, area.width);
    if is_showing {
        // Highlighted like a filter, because it limits the list.
        line.push(&format!(" Since {since} "), Role::Button).gap(1);
    } else {
        line.push(&format!(" Since {since}: "), Role::Strong);
    }
    for (index, (count, word, role)) in counts(period).into_iter().enumerate() {
        if index > 0 {
            line.push(", ", Role::Dim);
        }
        line.push(&format!("{count} {word}"), role);
    }
    let hints = hints(ctx, is_showing);
    let columns: usize = hints
        .iter()
        .map(|(key, word)| width(key) + width(word) + 3)
        .sum();
    if line.remaining() > columns {
        line.gap(2);
        for (key, word) in hints {
            line.push(&key, Role::Key)
                .gap(1)
                .push(word, Role::Dim)
                .gap(2);
        }
    }
    ctx.draw(line, area);
    ctx.target(area, ClickTarget::Action(Action::ShowChanges));
}

/// Returns the numbers of tasks with their words, most urgent first.
fn counts(period: &AwayPeriod) -> Vec<(u32, &'static str, Role)> {
    let ended = period.ended;
    let of = |status: Status, word| (ended[status], word, Role::from(status));
    let all = [
        of(Status::Failed, "failed"),
        of(Status::Cancelled, "cancelled"),
        of(Status::Success, "finished"),
        of(Status::Lost, "expired"),
        (period.stalled, "stalled", Role::Warning),
    ];
    all.into_iter().filter(|(count, ..)| *count > 0).collect()
}

/// Returns the keys that show and dismiss the report, with their labels.
fn hints(ctx: &RenderContext, is_showing: bool) -> Vec<(String, &'static str)> {
    let key = |action| ctx.state.key_label(Context::List, action);
    let show = key(Action::ShowChanges).filter(|_| !is_showing);
    let dismiss = key(Action::Back).or_else(|| key(Action::ShowChanges));
    let word = if is_showing { "all tasks" } else { "dismiss" };
    let show = show.map(|key| (key, "show"));
    show.into_iter()
        .chain(dismiss.map(|key| (key, word)))
        .collect()
}

/// Formats the start of a period of absence: time of day, with the day if it was not today.
fn since(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let [at, now] = [at, now].map(|time| time.to_zoned_datetime(zone.clone()));
    let days = now
        .date()
        .since(at.date())
        .map_or(0, |days| days.get_days());
    let format = match days {
        0 => "%H:%M",
        1 => "yesterday %H:%M",
        2..7 => "%a %H:%M",
        _ => "%Y-%m-%d %H:%M",
    };
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_is_formatted_by_its_day() {
        let now = "2026-04-18T00:30:00Z";
        let since = |at: &str| {
            let [at, now] = [at, now].map(|time| time.parse::<Timestamp>().unwrap());
            super::since(at, now, &TimeZone::UTC)
        };
        assert_eq!(since("2026-04-18T00:20:59Z"), "00:20");
        assert_eq!(since("2026-04-17T23:50:00Z"), "yesterday 23:50");
        assert_eq!(since("2026-04-13T18:02:00Z"), "Mon 18:02");
        assert_eq!(since("2026-04-11T18:02:00Z"), "2026-04-11 18:02");
        assert_eq!(since("2025-12-31T18:02:00Z"), "2025-12-31 18:02");
    }
}
