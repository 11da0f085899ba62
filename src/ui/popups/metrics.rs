//! The performance popup.

use ratatui::{layout::Rect, text::Line};

use crate::ui::{RenderContext, popups::frame, styled_line::StyledLine, theme::Role};
use crate::{app::TextPopup, metrics::Quantiles, text};

const WIDTH: u16 = 80;
const VALUES: usize = 44;

pub(super) fn draw(ctx: &mut RenderContext, popup: &TextPopup, screen: Rect) {
    let width = screen.width.saturating_sub(4).min(WIDTH);
    let rows = rows(ctx);
    let area = frame::open(ctx, screen, width, rows.len(), "Performance");
    let lines: Vec<Line<'static>> = rows
        .into_iter()
        .map(|(name, value, role)| {
            let mut strip = StyledLine::new(ctx.appearance, area.width);
            let values = VALUES.min(usize::from(area.width) / 2);
            strip.push_max(&name, values.saturating_sub(1), role);
            strip.pad_to(values);
            strip.push(&value, Role::Text);
            strip.line()
        })
        .collect();
    frame::scroll(ctx, area, &lines, popup.top);
}

fn rows(ctx: &RenderContext) -> Vec<(String, String, Role)> {
    let report = &ctx.state.metrics;
    let row = |name: &str, value: String| (name.to_owned(), value, Role::Dim);
    let mut rows = vec![
        row("uptime", running(report.seconds)),
        row(
            "resident memory",
            report.resident_bytes.map_or_else(unknown, text::megabytes),
        ),
        row(
            "CPU time",
            report.cpu_seconds.map_or_else(unknown, |time| {
                let share = 100.0 * time / report.seconds.max(0.001);
                format!("{time:.2} s, {share:.1}% of a core")
            }),
        ),
        row("changes applied", report.changes.to_string()),
        row("frames drawn", report.frames.to_string()),
        row("time to draw a frame", quantiles(report.draw)),
        row("change to frame", quantiles(report.change_to_frame)),
        row("key to frame", quantiles(report.key_to_frame)),
        row("received, compressed", text::megabytes(report.raw_bytes)),
        row(
            "received, decompressed",
            text::megabytes(report.decoded_bytes),
        ),
        row("requests", report.total_requests.to_string()),
    ];
    let kinds = report.requests.iter();
    rows.extend(kinds.map(|(kind, count)| (format!("  {kind}"), count.to_string(), Role::Dim)));
    rows
}

fn unknown() -> String {
    "not available".to_owned()
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds of a program's life fit")]
fn running(seconds: f64) -> String {
    text::duration(jiff::SignedDuration::from_secs(seconds as i64))
}

fn quantiles(times: Quantiles) -> String {
    if times.count == 0 {
        return "none yet".to_owned();
    }
    let [p50, p99, max] = [times.p50, times.p99, times.max].map(micros);
    format!("p50 {p50}, p99 {p99}, max {max}")
}

#[expect(clippy::cast_precision_loss, reason = "one decimal of a millisecond is shown")]
fn micros(micros: u64) -> String {
    match micros {
        ..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..10_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{} s", micros / 1_000_000),
    }
}
