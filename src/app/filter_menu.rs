//! The menu of filters with names.

use super::state::AppState;

/// An entry of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterMenuEntry<'a> {
    /// All tasks.
    Nothing,
    /// A filter with a name.
    Filter {
        /// Its name.
        name: &'a str,
        /// The filter.
        text: &'a str,
        /// Whether it got its name on the screen, and can be forgotten there.
        is_own: bool,
    },
}

impl FilterMenuEntry<'_> {
    /// What it is as a filter.
    pub fn filter(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Filter { name, .. } => format!("@{name}"),
        }
    }
}

/// All entries of the menu.
pub fn entries(state: &AppState) -> Vec<FilterMenuEntry<'_>> {
    let own = &state.options.user_filters;
    let named = state.options.saved_filters.iter();
    let named = named.map(|(name, text)| FilterMenuEntry::Filter {
        name,
        text,
        is_own: own.get(name) == Some(text),
    });
    std::iter::once(FilterMenuEntry::Nothing)
        .chain(named)
        .collect()
}
