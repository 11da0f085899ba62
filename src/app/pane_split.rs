//! Where the details are beside the list, and how much of the screen they get.
//!
//! Sizes are kept as shares of what list and details have together, so that they last when the terminal is resized.

use ratatui::layout::{Position, Rect};

/// The columns that list and details need to stand beside each other.
pub(super) const MIN_COLUMNS_BESIDE: u16 = MIN_LIST_COLUMNS + MIN_DETAILS_COLUMNS;
/// What the list keeps: its task, its target and its progress; and what shows where it is.
const MIN_LIST_COLUMNS: u16 = 56;
const MIN_LIST_LINES: u16 = 4;
/// What the details get at least: the border and the names of all tabs; the border, the tabs and four lines of text.
const MIN_DETAILS_COLUMNS: u16 = 44;
const MIN_DETAILS_LINES: u16 = 6;
/// Below this many lines list and details have no room below each other.
const MIN_LINES_BELOW: u16 = 12;
/// From this width on there is room for all that matters of both beside each other, unless the screen is tall, too.
const WIDE_COLUMNS: u16 = 160;
/// What the details get below the list unless told otherwise: a third, and at most all fields.
const MAX_DETAILS_LINES: u16 = 16;
/// What the details get beside the list unless told otherwise, in thousandths.
const BESIDE: u16 = 400;

/// Where the details are to be while the list is there, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DetailsPosition {
    /// Wherever there is more room for them.
    #[default]
    Auto,
    /// Below the list.
    Below,
    /// At the right of the list, where that has room.
    Beside,
}

impl DetailsPosition {
    /// All of them, by the names that they have in the config file.
    pub const NAMED: [(&str, Self); 3] = [
        ("auto", Self::Auto),
        ("below", Self::Below),
        ("beside", Self::Beside),
    ];
}

/// On which side of the list the details are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Below it.
    Below,
    /// At the right of it.
    Right,
}

/// Where the details are beside the list, and how much of the screen they get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaneSplit {
    /// Where they are to be.
    pub placement: DetailsPosition,
    /// Their part of the lines while they are below, in thousandths; none while nobody said.
    below: Option<u16>,
    /// Their part of the columns while they are at the right, in thousandths; none while nobody said.
    beside: Option<u16>,
    /// Whether the mouse holds the border.
    pub is_held: bool,
}

impl PaneSplit {
    /// The shares that a person may ask for, in percent.
    pub const PERCENT: std::ops::RangeInclusive<u8> = 10..=90;

    /// A placement, and the details' share in percent wherever they are.
    pub fn new(placement: DetailsPosition, percent: Option<u8>) -> Self {
        let share = percent.map(|percent| u16::from(percent) * 10);
        Self {
            placement,
            below: share,
            beside: share,
            is_held: false,
        }
    }

    /// Whether the details have room at the right of the list.
    pub fn has_room_beside(body: Rect) -> bool {
        body.width >= MIN_COLUMNS_BESIDE
    }

    /// On which side of the list the details are, in the room that both have together.
    pub fn side(&self, body: Rect) -> Side {
        let is_beside = match self.placement {
            DetailsPosition::Below => false,
            DetailsPosition::Beside => true,
            // A cell is about twice as high as wide: below 3:1 the screen is taller than 3:2.
            DetailsPosition::Auto => {
                body.height < MIN_LINES_BELOW
                    || body.width >= WIDE_COLUMNS && body.width >= 3 * body.height
            }
        };
        if is_beside && Self::has_room_beside(body) {
            Side::Right
        } else {
            Side::Below
        }
    }

    /// What list and details get of the room that both have together, and the border between them. None where there
    /// is no room for both.
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

