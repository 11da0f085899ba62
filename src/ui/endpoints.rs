//! Whose task a row is, where there are several vCenters: a narrow column at the left edge of the list.

use ratatui::layout::Rect;

use super::{Canvas, ink::Strip, theme::Role};
use crate::{task::Handle, text::width};

const TITLE: &str = "VCENTER";
/// The widest a name gets, in columns of the screen.
const MOST: u16 = 12;
/// Below this width the room is worth more to the task.
const FROM: u16 = 56;
/// The edge of the screen, and what keeps the column apart from the next one.
const EDGE: u16 = 1;
const GAP: u16 = 1;

/// How wide the names are; nothing where there is one endpoint only.
fn own(canvas: &Canvas, screen: u16) -> u16 {
    let servers = &canvas.state.servers;
    if servers.len() < 2 || screen < FROM {
        return 0;
    }
    let widest = servers.iter().map(|server| width(&server.name)).max();
    let widest = u16::try_from(widest.unwrap_or(0)).unwrap_or(MOST);
    widest.clamp(u16::try_from(TITLE.len()).unwrap_or(MOST), MOST)
}

/// What is left of an area beside the names.
pub(super) fn narrowed(canvas: &Canvas, area: Rect) -> Rect {
    let taken = match own(canvas, area.width) {
        0 => 0,
        own => own + EDGE + GAP - 1,
    };
    Rect {
        x: area.x + taken,
        width: area.width - taken,
        ..area
    }
}

/// The column's title, on the line of the others.
pub(super) fn draw_title(canvas: &mut Canvas, list: Rect, titles: Rect) {
    let width = own(canvas, list.width);
    if width == 0 || titles.height == 0 {
        return;
    }
    let mut strip = Strip::new(canvas.look, width);
    strip.put(TITLE, Role::Heading);
    let place = Rect {
        x: list.x + EDGE,
        y: titles.y,
        width,
        height: 1,
    };
    strip.draw(place, canvas.buffer);
}

/// The name of a task's endpoint, on the line of its row.
pub(super) fn draw(canvas: &mut Canvas, task: Handle, line: Rect) {
    let room = own(canvas, line.width);
    let state = canvas.state;
    let Some(record) = state.board.get(task).filter(|_| room > 0) else {
        return;
    };
    let Some(server) = state.server(record.id.endpoint) else {
        return;
    };
    let role = if server.is_stale() {
        Role::Stale
    } else {
        Role::Dim
    };
    let mut strip = Strip::new(canvas.look, room);
    strip.put_within(&server.name, usize::from(room), role);
    let place = Rect {
        x: line.x + EDGE,
        width: room,
        ..line
    };
    strip.draw(place, canvas.buffer);
}
