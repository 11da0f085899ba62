//! Text prompts. Filters apply while they are typed.

mod export;
mod filter_prompt;
#[cfg(test)]
mod tests;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::handler::{PopupHandler, Response};
use crate::{
    app::{
        action::Action,
        event::Effect,
        filter_history,
        keymap::Context,
        playback::{PlaybackCommand, SeekTarget, parse_time, within},
        state::AppState,
        text_input::TextInput,
        update::{added_tasks, list, saved_filters},
        views::{HistoryView, history::update as history},
    },
    task::{
        Filter, FilterError,
        filter::{UnfinishedField, unfinished_field},
    },
};

pub use filter_prompt::{CompletionList, FilterPrompt};

/// Purpose of a text prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// Watch more tasks.
    WatchTasks,
    /// Save the rows to a file.
    ExportPath,
    /// Name the current filter.
    FilterName,
    /// Jump to a time of the record.
    JumpTime,
    /// Edit the filter.
    Filter(Box<FilterPrompt>),
}

/// An open text prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub kind: PromptKind,
    pub input: TextInput,
    /// Error message for the current text.
    pub error: Option<String>,
}

impl Prompt {
    pub(in crate::app) fn new(kind: PromptKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            input: TextInput::new(text),
            error: None,
        }
    }

    /// Asks for the name of the file for the visible rows.
    pub(in crate::app) fn export_path(state: &AppState, now: Timestamp) -> Self {
        let local = state.options.time_zone.to_datetime(now);
        let name = local.strftime("vtask-%Y%m%d-%H%M%S.csv").to_string();
        Self::new(PromptKind::ExportPath, name)
    }

    /// Edits the filter, in the history view together with the period.
    pub(in crate::app) fn filter(state: &mut AppState) -> Self {
        state.view_mut().pin_selection();
        let previous = state.filter().clone();
        let line = match state.views.history() {
            Some(history) => history.query_text(),
            None => previous.text().to_owned(),
        };
        // More words are typed after a space.
        let line = match line.as_str() {
            "" => line,
            _ => format!("{line} "),
        };
        let prompt = FilterPrompt {
            previous,
            selected: state.selected_row(),
            ..FilterPrompt::default()
        };
        Self::new(PromptKind::Filter(Box::new(prompt)), line)
    }

    fn filter_mut(&mut self) -> Option<&mut FilterPrompt> {
        match &mut self.kind {
            PromptKind::Filter(filter) => Some(filter),
            _ => None,
        }
    }

    /// Handles an edit: discards completions and recalled history.
    fn edited(&mut self, state: &mut AppState, now: Timestamp) {
        if let Some(filter) = self.filter_mut() {
            filter.completions = None;
            filter.recalled = None;
        }
        self.changed(state, now);
    }

    /// Applies the changed text. An invalid filter leaves the last valid one active, and the name of a field without a
    /// condition is left out, so that the list is not empty meanwhile.
    fn changed(&mut self, state: &mut AppState, now: Timestamp) {
        self.error = None;
        let text = self.input.text();
        let is_at_end = self.input.after().is_empty();
        let Some(prompt) = self.filter_mut() else {
            return;
        };
        prompt.error_span = None;
        prompt.example = None;
        match parse_filter(state, &text) {
            Ok(filter) => {
                list::filter(state, filter, now);
                if is_at_end && matches_nothing(state, now) {
                    prompt.example = without_unfinished_field(state, &text, now);
                }
                prompt.restore_selection(state);
            }
            Err(error) => {
                prompt.error_span = Some(error.columns(&text));
                self.error = Some(error.message);
            }
        }
    }

    /// Accepts the text. The prompt stays open with an error if it is invalid.
    fn accept(&mut self, state: &mut AppState, now: Timestamp) -> Response {
        let text = self.input.text();
        let done = match &self.kind {
            PromptKind::WatchTasks => added_tasks::add(state, &text, now),
            PromptKind::ExportPath => export::export(state, text.trim(), now),
            PromptKind::FilterName => saved_filters::save(state, &text, now),
            PromptKind::JumpTime => jump(state, &text, now),
            PromptKind::Filter(_) if self.error.is_some() => return Response::stay(),
            PromptKind::Filter(prompt) => {
                if prompt.example.is_some()
                    && let Ok(filter) = parse_filter(state, &text)
                {
                    list::filter(state, filter, now);
                }
                accept_filter(state, &text, now)
            }
        };
        match done {
            Ok(effects) => Response::close_with(effects),
            Err(error) => {
                if let Some(filter) = self.filter_mut() {
                    filter.error_span = Some((0, crate::text::width(&text)));
                }
                self.error = Some(error);
                Response::stay()
            }
        }
    }

    /// Restores the filter and selection of before.
    fn dismiss(&self, state: &mut AppState, now: Timestamp) {
        if let PromptKind::Filter(prompt) = &self.kind {
            list::filter(state, prompt.previous.clone(), now);
            prompt.restore_selection(state);
        }
    }

    fn complete(&mut self, state: &mut AppState, back: bool, now: Timestamp) {
        let PromptKind::Filter(prompt) = &mut self.kind else {
            return;
        };
        let before = self.input.before();
        let Some((text, list)) = filter_prompt::completed(state, prompt, before, back, now) else {
            return;
        };
        let after = self.input.after().to_owned();
        prompt.completions = Some(list);
        self.input = TextInput::with_cursor_between(text, after);
        self.changed(state, now);
    }

    /// Recalls an older or newer history entry.
    fn recall(&mut self, state: &mut AppState, older: bool, now: Timestamp) {
        let past = &state.options.typed_filters;
        let PromptKind::Filter(prompt) = &mut self.kind else {
            return;
        };
        let (index, draft) = match (prompt.recalled.take(), older) {
            (None, true) => (Some(0), self.input.text()),
            (None, false) => return,
            (Some((at, draft)), true) => (Some((at + 1).min(past.len().saturating_sub(1))), draft),
            (Some((at, draft)), false) => (at.checked_sub(1), draft),
        };
        let line = match index {
            None => draft.clone(),
            Some(at) => match past.iter().rev().nth(at) {
                Some(text) => text.clone(),
                None => return,
            },
        };
        prompt.recalled = index.map(|at| (at, draft));
        prompt.completions = None;
        self.input = TextInput::new(line);
        self.changed(state, now);
    }
}

