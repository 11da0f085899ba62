//! The copy menu.

use jiff::Timestamp;

use super::list_menu::{ListMenu, MenuEntries};
use crate::app::{
    copy_item::CopyItem,
    event::Effect,
    keymap::Context,
    notification_log::Severity,
    panes::{PaneMode, Tab},
    state::AppState,
};

pub type CopyMenu = ListMenu<CopyItem>;

/// Opens the menu with the item of the open tab highlighted, if a task is selected.
pub(in crate::app) fn open(state: &mut AppState) -> Option<CopyMenu> {
    state.subject()?;
    state.view_mut().pin_selection();
    let shown = shown(state);
    let mut all = CopyItem::ALL.iter();
    Some(ListMenu::at(all.position(|item| *item == shown)))
}

impl MenuEntries for CopyItem {
    const CONTEXT: Context = Context::Menu;

    fn count(_state: &AppState) -> usize {
        Self::ALL.len()
    }

    fn choose(state: &mut AppState, entry: usize, now: Timestamp) -> Vec<Effect> {
        let Some(item) = Self::ALL.get(entry) else {
            return Vec::new();
        };
        let effects = copy_item(state, *item, now);
        if effects.is_empty() {
            let text = format!("Not available for this task: {}", item.name());
            state.notifications.push(Severity::Warning, text, now);
        }
        effects
    }
}

/// Copies the item that the open tab shows, or the task ID if there is none.
pub(in crate::app) fn copy(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let item = shown(state);
    let effects = copy_item(state, item, now);
    if effects.is_empty() && item != CopyItem::Id {
        return copy_item(state, CopyItem::Id, now);
    }
    effects
}

/// Returns the item that the open tab shows.
fn shown(state: &AppState) -> CopyItem {
    match (state.pane_mode, state.tab) {
        (PaneMode::List, _) => CopyItem::Id,
        (_, Tab::Error) => CopyItem::Error,
        (_, Tab::Result) => CopyItem::Result,
        (_, Tab::Json) => CopyItem::Json,
        _ => CopyItem::Id,
    }
}

fn copy_item(state: &mut AppState, item: CopyItem, now: Timestamp) -> Vec<Effect> {
    let subject = state.subject();
    let Some(record) = subject.and_then(|subject| state.view().store.get(subject)) else {
        return Vec::new();
    };
    let ticket = || state.ticket(subject?, now);
    let server = state.server(record.id.server);
    let Some(mut text) = item.text(record, server, ticket) else {
        return Vec::new();
    };
    let full_id = state.full_id(record.id.server, &text);
    if item == CopyItem::Id {
        text = full_id;
    }
    let of = state.full_id(record.id.server, &record.id.mo_id);
    let message = format!(
        "Copied {} of {of} ({} characters)",
        item.name(),
        text.chars().count()
    );
    state.notifications.push(Severity::Info, message, now);
    vec![Effect::Copy(text)]
}

#[cfg(test)]
mod tests;
