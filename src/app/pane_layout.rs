//! Position and size of the details pane.
//!
//! Sizes are stored as shares of the area of list and details, so that they survive a resize.

use ratatui::layout::{Position, Rect};

/// Minimum screen width for list and details side by side.
pub(super) const MIN_COLUMNS_BESIDE: u16 = MIN_LIST_COLUMNS + MIN_DETAILS_COLUMNS;
/// Minimum list width beside the details: task, target and progress.
const MIN_LIST_COLUMNS: u16 = 56;
const MIN_LIST_LINES: u16 = 4;
/// Minimum width of the details beside the list: the border and the names of all tabs.
const MIN_DETAILS_COLUMNS: u16 = 44;
const MIN_DETAILS_LINES: u16 = 6;
/// Minimum number of lines for list and details below each other.
const MIN_LINES_BELOW: u16 = 12;
/// Minimum screen width for placing the details to the right of the list: all default columns and the details fit.
/// A tall screen has them below.
const WIDE_COLUMNS: u16 = 240;
/// Maximum default height of the details below the list; the default is a third of the area.
const MAX_DETAILS_LINES: u16 = 16;
/// Default width of the details beside the list, in thousandths.
const BESIDE: u16 = 400;

/// Configured position of the details pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DetailsPosition {
    /// The side with more space.
    #[default]
    Auto,
    Below,
    /// Right of the list, if there is space.
    Beside,
}

impl DetailsPosition {
    /// All positions with their names in the config file.
    pub const NAMED: [(&str, Self); 3] = [
        ("auto", Self::Auto),
        ("below", Self::Below),
        ("beside", Self::Beside),
    ];
}

/// Side of the list on which the details are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Below,
    Right,
}

/// Position and size of the details pane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaneLayout {
    pub position: DetailsPosition,
    /// Share of the height while below the list, in thousandths; `None` for the default.
    below: Option<u16>,
    /// Share of the width while right of the list, in thousandths; `None` for the default.
    beside: Option<u16>,
    /// True while the border is dragged.
    pub is_dragged: bool,
}

impl PaneLayout {
    /// Allowed shares, in percent.
    pub const PERCENT: std::ops::RangeInclusive<u8> = 10..=90;

    /// Creates a split from a position and a share in percent for both sides.
    pub fn new(position: DetailsPosition, percent: Option<u8>) -> Self {
        let share = percent.map(|percent| u16::from(percent) * 10);
        Self {
            position,
            below: share,
            beside: share,
            is_dragged: false,
        }
    }

    /// True if list and details fit side by side.
    pub fn has_space_beside(body: Rect) -> bool {
        body.width >= MIN_COLUMNS_BESIDE
    }

    /// Returns the side on which the details are placed.
    pub fn side(&self, body: Rect) -> Side {
        let is_beside = match self.position {
            DetailsPosition::Below => false,
            DetailsPosition::Beside => true,
            // A cell is about twice as high as wide: below 3:1 the screen is taller than 3:2.
            DetailsPosition::Auto => {
                body.height < MIN_LINES_BELOW
                    || body.width >= WIDE_COLUMNS && body.width >= 3 * body.height
            }
        };
        if is_beside && Self::has_space_beside(body) {
            Side::Right
        } else {
            Side::Below
        }
    }

    /// Splits the area into list, border and details. `None` if there is no space for both.
    pub(super) fn split(&self, body: Rect) -> Option<(Rect, Rect, Rect)> {
        let side = self.side(body);
        if side == Side::Below && body.height < MIN_LINES_BELOW || body.is_empty() {
            return None;
        }
        let extent = self.extent(side, body);
        let (mut list, mut border, mut details) = (body, body, body);
        match side {
            Side::Below => {
                list.height -= extent;
                (border.y, border.height) = (list.bottom(), 1);
                (details.y, details.height) = (border.bottom(), extent - 1);
            }
            Side::Right => {
                list.width -= extent;
                (border.x, border.width) = (list.right(), 1);
                (details.x, details.width) = (border.right(), extent - 1);
            }
        }
        Some((list, border, details))
    }

    /// Returns the height or width of the details including the border. Requires space for both.
    fn extent(&self, side: Side, body: Rect) -> u16 {
        let (share, whole, minimum, maximum) = match side {
            Side::Below => (
                self.below,
                body.height,
                MIN_DETAILS_LINES,
                body.height.saturating_sub(MIN_LIST_LINES),
            ),
            Side::Right => (
                self.beside,
                body.width,
                MIN_DETAILS_COLUMNS,
                body.width.saturating_sub(MIN_LIST_COLUMNS),
            ),
        };
        let part = |share: u16| (u32::from(whole) * u32::from(share) + 500) / 1000;
        let extent = match (share, side) {
            (Some(share), _) => part(share),
            (None, Side::Below) => u32::from((whole / 3).min(MAX_DETAILS_LINES)),
            (None, Side::Right) => part(BESIDE),
        };
        u16::try_from(extent)
            .unwrap_or(maximum)
            .clamp(minimum, maximum.max(minimum))
    }

    /// Changes the size of the details by twentieths of the area.
    pub fn grow(&mut self, body: Rect, steps: i16) {
        let side = self.side(body);
        let whole = match side {
            Side::Below => body.height,
            Side::Right => body.width,
        };
        let step = i16::try_from(whole / 20).unwrap_or(i16::MAX).max(1);
        let extent = self.extent(side, body);
        self.resize(
            side,
            body,
            extent.saturating_add_signed(steps.saturating_mul(step)),
        );
    }

