//! State of the filter prompt, and completion.

use jiff::Timestamp;

use crate::{
    app::{server_state::ServerClocks, state::AppState},
    task::{
        EvalContext, Filter,
        filter::{Completion, complete, complete_period},
        row_model::RowId,
    },
};

/// State of the filter prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterPrompt {
    /// The filter to restore on cancel.
    pub previous: Filter,
    /// The row that was selected when the prompt was opened.
    pub selected: Option<RowId>,
    /// Position of a parse error: start column and length.
    pub error_span: Option<(usize, usize)>,
    /// An example of the condition whose field is being typed, while the filter is applied without it.
    pub example: Option<String>,
    /// The open completion list.
    pub completions: Option<CompletionList>,
    /// The recalled history entry, counted from the newest, and the text it replaced.
    pub recalled: Option<(usize, String)>,
}

impl FilterPrompt {
    /// Selects the row that was selected at first, or one near it if the filter hides it.
    pub(super) fn restore_selection(&self, state: &mut AppState) {
        if let Some(selected) = self.selected {
            state.view_mut().selection.select(selected);
        }
    }
}

/// Completions for the word before the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletionList {
    /// Byte offset of the word.
    start: usize,
    pub candidates: Vec<String>,
    /// Index of the inserted candidate; `None` while only the common prefix is inserted.
    pub chosen: Option<usize>,
}

impl CompletionList {
    /// Returns the completions at the end of a text, if any.
    fn of(before: &str, state: &AppState, eval_context: EvalContext<'_>) -> Option<Self> {
        let mut completion = complete(before, &state.options.saved_filters, eval_context);
        if state.views.history().is_some() {
            completion = complete_period(before, completion);
        }
        let Completion { start, candidates } = completion;
        (!candidates.is_empty()).then_some(Self {
            start,
            candidates,
            chosen: None,
        })
    }

    /// Selects the next or previous candidate.
    fn cycle(&mut self, back: bool) {
        let count = self.candidates.len();
        self.chosen = Some(match self.chosen {
            None if back => count - 1,
            None => 0,
            Some(at) if back => (at + count - 1) % count,
            Some(at) => (at + 1) % count,
        });
    }

    /// Returns the inserted text: a candidate or the common prefix.
    fn text(&self) -> &str {
        match self.chosen.and_then(|at| self.candidates.get(at)) {
            Some(candidate) => candidate,
            None => common_prefix(&self.candidates),
        }
    }
}

/// Returns the longest common prefix.
fn common_prefix(texts: &[String]) -> &str {
    let Some((first, others)) = texts.split_first() else {
        return "";
    };
    let same = |other: &String| {
        let pairs = first.char_indices().zip(other.chars());
        let differs = pairs.clone().find(|((_, one), other)| one != other);
        let end = first.len().min(other.len());
        differs.map_or(end, |((offset, _), _)| offset)
    };
    let end = others.iter().map(same).min().unwrap_or(first.len());
    first.get(..end).unwrap_or_default()
}

/// Returns the text before the cursor after Tab is pressed, if there are completions.
pub(super) fn completed(
    state: &AppState,
    typing: &FilterPrompt,
    before: &str,
    back: bool,
    now: Timestamp,
) -> Option<(String, CompletionList)> {
    let completions = if let Some(mut completions) = typing.completions.clone() {
        completions.cycle(back);
        completions
    } else {
        let clocks = ServerClocks::of(&state.servers, now);
        let mut completions = CompletionList::of(before, state, state.eval_context(&clocks))?;
        let typed = before.get(completions.start..).unwrap_or_default();
        if completions.candidates.len() == 1 || completions.text().len() <= typed.len() {
            completions.cycle(back);
        }
        completions
    };
    let lead = before.get(..completions.start)?;
    Some((format!("{lead}{}", completions.text()), completions))
}
