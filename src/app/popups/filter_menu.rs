//! The menu of saved filters: apply, save, delete.

use jiff::Timestamp;

use super::{
    handler::Response,
    list_menu::{ListMenu, MenuEntries},
};
use crate::{
    app::{
        action::Action,
        event::Effect,
        keymap::Context,
        notifications::Severity,
        state::AppState,
        update::list,
        update::saved_filters::{active_filter, has_filter_to_save},
        views::history::update as history,
    },
    task::Filter,
};

pub type FilterMenu = ListMenu<SavedFilters>;

/// The entries of the menu: no filter, then the saved filters.
#[derive(Debug)]
pub struct SavedFilters;

/// An entry of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterMenuEntry<'a> {
    /// No filter.
    NoFilter,
    Filter {
        name: &'a str,
        text: &'a str,
        /// True if it was saved from the screen and can be deleted there.
        is_user: bool,
    },
}

impl FilterMenuEntry<'_> {
    /// Returns the filter expression.
    pub fn filter(&self) -> String {
        match self {
            Self::NoFilter => String::new(),
            Self::Filter { name, .. } => format!("@{name}"),
        }
    }
}

impl SavedFilters {
    pub fn entries(state: &AppState) -> Vec<FilterMenuEntry<'_>> {
        let own = &state.options.user_filters;
        let named = state.options.saved_filters.iter();
        let named = named.map(|(name, text)| FilterMenuEntry::Filter {
            name,
            text,
            is_user: own.get(name) == Some(text),
        });
        std::iter::once(FilterMenuEntry::NoFilter)
            .chain(named)
            .collect()
    }
}

/// Opens the menu with the current filter highlighted.
pub(in crate::app) fn open(state: &mut AppState) -> FilterMenu {
    state.view_mut().pin_selection();
    let active = active_filter(state);
    let entries = SavedFilters::entries(state);
    let mut entries = entries.iter();
    ListMenu::at(entries.position(|entry| entry.filter() == active))
}

impl MenuEntries for SavedFilters {
    const CONTEXT: Context = Context::Filters;

    fn count(state: &AppState) -> usize {
        Self::entries(state).len()
    }

    fn choose(state: &mut AppState, entry: usize, now: Timestamp) -> Vec<Effect> {
        let entries = Self::entries(state);
        let Some(text) = entries.get(entry).map(FilterMenuEntry::filter) else {
            return Vec::new();
        };
        if let Some(history) = state.views.history() {
            let line = history.query_text_with(&text);
            return history::accept(state, &line, now);
        }
        match Filter::parse(&text, &state.options.saved_filters) {
            Ok(filter) => list::filter(state, filter, now),
            Err(error) => {
                let text = format!("{text}: {error}");
                state.notifications.push(Severity::Warning, text, now);
            }
        }
        Vec::new()
    }

    fn handle_action(
        state: &mut AppState,
        highlighted: &mut usize,
        action: Action,
        now: Timestamp,
    ) -> Response {
        match action {
            Action::SaveFilter if has_filter_to_save(state, now) => {
                Response::run(state.context(), Action::SaveFilter)
            }
            Action::ForgetFilter => Response::stay_with(delete(state, highlighted, now)),
            _ => Response::stay(),
        }
    }
}

/// Deletes a filter that was saved from the screen. It stays active if it is the current filter.
fn delete(state: &mut AppState, highlighted: &mut usize, now: Timestamp) -> Vec<Effect> {
    let entries = SavedFilters::entries(state);
    let (name, is_user) = match entries.get(*highlighted) {
        Some(FilterMenuEntry::Filter { name, is_user, .. }) => ((*name).to_owned(), *is_user),
        _ => return Vec::new(),
    };
    if !is_user {
        let text = format!("@{name} is defined in the config file; edit it there");
        state.notifications.push(Severity::Info, text, now);
        return Vec::new();
    }
    state.options.saved_filters.remove(&name);
    state.options.user_filters.remove(&name);
    *highlighted = highlighted.saturating_sub(1);
    let text = format!("Deleted @{name}");
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::SaveNamedFilter { name, filter: None }]
}

#[cfg(test)]
mod tests;
