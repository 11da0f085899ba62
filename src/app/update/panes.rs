//! Actions that move or resize the panes.

use jiff::Timestamp;
use ratatui::layout::{Position, Size};

use crate::app::{
    action::Action,
    notification_log::Severity,
    pane_layout::{DetailsPosition, MIN_COLUMNS_BESIDE, PaneLayout, Side},
    panes::{Focus, PaneMode},
    state::AppState,
};

/// Returns true if the action was handled.
pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> bool {
    match action {
        Action::Arrange => turn(state, now),
        Action::GrowDetails => grow(state, 1),
        Action::ShrinkDetails => grow(state, -1),
        _ => return false,
    }
    state.view_mut().pin_selection();
    true
}

/// Pane arrangements, in the order in which the key cycles through them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PaneArrangement {
    Below,
    Beside,
    DetailsOnly,
    ListOnly,
}

impl PaneArrangement {
    fn next(self) -> Self {
        match self {
            Self::Below => Self::Beside,
            Self::Beside => Self::DetailsOnly,
            Self::DetailsOnly => Self::ListOnly,
            Self::ListOnly => Self::Below,
        }
    }

    fn of(state: &AppState) -> Self {
        let body = state.layout().body;
        match state.pane_mode {
            PaneMode::List => Self::ListOnly,
            PaneMode::Details => Self::DetailsOnly,
            PaneMode::Both(focus) => match (state.pane_layout.split(body), focus) {
                (None, Focus::List) => Self::ListOnly,
                (None, Focus::Details) => Self::DetailsOnly,
                (Some(_), _) if state.pane_layout.side(body) == Side::Right => Self::Beside,
                (Some(_), _) => Self::Below,
            },
        }
    }

    /// Applies the arrangement. Returns false if there is no space for it.
    fn take(self, state: &mut AppState) -> bool {
        let focus = match state.pane_mode {
            PaneMode::Details | PaneMode::Both(Focus::Details) => Focus::Details,
            PaneMode::List | PaneMode::Both(Focus::List) => Focus::List,
        };
        let position = match self {
            Self::DetailsOnly => {
                state.pane_mode = PaneMode::Details;
                return true;
            }
            Self::ListOnly => {
                state.pane_mode = PaneMode::List;
                return true;
            }
            Self::Below => DetailsPosition::Below,
            Self::Beside => DetailsPosition::Beside,
        };
        let body = state.layout().body;
        let mut pane_layout = state.pane_layout.clone();
        pane_layout.position = position;
        let fits = pane_layout.split(body).is_some()
            && (position == DetailsPosition::Below || PaneLayout::has_space_beside(body));
        if fits {
            state.pane_layout = pane_layout;
            state.pane_mode = PaneMode::Both(focus);
        }
        fits
    }
}

/// Applies the next arrangement that fits.
fn turn(state: &mut AppState, now: Timestamp) {
    state.unzoomed = None;
    let mut change = PaneArrangement::of(state).next();
    while !change.take(state) {
        if change == PaneArrangement::Beside {
            notify_too_narrow(state, now);
        }
        change = change.next();
    }
}

fn notify_too_narrow(state: &mut AppState, now: Timestamp) {
    let text = format!(
        "Details beside the list need {MIN_COLUMNS_BESIDE} columns; the screen has {}",
        state.size.width
    );
    state.notifications.push(Severity::Info, text, now);
}

fn grow(state: &mut AppState, steps: i16) {
    let areas = state.layout();
    if !areas.border.is_empty() {
        state.pane_layout.grow(areas.body, steps);
    }
}

/// Moves the dragged border. Returns false if it is not dragged.
pub(super) fn pull(state: &mut AppState, to: Position) -> bool {
    let areas = state.layout();
    let is_held = state.pane_layout.is_dragged && !areas.border.is_empty();
    if is_held {
        state.pane_layout.move_border(areas.body, to);
    }
    is_held
}

impl AppState {
    /// Sets the terminal size. Notifies the user if the details no longer fit beside the list.
    pub(crate) fn fit(&mut self, size: Size, now: Timestamp) {
        let (before, is_first) = (self.layout().body, self.size == Size::default());
        self.size = size;
        let is_wanted = self.pane_layout.position == DetailsPosition::Beside
            && matches!(self.pane_mode, PaneMode::Both(_));
        if is_wanted
            && !PaneLayout::has_space_beside(self.layout().body)
            && (is_first || PaneLayout::has_space_beside(before))
        {
            notify_too_narrow(self, now);
        }
    }
}
