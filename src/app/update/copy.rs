//! What goes on the clipboard.

use jiff::Timestamp;

use crate::app::{
    action::Action,
    clip::Clip,
    event::Effect,
    notices::Gravity,
    state::{Overlay, Panes, State, Tab},
};

/// What the open tab is about.
fn shown(state: &State) -> Clip {
    match state.panes {
        Panes::List => Clip::Id,
        Panes::Both(_) | Panes::Details => match state.details.tab {
            Tab::Error => Clip::Error,
            Tab::Result => Clip::Result,
            Tab::Json => Clip::Json,
            _ => Clip::Id,
        },
    }
}

/// Copies what the open tab is about; where there is nothing of the kind, the task's id.
pub(super) fn copy(state: &mut State, now: Timestamp) -> Vec<Effect> {
    let clip = shown(state);
    let there = copy_clip(state, clip, now);
    if there.is_empty() && clip != Clip::Id {
        return copy_clip(state, Clip::Id, now);
    }
    there
}

fn copy_clip(state: &mut State, clip: Clip, now: Timestamp) -> Vec<Effect> {
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
    state.notices.say(Gravity::Info, said, now);
    vec![Effect::Copy(text)]
}

/// Opens the menu of what can be copied, with what is shown chosen.
pub(super) fn open_menu(state: &mut State) {
    let Some(selected) = state.selected() else {
        return;
    };
    state.cursor.choose(selected);
    let shown = shown(state);
    let mut all = Clip::ALL.iter();
    let chosen = all.position(|clip| *clip == shown).unwrap_or_default();
    state.overlay = Some(Overlay::Copy { chosen });
}

pub(super) fn act_in_menu(state: &mut State, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Overlay::Copy { chosen }) = &mut state.overlay else {
        return Vec::new();
    };
    match action {
        Action::Up => *chosen = chosen.saturating_sub(1),
        Action::Down => *chosen = (*chosen + 1).min(Clip::ALL.len() - 1),
        Action::Accept => {
            let chosen = *chosen;
            return choose(state, chosen, now);
        }
        Action::Dismiss => state.overlay = None,
        _ => {}
    }
    Vec::new()
}

/// Copies an entry of the menu.
pub(super) fn choose(state: &mut State, chosen: usize, now: Timestamp) -> Vec<Effect> {
    state.overlay = None;
    let Some(clip) = Clip::ALL.get(chosen) else {
        return Vec::new();
    };
    let effects = copy_clip(state, *clip, now);
    if effects.is_empty() {
        let text = format!("The task has none of that: {}", clip.name());
        state.notices.say(Gravity::Warning, text, now);
    }
    effects
}
