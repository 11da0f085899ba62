//! Saving the current filter under a name.

use jiff::Timestamp;

use crate::{
    app::{
        action::Action, event::Effect, keymap::Context, notification_log::Severity,
        saved_filter_file, state::AppState,
    },
    task::Filter,
};

/// True if there is a filter to save. Notifies the user if not.
pub(in crate::app) fn has_filter_to_save(state: &mut AppState, now: Timestamp) -> bool {
    if !state.filter().text().trim().is_empty() {
        return true;
    }
    let key = state.key_label(Context::List, Action::Filter);
    let key = key.map_or_else(String::new, |key| format!(": press {key} to enter one"));
    let text = format!("No filter to save{key}");
    state.notifications.push(Severity::Info, text, now);
    false
}

/// Saves the current filter under the typed name.
///
/// # Errors
///
/// If the name is invalid or in the config file.
pub(in crate::app) fn save(
    state: &mut AppState,
    typed: &str,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    let filter = state.filter().text().trim().to_owned();
    let name = typed.trim().trim_start_matches('@').to_owned();
    let options = &mut state.options;
    if let Some(problem) = saved_filter_file::name_problem(&name) {
        return Err(problem.to_owned());
    }
    if options.saved_filters.contains_key(&name) && !options.user_filters.contains_key(&name) {
        return Err(format!(
            "The config file already has a filter @{name}; choose another name."
        ));
    }
    let mut saved = options.saved_filters.clone();
    saved.insert(name.clone(), filter.clone());
    // Reject a filter that refers to itself.
    Filter::parse(&format!("@{name}"), &saved).map_err(|error| error.message)?;
    options.saved_filters = saved;
    options.user_filters.insert(name.clone(), filter.clone());
    let text = format!("Saved as @{name}: {filter}");
    state.notifications.push(Severity::Info, text, now);
    let filter = Some(filter);
    Ok(vec![Effect::SaveNamedFilter { name, filter }])
}