    /// How many lines, or columns, the details have with the border; there is room for both.
    fn extent(&self, side: Side, body: Rect) -> u16 {
        let (share, whole, least, most) = match side {
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
            .unwrap_or(most)
            .clamp(least, most.max(least))
    }

    /// Gives the details so many twentieths of the room more, or less.
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

    /// Moves the border to a place.
    pub fn pull(&mut self, body: Rect, to: Position) {
        let side = self.side(body);
        let extent = match side {
            Side::Below => body.bottom().saturating_sub(to.y),
            Side::Right => body.right().saturating_sub(to.x),
        };
        self.resize(side, body, extent);
    }

    /// What there is no room for is not remembered: the way back begins at what is seen.
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

    fn sizes(pane_split: &PaneSplit, body: Rect) -> (u16, u16) {
        let (list, border, details) = pane_split.split(body).unwrap();
        match pane_split.side(body) {
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
    fn by_itself_it_goes_beside_where_the_screen_is_wide_and_not_tall() {
        let auto = PaneSplit::default();
        for (width, height, side) in [
            (80, 22, Side::Below),
            (120, 38, Side::Below),
            (159, 40, Side::Below),
            (160, 43, Side::Right),
            (200, 58, Side::Right),
            (160, 58, Side::Below),
            // Too low for both below each other.
            (120, 10, Side::Right),
            (80, 10, Side::Below),
        ] {
            assert_eq!(auto.side(body(width, height)), side, "{width}x{height}");
        }
    }

    #[test]
    fn who_wants_it_beside_gets_it_where_there_is_room() {
        let beside = PaneSplit::new(DetailsPosition::Beside, None);
        assert_eq!(beside.side(body(MIN_COLUMNS_BESIDE, 22)), Side::Right);
        assert_eq!(beside.side(body(MIN_COLUMNS_BESIDE - 1, 22)), Side::Below);
        assert_eq!(sizes(&beside, body(100, 22)), (56, 43));
        assert_eq!(sizes(&beside, body(200, 58)), (120, 79));
        let below = PaneSplit::new(DetailsPosition::Below, None);
        assert_eq!(below.side(body(300, 40)), Side::Below);
    }

    #[test]
    fn a_share_lasts_when_the_screen_is_resized() {
        let mut pane_split = PaneSplit::new(DetailsPosition::Below, None);
        let whole = body(100, 40);
        pane_split.pull(whole, Position::new(7, whole.bottom() - 20));
        assert_eq!(sizes(&pane_split, whole), (20, 19));
        assert_eq!(sizes(&pane_split, body(100, 60)), (30, 29));
        assert_eq!(sizes(&pane_split, body(100, 14)).0, 7);
        assert_eq!(sizes(&pane_split, whole), (20, 19));
        // Beside it has a share of its own.
        pane_split.placement = DetailsPosition::Beside;
        assert_eq!(sizes(&pane_split, body(200, 40)), (120, 79));
    }

    #[test]
    fn the_border_follows_the_mouse_and_stops_at_the_edges() {
        for placement in [DetailsPosition::Below, DetailsPosition::Beside] {
            let mut pane_split = PaneSplit::new(placement, None);
            let whole = body(230, 70);
            for place in 0..240 {
                pane_split.pull(whole, Position::new(place, place));
                let (list, border, details) = pane_split.split(whole).unwrap();
                let at = match placement {
                    DetailsPosition::Beside => border.x,
                    _ => border.y,
                };
                let bounds = match placement {
                    DetailsPosition::Beside => (56, 230 - 44),
                    _ => (5, 71 - 6),
                };
                assert_eq!(at, place.clamp(bounds.0, bounds.1), "{placement:?}");
                assert!(!list.is_empty() && !details.is_empty());
            }
        }
    }

    #[test]
    fn it_grows_and_shrinks_step_by_step_and_turns_at_once() {
        let whole = body(200, 40);
        let mut pane_split = PaneSplit::new(DetailsPosition::Beside, Some(50));
        assert_eq!(sizes(&pane_split, whole).1, 99);
        pane_split.grow(whole, 1);
        assert_eq!(sizes(&pane_split, whole).1, 109);
        pane_split.grow(whole, 100);
        let most = sizes(&pane_split, whole).1;
        pane_split.grow(whole, 1);
        pane_split.grow(whole, -1);
        assert_eq!(sizes(&pane_split, whole).1, most - 10);
    }

    #[test]
    fn every_size_can_be_split_or_has_no_room() {
        for placement in DetailsPosition::NAMED.map(|(_, placement)| placement) {
            for percent in [None, Some(10), Some(90)] {
                let pane_split = PaneSplit::new(placement, percent);
                for (width, height) in (0..250).flat_map(|w| (0..80).map(move |h| (w, h))) {
                    let whole = body(width, height);
                    if let Some((list, border, details)) = pane_split.split(whole) {
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
