//! Where the panels are: a pure function of the terminal's size and the state, so that drawing, scrolling and
//! clicking go by the same lines.

use ratatui::layout::{Rect, Size};

use super::{
    pane_split::PaneSplit,
    state::{AppState, Focus, PaneMode},
};

/// Where the panels are. A panel without room has no lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScreenLayout {
    /// The line at the top.
    pub header: Rect,
    /// What list and details have together.
    pub body: Rect,
    /// The names of the columns.
    pub columns: Rect,
    /// The rows of the list.
    pub list: Rect,
    /// What is said of all rows together, below them; only where that is more than the header says.
    pub status: Rect,
    /// The thin line between list and details: one line high above the details, one column wide beside them.
    pub border: Rect,
    /// The tabs of the details.
    pub tabs: Rect,
    /// The text of the details.
    pub details: Rect,
    /// The line at the bottom.
    pub footer: Rect,
}

impl ScreenLayout {
    /// The panels of a state.
    pub fn of(state: &AppState) -> Self {
        Self::for_size(state, state.size)
    }

    /// The panels of a state on a terminal of this size.
    pub fn for_size(state: &AppState, size: Size) -> Self {
        let mut areas = Self::new(size, state.pane_mode, &state.pane_split);
        if state.history.is_some() {
            let has_room = areas.list.height > MIN_LIST_ROWS;
            areas.status = take(&mut areas.list, u16::from(has_room), Edge::Bottom);
        }
        areas
    }

    /// The panels of a terminal of this size.
    pub fn new(size: Size, panes: PaneMode, pane_split: &PaneSplit) -> Self {
        let mut body = Rect::from(size);
        // The list comes first when lines are scarce, then the header, then the footer.
        let header = take(&mut body, u16::from(size.height >= 3), Edge::Top);
        let footer = take(&mut body, u16::from(size.height >= 4), Edge::Bottom);
        let nothing = Rect { height: 0, ..body };
        let (mut list, border, mut details) = match panes {
            PaneMode::List => (body, nothing, nothing),
            PaneMode::Details => (nothing, nothing, body),
            // Where there is no room for both, what has the focus gets it.
            PaneMode::Both(focus) => pane_split.split(body).unwrap_or(match focus {
                Focus::List => (body, nothing, nothing),
                Focus::Details => (nothing, nothing, body),
            }),
        };
        let tabs_height = u16::from(details.height >= 2);
        let tabs = take(&mut details, tabs_height, Edge::Top);
        let columns_height = u16::from(list.height >= 3);
        let columns = take(&mut list, columns_height, Edge::Top);
        Self {
            header,
            body,
            columns,
            list,
            status: nothing,
            border,
            tabs,
            details,
            footer,
        }
    }
}

/// Fewer rows are worth more than what is said of them together.
const MIN_LIST_ROWS: u16 = 3;

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
    use crate::app::pane_split::DetailsPosition;

    #[test]
    fn the_panels_fill_the_screen_without_overlap() {
        let all = [
            PaneMode::List,
            PaneMode::Both(Focus::List),
            PaneMode::Both(Focus::Details),
            PaneMode::Details,
        ];
        let arrangements =
            DetailsPosition::NAMED.map(|(_, placement)| PaneSplit::new(placement, Some(45)));
        for (panes, pane_split) in all
            .into_iter()
            .flat_map(|p| arrangements.iter().map(move |a| (p, a)))
        {
            for size in (0..80).flat_map(|height| [20, 80, 120, 180].map(|w| Size::new(w, height)))
            {
                let areas = ScreenLayout::new(size, panes, pane_split);
                let all = [
                    areas.header,
                    areas.columns,
                    areas.list,
                    areas.border,
                    areas.tabs,
                    areas.details,
                    areas.footer,
                ];
                let cells: u32 = all.iter().map(|area| area.area()).sum();
                assert_eq!(cells, Rect::from(size).area(), "{panes:?} {size}");
                for (index, area) in all.iter().enumerate() {
                    for other in &all[..index] {
                        assert!(!area.intersects(*other) || area.is_empty() || other.is_empty());
                    }
                }
            }
        }
    }

    fn areas(width: u16, height: u16, focus: Focus) -> ScreenLayout {
        let size = Size::new(width, height);
        ScreenLayout::new(size, PaneMode::Both(focus), &PaneSplit::default())
    }

    #[test]
    fn eighty_by_twenty_four_has_room_for_both() {
        let areas = areas(80, 24, Focus::List);
        assert_eq!((areas.list.height, areas.details.height), (14, 5));
    }

    #[test]
    fn a_low_screen_shows_what_has_the_focus() {
        let list = areas(20, 5, Focus::List);
        assert_eq!((list.list.height, list.details.height), (2, 0));
        let details = areas(20, 5, Focus::Details);
        assert_eq!((details.list.height, details.details.height), (0, 2));
    }
}
