//! The menu of filters: built-in ones and saved ones; apply, save, delete.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    handler::Response,
    list_menu::{ListMenu, MenuEntries},
};
use crate::{
    app::{
        action::Action, event::Effect, keymap::Context, notification_log::Severity,
        state::AppState, update::list, update::saved_filters::has_filter_to_save,
        views::history::update as history,
    },
    task::{Filter, filter::exactly},
};

pub type FilterMenu = ListMenu<FilterMenuEntries>;

/// The entries of the menu: no filter, built-in filters, then the saved ones.
#[derive(Debug)]
pub struct FilterMenuEntries;

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterMenuEntry<'a> {
    /// No filter.
    NoFilter,
    /// A filter that is there from the first run.
    BuiltIn { name: &'static str, text: String },
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
            Self::BuiltIn { text, .. } => text.clone(),
            Self::Filter { name, .. } => format!("@{name}"),
        }
    }
}

impl FilterMenuEntries {
    pub fn entries(state: &AppState) -> Vec<FilterMenuEntry<'_>> {
        let own = &state.options.user_filters;
        let named = state.options.saved_filters.iter();
        let named = named.map(|(name, text)| FilterMenuEntry::Filter {
            name,
            text,
            is_user: own.get(name) == Some(text),
        });
        std::iter::once(FilterMenuEntry::NoFilter)
            .chain(built_in(state))
            .chain(named)
            .collect()
    }
}

const FINISHED_TODAY: &str = "finished today";

/// Returns the built-in filters. That of today is for the last 24 hours until it is chosen.
fn built_in(state: &AppState) -> Vec<FilterMenuEntry<'static>> {
    let mine = own_tasks(state).map(|text| ("mine", text));
    let fixed = [
        ("active", "state:active"),
        ("failed, 24 hours", "state:failed ended<24h"),
        ("blocked or stalled", "is:blocked or is:stalled"),
        ("cancelable", "is:cancelable"),
        ("longer than 1 hour", "state:active elapsed>1h"),
        (FINISHED_TODAY, "state:finished ended<24h"),
    ];
    let fixed = fixed.map(|(name, text)| (name, text.to_owned()));
    let all = fixed.into_iter().chain(mine);
    all.map(|(name, text)| FilterMenuEntry::BuiltIn { name, text })
        .collect()
}

/// Returns the filter for the tasks of the signed-in accounts, once one is known.
fn own_tasks(state: &AppState) -> Option<String> {
    let facts = state
        .servers
        .iter()
        .filter_map(|server| server.facts.as_ref());
    let users = facts.map(|facts| account(&facts.user));
    let users: BTreeSet<&str> = users.filter(|user| !user.is_empty()).collect();
    let terms: Vec<String> = users
        .into_iter()
        .map(|user| exactly("user", user))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" or "))
}

/// Returns an account without its domain.
fn account(user: &str) -> &str {
    let user = user.rsplit('\\').next().unwrap_or(user);
    user.split('@').next().unwrap_or(user)
}

/// Returns the filter for the tasks that finished since midnight.
fn finished_today(state: &AppState, now: Timestamp) -> String {
    let local = state.options.time_zone.to_datetime(now);
    match (local.hour(), local.minute()) {
        (0, minutes) => format!("state:finished ended<{}m", minutes.max(1)),
        (hours, minutes) => format!("state:finished ended<{hours}h{minutes}m"),
    }
}

/// Opens the menu with the current filter highlighted.
pub(in crate::app) fn open(state: &mut AppState) -> FilterMenu {
    state.view_mut().pin_selection();
    let active = state.filter().text().trim();
    let entries = FilterMenuEntries::entries(state);
    let mut entries = entries.iter();
    ListMenu::at(entries.position(|entry| entry.filter() == active))
}

impl MenuEntries for FilterMenuEntries {
    const CONTEXT: Context = Context::Filters;

    fn count(state: &AppState) -> usize {
        Self::entries(state).len()
    }

    fn choose(state: &mut AppState, entry: usize, now: Timestamp) -> Vec<Effect> {
        let entries = Self::entries(state);
        let text = match entries.get(entry) {
            Some(FilterMenuEntry::BuiltIn { name, .. }) if *name == FINISHED_TODAY => {
                finished_today(state, now)
            }
            Some(entry) => entry.filter(),
            None => return Vec::new(),
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
    let entries = FilterMenuEntries::entries(state);
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