impl PopupHandler for Prompt {
    fn context(&self) -> Context {
        Context::Prompt
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        match action {
            Action::ClearLine => {
                self.input.clear();
                self.edited(state, now);
            }
            Action::Dismiss => {
                self.dismiss(state, now);
                return Response::close();
            }
            Action::Complete => self.complete(state, false, now),
            Action::CompleteBack => self.complete(state, true, now),
            Action::Older => self.recall(state, true, now),
            Action::Newer => self.recall(state, false, now),
            Action::Accept => return self.accept(state, now),
            _ => {}
        }
        Response::stay()
    }

    fn handle_key(&mut self, state: &mut AppState, key: KeyEvent, now: Timestamp) {
        if self.input.handle_key(key) {
            self.edited(state, now);
        }
    }

    fn paste(&mut self, state: &mut AppState, text: &str, now: Timestamp) {
        self.input.insert(text);
        self.edited(state, now);
    }
}

fn jump(state: &AppState, text: &str, now: Timestamp) -> Result<Vec<Effect>, String> {
    let time = parse_time(text, now, &state.options.time_zone)?;
    let time = match &state.playback {
        Some(playback) if !text.contains(['+', '-']) => within(playback, time),
        _ => time,
    };
    let seek = PlaybackCommand::Seek(SeekTarget::Time(time));
    Ok(vec![Effect::Playback(seek)])
}

fn parse_filter(state: &AppState, text: &str) -> Result<Filter, FilterError> {
    let saved = &state.options.saved_filters;
    match state.views.history() {
        Some(_) => HistoryView::parse_query(text, saved).map(|(_, filter)| filter),
        None => Filter::parse(text.trim(), saved),
    }
}

/// If a text ends with the name of a field, applies the filter before it. Returns an example of the condition.
fn without_unfinished_field(state: &mut AppState, text: &str, now: Timestamp) -> Option<String> {
    let UnfinishedField { start, example } = unfinished_field(text)?;
    let filter = parse_filter(state, text.get(..start)?).ok()?;
    list::filter(state, filter, now);
    Some(example)
}

/// True if no task matches the filter.
fn matches_nothing(state: &mut AppState, now: Timestamp) -> bool {
    if state.view().row_model.matching() == 0 {
        state.finish_rows(now);
    }
    state.view().row_model.matching() == 0
}

fn accept_filter(state: &mut AppState, text: &str, now: Timestamp) -> Result<Vec<Effect>, String> {
    if state.views.history().is_some() {
        return match history::problem(state, text, now) {
            Some(problem) => Err(problem),
            None => Ok(history::accept(state, text.trim(), now)),
        };
    }
    let text = state
        .view()
        .row_model
        .view()
        .filter
        .text()
        .trim()
        .to_owned();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    filter_history::push(&mut state.options.typed_filters, &text);
    Ok(vec![Effect::SaveFilterHistory(text)])
}
