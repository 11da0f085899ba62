//! Where the panels are: a pure function of the terminal's size and the state, so that drawing, scrolling and
//! clicking go by the same lines.

use ratatui::layout::{Rect, Size};

use super::state::{Focus, Panes, State};

/// Below this many lines in the body there is no room for both the list and the details.
const BOTH_FROM: u16 = 12;
/// What the details get beside the list: at least the rule, the tabs and four lines of text, at most all fields.
const LEAST_DETAILS: u16 = 6;
const MOST_DETAILS: u16 = 16;

/// Where the panels are. A panel without room has no lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    /// The line at the top.
    pub header: Rect,
    /// The names of the columns.
    pub columns: Rect,
    /// The rows of the list.
    pub list: Rect,
    /// The thin line above the details.
    pub rule: Rect,
    /// The tabs of the details.
    pub tabs: Rect,
    /// The text of the details.
    pub details: Rect,
    /// The line at the bottom.
    pub footer: Rect,
}

impl Areas {
    /// The panels of a state.
    pub fn of(state: &State) -> Self {
        Self::new(state.size, state.panes)
    }

    /// The panels of a terminal of this size.
    pub fn new(size: Size, panes: Panes) -> Self {
        let mut rest = Rect::from(size);
        // The list comes first when lines are scarce, then the header, then the footer.
        let header = take(&mut rest, u16::from(size.height >= 3), Edge::Top);
        let footer = take(&mut rest, u16::from(size.height >= 4), Edge::Bottom);
        let details = match panes {
            Panes::List => 0,
            Panes::Details => rest.height,
            Panes::Both(focus) if rest.height < BOTH_FROM => match focus {
                Focus::List => 0,
                Focus::Details => rest.height,
            },
            Panes::Both(_) => (rest.height / 3).clamp(LEAST_DETAILS, MOST_DETAILS),
        };
        let mut below = take(&mut rest, details, Edge::Bottom);
        let rule_height = u16::from(rest.height > 0);
        let rule = take(&mut below, rule_height, Edge::Top);
        let tabs_height = u16::from(below.height >= 2);
        let tabs = take(&mut below, tabs_height, Edge::Top);
        let columns_height = u16::from(rest.height >= 3);
        let columns = take(&mut rest, columns_height, Edge::Top);
        Self {
            header,
            columns,
            list: rest,
            rule,
            tabs,
            details: below,
            footer,
        }
    }
}

#[derive(Clone, Copy)]
enum Edge {
    Top,
    Bottom,
}

fn take(rest: &mut Rect, lines: u16, edge: Edge) -> Rect {
    let lines = lines.min(rest.height);
    let mut taken = Rect {
        height: lines,
        ..*rest
    };
    rest.height -= lines;
    match edge {
        Edge::Top => rest.y += lines,
        Edge::Bottom => taken.y = rest.y + rest.height,
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panels_fill_the_screen_without_overlap() {
        let all = [
            Panes::List,
            Panes::Both(Focus::List),
            Panes::Both(Focus::Details),
            Panes::Details,
        ];
        for panes in all {
            for height in 0..80 {
                let size = Size::new(80, height);
                let areas = Areas::new(size, panes);
                let lines = [
                    areas.header,
                    areas.columns,
                    areas.list,
                    areas.rule,
                    areas.tabs,
                    areas.details,
                    areas.footer,
                ];
                let mut next = 0;
                for area in lines.into_iter().filter(|area| area.height > 0) {
                    assert_eq!(area.y, next, "{panes:?} {height}");
                    next += area.height;
                }
                assert_eq!(next, height);
            }
        }
    }

    #[test]
    fn eighty_by_twenty_four_has_room_for_both() {
        let areas = Areas::new(Size::new(80, 24), Panes::Both(Focus::List));
        assert_eq!((areas.list.height, areas.details.height), (14, 5));
    }

    #[test]
    fn a_low_screen_shows_what_has_the_focus() {
        let size = Size::new(20, 5);
        let list = Areas::new(size, Panes::Both(Focus::List));
        assert_eq!((list.list.height, list.details.height), (2, 0));
        let details = Areas::new(size, Panes::Both(Focus::Details));
        assert_eq!((details.list.height, details.details.height), (0, 2));
    }
}
