//! The menu of what can be copied.

use ratatui::layout::Rect;

use super::{Canvas, ink::Strip, overlay, theme::Role};
use crate::app::{Clip, Target};

pub(super) fn draw(canvas: &mut Canvas, chosen: usize, screen: Rect) {
    let state = canvas.state;
    let Some(record) = state.selected_record() else {
        return;
    };
    let server = state.server(record.id.endpoint);
    let height = u16::try_from(Clip::ALL.len()).unwrap_or_default();
    let area = overlay::open(canvas, screen, 64, height, "Copy");
    for ((place, clip), y) in Clip::ALL.into_iter().enumerate().zip(area.y..area.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let text = clip.text(record, server);
        let role = if text.is_some() {
            Role::Text
        } else {
            Role::Dim
        };
        let pointer = if place == chosen {
            canvas.look.symbols.pointer
        } else {
            " "
        };
        let mut strip = Strip::new(canvas.look, area.width);
        strip
            .put(pointer, Role::Key)
            .gap(1)
            .put(clip.name(), role)
            .pad_to(20);
        let first = text.as_deref().and_then(|text| text.lines().next());
        strip.put(first.unwrap_or("none"), Role::Dim);
        strip.draw(line, canvas.buffer);
        if place == chosen {
            canvas.tint(line, Role::Selected);
        }
        canvas.target(line, Target::Copied(place));
    }
}
