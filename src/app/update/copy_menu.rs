//! Actions of the copy menu.

use jiff::Timestamp;

use crate::app::{
    action::Action,
    clipboard::CopyItem,
    event::Effect,
    notifications::Severity,
    panes::{PaneMode, Tab},
    state::{AppState, Popup},
};

/// Returns the item that the open tab shows.
fn shown(state: &AppState) -> CopyItem {
    match state.pane_mode {
        PaneMode::List => CopyItem::Id,
        PaneMode::Both(_) | PaneMode::Details => match state.tab {
            Tab::Error => CopyItem::Error,
            Tab::Result => CopyItem::Result,
            Tab::Json => CopyItem::Json,
            _ => CopyItem::Id,
        },
    }
}

/// Copies the item that the open tab shows, or the task ID if there is none.
pub(super) fn copy(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let clip = shown(state);
    let there = copy_clip(state, clip, now);
    if there.is_empty() && clip != CopyItem::Id {
        return copy_clip(state, CopyItem::Id, now);
    }
    there
}

fn copy_clip(state: &mut AppState, clip: CopyItem, now: Timestamp) -> Vec<Effect> {
    let Some(record) = state.selected_record() else {
        return Vec::new();
    };
    let Some(text) = clip.text(record, state.server(record.id.endpoint)) else {
        return Vec::new();
    };
    let said = format!(
        "Copied {} ({} characters)",
        clip.name(),
        text.chars().count()
    );
    state.notifications.push(Severity::Info, said, now);
    vec![Effect::Copy(text)]
}

/// Opens the copy menu with the shown item selected.
pub(super) fn open_menu(state: &mut AppState) {
    let Some(selected) = state.selected() else {
        return;
    };
    state.view_mut().selection.select(selected);
    let shown = shown(state);
    let mut all = CopyItem::ALL.iter();
    let chosen = all.position(|clip| *clip == shown).unwrap_or_default();
    state.popup = Some(Popup::CopyMenu { chosen });
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::CopyMenu { chosen }) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::Up => *chosen = chosen.saturating_sub(1),
        Action::Down => *chosen = (*chosen + 1).min(CopyItem::ALL.len() - 1),
        Action::Accept => {
            let chosen = *chosen;
            return choose(state, chosen, now);
        }
        Action::Dismiss => state.popup = None,
        _ => {}
    }
    Vec::new()
}

/// Copies an entry of the menu.
pub(super) fn choose(state: &mut AppState, chosen: usize, now: Timestamp) -> Vec<Effect> {
    state.popup = None;
    let Some(clip) = CopyItem::ALL.get(chosen) else {
        return Vec::new();
    };
    let effects = copy_clip(state, *clip, now);
    if effects.is_empty() {
        let text = format!("Not available for this task: {}", clip.name());
        state.notifications.push(Severity::Warning, text, now);
    }
    effects
}
