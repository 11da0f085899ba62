//! The sort menu.

use ratatui::layout::Rect;

use super::{Canvas, ink::Strip, overlay, theme::Role};
use crate::{app::Target, task::outline::SortColumn};

fn words(column: SortColumn) -> (&'static str, &'static str) {
    match column {
        SortColumn::Attention => (
            "What matters now",
            "running, waiting, failed, then the rest",
        ),
        SortColumn::Operation => ("Operation", "by name"),
        SortColumn::Target => ("Target", "by name"),
        SortColumn::Progress => ("Progress", "percent done"),
        SortColumn::Elapsed => ("Elapsed", "how long it has run"),
        SortColumn::StartedBy => ("Started by", "by name"),
        SortColumn::Queued => ("Queue time", "when it was made"),
    }
}

pub(super) fn draw(canvas: &mut Canvas, chosen: usize, screen: Rect) {
    let height = u16::try_from(SortColumn::ALL.len()).unwrap_or_default();
    let area = overlay::open(canvas, screen, 64, height, "Sort by");
    let symbols = canvas.look.symbols;
    let sort = canvas.state.outline.view().sort;
    for ((place, column), y) in SortColumn::ALL
        .into_iter()
        .enumerate()
        .zip(area.y..area.bottom())
    {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let (name, explanation) = words(column);
        let mut strip = Strip::new(canvas.look, area.width);
        let pointer = if place == chosen {
            symbols.pointer
        } else {
            " "
        };
        strip.put(pointer, Role::Key).gap(1).put(name, Role::Text);
        if column == sort.column {
            let arrow = if sort.descending {
                symbols.descending
            } else {
                symbols.ascending
            };
            strip.gap(1).put(arrow, Role::Key);
        }
        strip.pad_to(22).put(explanation, Role::Dim);
        strip.draw(line, canvas.buffer);
        if place == chosen {
            canvas.tint(line, Role::Selected);
        }
        canvas.target(line, Target::Order(place));
    }
}