    /// Moves the border to a position.
    pub fn move_border(&mut self, body: Rect, to: Position) {
        let side = self.side(body);
        let extent = match side {
            Side::Below => body.bottom().saturating_sub(to.y),
            Side::Right => body.right().saturating_sub(to.x),
        };
        self.resize(side, body, extent);
    }

    /// Stores the size, clamped to what fits, so that resizing back starts at the visible size.
    fn resize(&mut self, side: Side, body: Rect, extent: u16) {
        self.set(side, body, extent);
        let seen = self.extent(side, body);
        self.set(side, body, seen);
    }

    fn set(&mut self, side: Side, body: Rect, extent: u16) {
        let (share, whole) = match side {
            Side::Below => (&mut self.below, body.height),
            Side::Right => (&mut self.beside, body.width),
        };
        let whole = u32::from(whole.max(1));
        let thousandths = (u32::from(extent) * 1000 + whole / 2) / whole;
        *share = Some(u16::try_from(thousandths).unwrap_or(1000).min(1000));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(width: u16, height: u16) -> Rect {
        Rect::new(0, 1, width, height)
    }

    fn sizes(pane_layout: &PaneLayout, body: Rect) -> (u16, u16) {
        let (list, border, details) = pane_layout.split(body).unwrap();
        match pane_layout.side(body) {
            Side::Below => {
                assert_eq!(list.height + border.height + details.height, body.height);
                (list.height, details.height)
            }
            Side::Right => {
                assert_eq!(list.width + border.width + details.width, body.width);
                (list.width, details.width)
            }
        }
    }

    #[test]
    fn auto_places_details_beside_on_wide_screens() {
        let auto = PaneLayout::default();
        for (width, height, side) in [
            (80, 22, Side::Below),
            (120, 38, Side::Below),
            (159, 40, Side::Below),
            (160, 43, Side::Below),
            (200, 58, Side::Below),
            (240, 58, Side::Right),
            (240, 90, Side::Below),
            // Too low for both below each other.
            (120, 10, Side::Right),
            (80, 10, Side::Below),
        ] {
            assert_eq!(auto.side(body(width, height)), side, "{width}x{height}");
        }
    }

    #[test]
    fn beside_requires_space() {
        let beside = PaneLayout::new(DetailsPosition::Beside, None);
        assert_eq!(beside.side(body(MIN_COLUMNS_BESIDE, 22)), Side::Right);
        assert_eq!(beside.side(body(MIN_COLUMNS_BESIDE - 1, 22)), Side::Below);
        assert_eq!(sizes(&beside, body(100, 22)), (56, 43));
        assert_eq!(sizes(&beside, body(200, 58)), (120, 79));
        let below = PaneLayout::new(DetailsPosition::Below, None);
        assert_eq!(below.side(body(300, 40)), Side::Below);
    }

    #[test]
    fn shares_survive_a_resize() {
        let mut pane_layout = PaneLayout::new(DetailsPosition::Below, None);
        let whole = body(100, 40);
        pane_layout.move_border(whole, Position::new(7, whole.bottom() - 20));
        assert_eq!(sizes(&pane_layout, whole), (20, 19));
        assert_eq!(sizes(&pane_layout, body(100, 60)), (30, 29));
        assert_eq!(sizes(&pane_layout, body(100, 14)).0, 7);
        assert_eq!(sizes(&pane_layout, whole), (20, 19));
        // The share beside the list is separate.
        pane_layout.position = DetailsPosition::Beside;
        assert_eq!(sizes(&pane_layout, body(200, 40)), (120, 79));
    }

    #[test]
    fn border_follows_the_mouse_within_limits() {
        for position in [DetailsPosition::Below, DetailsPosition::Beside] {
            let mut pane_layout = PaneLayout::new(position, None);
            let whole = body(230, 70);
            for coordinate in 0..240 {
                pane_layout.move_border(whole, Position::new(coordinate, coordinate));
                let (list, border, details) = pane_layout.split(whole).unwrap();
                let at = match position {
                    DetailsPosition::Beside => border.x,
                    _ => border.y,
                };
                let bounds = match position {
                    DetailsPosition::Beside => (56, 230 - 44),
                    _ => (5, 71 - 6),
                };
                assert_eq!(at, coordinate.clamp(bounds.0, bounds.1), "{position:?}");
                assert!(!list.is_empty() && !details.is_empty());
            }
        }
    }

    #[test]
    fn grows_and_shrinks_in_steps() {
        let whole = body(200, 40);
        let mut pane_layout = PaneLayout::new(DetailsPosition::Beside, Some(50));
        assert_eq!(sizes(&pane_layout, whole).1, 99);
        pane_layout.grow(whole, 1);
        assert_eq!(sizes(&pane_layout, whole).1, 109);
        pane_layout.grow(whole, 100);
        let maximum = sizes(&pane_layout, whole).1;
        pane_layout.grow(whole, 1);
        pane_layout.grow(whole, -1);
        assert_eq!(sizes(&pane_layout, whole).1, maximum - 10);
    }

    #[test]
    fn splits_every_size_or_reports_no_space() {
        for position in DetailsPosition::NAMED.map(|(_, position)| position) {
            for percent in [None, Some(10), Some(90)] {
                let pane_layout = PaneLayout::new(position, percent);
                for (width, height) in (0..250).flat_map(|w| (0..80).map(move |h| (w, h))) {
                    let whole = body(width, height);
                    if let Some((list, border, details)) = pane_layout.split(whole) {
                        for part in [list, border, details] {
                            assert!(!part.is_empty(), "{width}x{height}");
                            assert_eq!(part.intersection(whole), part, "{width}x{height}");
                        }
                    }
                }
            }
        }
    }
}
