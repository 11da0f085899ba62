//! Screen layout: a pure function of terminal size and state, so that drawing, scrolling and clicking agree.

use ratatui::layout::{Rect, Size};

use super::{
    pane_layout::PaneLayout,
    panes::{Focus, PaneMode},
};

/// Lines that are shown only if they have content and there is space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtraLines {
    /// Above the list.
    pub report: bool,
    /// Below the list.
    pub status: bool,
}

/// Areas of the screen. Areas that do not fit are empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScreenLayout {
    pub header: Rect,
    /// List and details together.
    pub body: Rect,
    /// The report of what changed during a period of absence, above the list.
    pub report: Rect,
    /// The column headers.
    pub columns: Rect,
    /// The rows of the list.
    pub list: Rect,
    /// Status line below the list; only if it shows more than the header.
    pub status: Rect,
    /// Border between list and details: one line above the details, or one column beside them.
    pub border: Rect,
    pub tabs: Rect,
    pub details: Rect,
    pub footer: Rect,
}

impl ScreenLayout {
    /// Computes the layout for a terminal of this size.
    pub fn new(size: Size, panes: PaneMode, pane_layout: &PaneLayout, extra: ExtraLines) -> Self {
        let mut body = Rect::from(size);
        // With few lines the list has priority, then the header, then the footer.
        let header = take_top(&mut body, u16::from(size.height >= 3));
        let footer = take_bottom(&mut body, u16::from(size.height >= 4));
        let nothing = Rect { height: 0, ..body };
        let (mut list, border, mut details) = match panes {
            PaneMode::List => (body, nothing, nothing),
            PaneMode::Details => (nothing, nothing, body),
            // If there is no space for both, the focused pane is shown.
            PaneMode::Both(focus) => pane_layout.split(body).unwrap_or(match focus {
                Focus::List => (body, nothing, nothing),
                Focus::Details => (nothing, nothing, body),
            }),
        };
        let tabs_height = u16::from(details.height >= 2);
        let tabs = take_top(&mut details, tabs_height);
        let has_space = extra.report && list.height > MIN_LIST_ROWS + 1;
        let report = take_top(&mut list, u16::from(has_space));
        let columns_height = u16::from(list.height >= 3);
        let columns = take_top(&mut list, columns_height);
        let has_space = extra.status && list.height > MIN_LIST_ROWS;
        let status = take_bottom(&mut list, u16::from(has_space));
        Self {
            header,
            body,
            report,
            columns,
            list,
            status,
            border,
            tabs,
            details,
            footer,
        }
    }
}

/// Minimum number of rows before an extra line is shown.
const MIN_LIST_ROWS: u16 = 3;

/// Removes lines at the top of an area and returns them.
pub fn take_top(area: &mut Rect, lines: u16) -> Rect {
    let height = lines.min(area.height);
    let top = Rect { height, ..*area };
    area.y += height;
    area.height -= height;
    top
}

/// Removes lines at the bottom of an area and returns them.
pub fn take_bottom(area: &mut Rect, lines: u16) -> Rect {
    let height = lines.min(area.height);
    area.height -= height;
    let y = area.bottom();
    Rect { y, height, ..*area }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::pane_layout::DetailsPosition;

    #[test]
    fn areas_fill_the_screen_without_overlap() {
        let all = [
            PaneMode::List,
            PaneMode::Both(Focus::List),
            PaneMode::Both(Focus::Details),
            PaneMode::Details,
        ];
        let arrangements =
            DetailsPosition::NAMED.map(|(_, placement)| PaneLayout::new(placement, Some(45)));
        for (panes, pane_layout) in all
            .into_iter()
            .flat_map(|p| arrangements.iter().map(move |a| (p, a)))
        {
            for size in (0..80).flat_map(|height| [20, 80, 120, 180].map(|w| Size::new(w, height)))
            {
                let extra = ExtraLines {
                    report: size.height % 2 == 0,
                    status: size.height % 3 == 0,
                };
                let areas = ScreenLayout::new(size, panes, pane_layout, extra);
                let all = [
                    areas.header,
                    areas.report,
                    areas.status,
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
        ScreenLayout::new(
            size,
            PaneMode::Both(focus),
            &PaneLayout::default(),
            ExtraLines::default(),
        )
    }

    #[test]
    fn standard_terminal_has_space_for_both_panes() {
        let areas = areas(80, 24, Focus::List);
        assert_eq!((areas.list.height, areas.details.height), (14, 5));
    }

    #[test]
    fn low_screen_shows_the_focused_pane() {
        let list = areas(20, 5, Focus::List);
        assert_eq!((list.list.height, list.details.height), (2, 0));
        let details = areas(20, 5, Focus::Details);
        assert_eq!((details.list.height, details.details.height), (0, 2));
    }
}
