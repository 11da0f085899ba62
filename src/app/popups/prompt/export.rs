//! Export of the marked tasks or the visible rows to a file.

use jiff::Timestamp;

use crate::{
    app::{event::Effect, state::AppState},
    task::{ExportFormat, display_name, json_output, row_model::Row},
    vim::types::TaskInfo,
};

/// Exports the marked tasks or, if there are none, the rows as filtered and sorted.
///
/// # Errors
///
/// If the file extension is unknown.
pub(super) fn export(
    state: &mut AppState,
    path: &str,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    let Some(format) = ExportFormat::of_file(path) else {
        return Err("The file name must end with .csv, .json or .md.".to_owned());
    };
    state.finish_rows(now);
    let view = state.view();
    let tasks = match view.marked() {
        marked if !marked.is_empty() => marked,
        _ => {
            let rows = view.row_model.rows(0..view.row_model.len());
            rows.iter().filter_map(Row::task).collect()
        }
    };
    let lines: Vec<_> = tasks
        .into_iter()
        .filter_map(|handle| {
            let record = state.view().store.get(handle)?;
            let server = state.server(record.id.server);
            let raw = record.info.as_deref().map(TaskInfo::to_json);
            let name = server.map_or("", |server| server.host());
            let at = state.time(record, now);
            let store = &state.view().store;
            json_output::watched_task(store, handle, raw, name, Some(&state.typical), at)
        })
        .collect();
    let text = format.write(&lines);
    Ok(vec![Effect::WriteFile {
        path: path.to_owned(),
        text,
        what: display_name::tasks(lines.len()),
    }])
}

#[cfg(test)]
mod tests;
