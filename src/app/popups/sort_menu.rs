//! The sort menu. Its entries are the variants of [`SortColumn`], in their order.

use jiff::Timestamp;

use super::{
    handler::Response,
    list_menu::{ListMenu, MenuEntries},
};
use crate::{
    app::{action::Action, event::Effect, keymap::Context, state::AppState, update::list::sort},
    task::row_model::SortColumn,
};

pub type SortMenu = ListMenu<SortColumn>;

/// Opens the menu with the current sort column highlighted.
pub(in crate::app) fn open(state: &AppState) -> SortMenu {
    let first = state.view().row_model.view().sort.first().column;
    let mut columns = SortColumn::ALL.iter();
    ListMenu::at(columns.position(|known| *known == first))
}

impl MenuEntries for SortColumn {
    const CONTEXT: Context = Context::Order;

    fn count(_state: &AppState) -> usize {
        Self::ALL.len()
    }

    /// Sorts by an entry. If the rows are sorted by it already, the direction is kept.
    fn choose(state: &mut AppState, entry: usize, now: Timestamp) -> Vec<Effect> {
        if let Some(column) = Self::ALL.get(entry)
            && state.view().row_model.view().sort.first().column != *column
        {
            sort(state, now, |sort| sort.choose(*column));
        }
        Vec::new()
    }

    fn handle_action(
        state: &mut AppState,
        highlighted: &mut usize,
        action: Action,
        now: Timestamp,
    ) -> Response {
        let column = Self::ALL.get(*highlighted).copied().unwrap_or_default();
        match action {
            Action::FurtherSort => sort(state, now, |sort| sort.toggle(column)),
            Action::Reverse => sort(state, now, |sort| match sort.position(column) {
                Some(_) => sort.reverse_column(column),
                None => sort.reverse(),
            }),
            _ => {}
        }
        Response::stay()
    }
}
