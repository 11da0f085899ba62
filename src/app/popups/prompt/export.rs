//! Export of the visible rows to a file.

use jiff::Timestamp;

use crate::{
    app::{event::Effect, state::AppState},
    task::{ExportFormat, json_output},
    vim::types::TaskInfo,
};

/// Exports the rows as filtered and sorted.
///
/// # Errors
///
/// If the file extension is unknown.
pub(super) fn export(state: &AppState, path: &str, now: Timestamp) -> Result<Vec<Effect>, String> {
    let Some(format) = ExportFormat::of_file(path) else {
        return Err("The file name must end with .csv, .json or .md.".to_owned());
    };
    let now = state.displayed_time(now);
    let rows = state.view().row_model.rows(0..state.view().row_model.len());
    let lines: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            // Skip groups.
            let handle = row.task()?;
            let record = state.view().store.get(handle)?;
            let server = state.server(record.id.endpoint);
            let raw = record.info.as_deref().map(TaskInfo::to_json);
            let name = server.map_or("", |server| server.host());
            let at = state.time(record, now);
            let store = &state.view().store;
            json_output::watched_task(store, handle, raw, name, Some(&state.typical), at)
        })
        .collect();
    let what = match lines.len() {
        1 => "1 task".to_owned(),
        several => format!("{several} tasks"),
    };
    let text = format.write(&lines);
    Ok(vec![Effect::WriteFile {
        path: path.to_owned(),
        text,
        what,
    }])
}

#[cfg(test)]
mod tests;
