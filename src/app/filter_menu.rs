//! Entries of the saved-filter menu.

use super::state::AppState;

/// An entry of the saved-filter menu.
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
