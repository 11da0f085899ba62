//! Where the panels are and how large: by keys, and by pulling at the border.

use jiff::Timestamp;
use ratatui::layout::{Position, Size};

use crate::app::{
    action::Action,
    arrangement::{Arrangement, BESIDE_FROM, Placement, Side},
    geometry::Areas,
    notices::Gravity,
    state::{Focus, Panes, State},
};

/// Answers whether the action was one about the panels.
pub(super) fn act(state: &mut State, action: Action, now: Timestamp) -> bool {
    match action {
        Action::Arrange => turn(state, now),
        Action::GrowDetails => grow(state, 1),
        Action::ShrinkDetails => grow(state, -1),
        _ => return false,
    }
    state.cursor.hold(&state.outline);
    true
}

/// The ways in which the panels share the screen, in the order in which the key goes round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Below,
    Beside,
    DetailsOnly,
    ListOnly,
}

impl Way {
    fn next(self) -> Self {
        match self {
            Self::Below => Self::Beside,
            Self::Beside => Self::DetailsOnly,
            Self::DetailsOnly => Self::ListOnly,
            Self::ListOnly => Self::Below,
        }
    }

    fn of(state: &State) -> Self {
        let body = Areas::of(state).body;
        match state.panes {
            Panes::List => Self::ListOnly,
            Panes::Details => Self::DetailsOnly,
            Panes::Both(focus) => match (state.arrangement.split(body), focus) {
                (None, Focus::List) => Self::ListOnly,
                (None, Focus::Details) => Self::DetailsOnly,
                (Some(_), _) if state.arrangement.side(body) == Side::Right => Self::Beside,
                (Some(_), _) => Self::Below,
            },
        }
    }

    /// Takes this way. Answers whether there is room for it.
    fn take(self, state: &mut State) -> bool {
        let focus = match state.panes {
            Panes::Details | Panes::Both(Focus::Details) => Focus::Details,
            Panes::List | Panes::Both(Focus::List) => Focus::List,
        };
        let placement = match self {
            Self::DetailsOnly => {
                state.panes = Panes::Details;
                return true;
            }
            Self::ListOnly => {
                state.panes = Panes::List;
                return true;
            }
            Self::Below => Placement::Below,
            Self::Beside => Placement::Beside,
        };
        let body = Areas::of(state).body;
        let mut wanted = state.arrangement.clone();
        wanted.placement = placement;
        let fits = wanted.split(body).is_some()
            && (placement == Placement::Below || Arrangement::has_room_beside(body));
        if fits {
            state.arrangement = wanted;
            state.panes = Panes::Both(focus);
        }
        fits
    }
}

/// Goes on to the next way that there is room for.
fn turn(state: &mut State, now: Timestamp) {
    let mut way = Way::of(state).next();
    while !way.take(state) {
        if way == Way::Beside {
            say_narrow(state, now);
        }
        way = way.next();
    }
}

fn say_narrow(state: &mut State, now: Timestamp) {
    let text = format!(
        "Details beside the list need {BESIDE_FROM} columns; this screen has {}",
        state.size.width
    );
    state.notices.say(Gravity::Info, text, now);
}

fn grow(state: &mut State, steps: i16) {
    let areas = Areas::of(state);
    if !areas.border.is_empty() {
        state.arrangement.grow(areas.body, steps);
    }
}

/// The mouse takes the border, or lets it go.
pub(super) fn hold(state: &mut State, holds: bool) {
    state.arrangement.is_held = holds;
}

/// The border goes where the mouse is, if that holds it. Answers whether it does.
pub(super) fn pull(state: &mut State, to: Position) -> bool {
    let areas = Areas::of(state);
    let is_held = state.arrangement.is_held && !areas.border.is_empty();
    if is_held {
        state.arrangement.pull(areas.body, to);
    }
    is_held
}

impl State {
    /// Takes the terminal's size, with a word where that puts the details elsewhere than they were wanted.
    pub(in crate::app) fn fit(&mut self, size: Size, now: Timestamp) {
        let (before, is_first) = (Areas::of(self).body, self.size == Size::default());
        self.size = size;
        let is_wanted =
            self.arrangement.placement == Placement::Beside && matches!(self.panes, Panes::Both(_));
        if is_wanted
            && !Arrangement::has_room_beside(Areas::of(self).body)
            && (is_first || Arrangement::has_room_beside(before))
        {
            say_narrow(self, now);
        }
    }
}
