//! The banner at the top during time travel.

use ratatui::layout::Rect;

use crate::ui::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, ClickTarget, Context, TimeTravel},
    text::duration,
};

pub(in crate::ui) fn draw(ctx: &mut RenderContext, past: &TimeTravel, area: Rect) {
    if area.height == 0 {
        return;
    }
    let zone = &ctx.state.options.time_zone;
    let (then, now) = (zone.to_datetime(past.at), zone.to_datetime(ctx.clock));
    let format = if then.date() == now.date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    let ago = ctx.clock.duration_since(past.at);
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip
        .push(" TIME TRAVEL ", Role::Alarm)
        .push(&then.strftime(format).to_string(), Role::Alarm)
        .push(&format!(", {} ago ", duration(ago)), Role::Alarm);
    let key = ctx.state.keymap.key(Context::List, Action::Now);
    if let Some(key) = key {
        let hint = format!(" {} back to now ", key.label(ctx.appearance.symbols.ascii));
        let start = usize::from(area.width).saturating_sub(hint.len());
        if strip.width() < start {
            strip.pad_to(start).push(&hint, Role::Alarm);
        }
    }
    strip.draw(area, ctx.buffer);
    let style = ctx.appearance.style(Role::Alarm);
    ctx.buffer.set_style(area, style);
    ctx.target(area, ClickTarget::Action(Action::Now));
}
