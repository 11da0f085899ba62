//! The banner at the top during time travel.

use ratatui::layout::Rect;

use super::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, ClickTarget, Context, TimeTravel},
    text::duration,
};

pub(super) fn draw(canvas: &mut RenderContext, past: &TimeTravel, area: Rect) {
    if area.height == 0 {
        return;
    }
    let zone = &canvas.state.options.time_zone;
    let (then, now) = (zone.to_datetime(past.at), zone.to_datetime(canvas.clock));
    let format = if then.date() == now.date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    let ago = canvas.clock.duration_since(past.at);
    let mut strip = StyledLine::new(canvas.look, area.width);
    strip
        .put(" LOOKING BACK ", Role::Alarm)
        .put(&then.strftime(format).to_string(), Role::Alarm)
        .put(&format!(", {} ago ", duration(ago)), Role::Alarm);
    let key = canvas.state.keymap.key(Context::List, Action::Now);
    if let Some(key) = key {
        let hint = format!(" {} back to now ", key.label(canvas.look.symbols.ascii));
        let start = usize::from(area.width).saturating_sub(hint.len());
        if strip.used() < start {
            strip.pad_to(start).put(&hint, Role::Alarm);
        }
    }
    strip.draw(area, canvas.buffer);
    let style = canvas.look.style(Role::Alarm);
    canvas.buffer.set_style(area, style);
    canvas.target(area, ClickTarget::Action(Action::Now));
}
