//! Export of the visible rows to a file.

use jiff::Timestamp;

use crate::{
    app::{
        event::Effect,
        state::{AppState, Popup, Prompt, PromptKind},
        text_input::TextInput,
    },
    task::{ExportFormat, json_output},
    vim::types::TaskInfo,
};

/// Opens the prompt for the file name.
pub(super) fn open(state: &mut AppState, now: Timestamp) {
    let here = state.options.time_zone.to_datetime(now);
    let name = here.strftime("vtask-%Y%m%d-%H%M%S.csv").to_string();
    state.popup = Some(Popup::Prompt(Prompt {
        kind: PromptKind::ExportPath,
        input: TextInput::new(name),
        error: None,
    }));
}

/// Exports the rows as filtered and sorted. The prompt stays open with an error if the file extension is unknown.
pub(super) fn accept(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Prompt(prompt)) = &mut state.popup else {
        return Vec::new();
    };
    let path = prompt.input.text().trim().to_owned();
    let Some(format) = ExportFormat::of_file(&path) else {
        prompt.error = Some("The file name must end with .csv, .json or .md.".to_owned());
        return Vec::new();
    };
    state.popup = None;
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
    vec![Effect::WriteFile { path, text, what }]
}
