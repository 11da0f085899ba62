//! Command palette: fuzzy search over all actions. Actions of other contexts are listed last; choosing one only shows
//! its key.

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::handler::{PopupHandler, Response};
use crate::app::{
    action::Action,
    keymap::{Context, Keymap},
    notification_log::Severity,
    scroll::{PAGE_ROWS, scrolled},
    state::AppState,
    text_input::TextInput,
};

/// The open command palette.
#[derive(Debug)]
pub struct CommandPalette {
    /// The context in which it was opened and in which the chosen action runs.
    pub from: Context,
    pub input: TextInput,
    /// Matches, best first.
    pub matches: Vec<PaletteMatch>,
    /// Index of the highlighted match.
    pub highlighted: usize,
}

/// An action that matches the search text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteMatch {
    pub action: Action,
    /// Indices of the matched characters in the help text.
    pub matched_chars: Vec<usize>,
    /// The context that has the action, if it is not available in the current one.
    pub other_context: Option<Context>,
}

impl CommandPalette {
    /// Creates a palette with all actions of a context.
    pub fn new(keymap: &Keymap, from: Context) -> Self {
        let mut palette = Self {
            from,
            input: TextInput::default(),
            matches: Vec::new(),
            highlighted: 0,
        };
        palette.search(keymap);
        palette
    }

    /// Updates the matches for the current search text.
    pub fn search(&mut self, keymap: &Keymap) {
        self.matches = find(keymap, self.from, &self.input.text());
        self.highlighted = 0;
    }

    pub fn highlighted_match(&self) -> Option<&PaletteMatch> {
        self.matches.get(self.highlighted)
    }
}

/// Returns the actions available in a context, beginning with the footer's, then those of other contexts, in the order
/// of the help.
fn all(keymap: &Keymap, from: Context) -> Vec<(Action, Option<Context>)> {
    let mut available: Vec<Action> = keymap
        .available(from)
        .filter(|action| *action != Action::Palette)
        .collect();
    // Moving down needs no search.
    let hints = from.hints().iter().filter(|hint| **hint != Action::Down);
    let hints: Vec<&Action> = hints.collect();
    available.sort_by_key(|action| {
        let position = hints.iter().position(|hint| *hint == action);
        position.unwrap_or(hints.len())
    });
    let contexts = Context::ALL.iter().copied();
    let other_context = contexts.flat_map(|context| {
        keymap
            .own_actions(context)
            .map(move |action| (action, context))
    });
    let mut all: Vec<(Action, Option<Context>)> =
        available.iter().map(|action| (*action, None)).collect();
    for (action, context) in other_context {
        let is_known = all.iter().any(|(known, _)| *known == action);
        if action != Action::Palette && !is_known {
            all.push((action, Some(context)));
        }
    }
    all
}

/// Fuzzy-matches the text against help texts and names; available actions come first.
fn find(keymap: &Keymap, from: Context, text: &str) -> Vec<PaletteMatch> {
    let pattern = Pattern::new(
        text.trim(),
        CaseMatching::Ignore,
        Normalization::Smart,
        AtomKind::Fuzzy,
    );
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, PaletteMatch)> = Vec::new();
    for (action, other_context) in all(keymap, from) {
        let mut matched_chars = Vec::new();
        let help = Utf32Str::new(action.help(), &mut buffer);
        let in_help = pattern.indices(help, &mut matcher, &mut matched_chars);
        let name = action.name();
        let name = Utf32Str::new(&name, &mut buffer);
        let in_name = pattern.score(name, &mut matcher);
        let Some(score) = in_help.max(in_name) else {
            continue;
        };
        matched_chars.sort_unstable();
        matched_chars.dedup();
        let matched_chars = matched_chars
            .iter()
            .filter_map(|l| usize::try_from(*l).ok());
        let matched_chars = if in_help.is_some() {
            matched_chars.collect()
        } else {
            Vec::new()
        };
        found.push((
            score,
            PaletteMatch {
                action,
                matched_chars,
                other_context,
            },
        ));
    }
    // The sort is stable: equal scores keep the order of the help.
    found.sort_by_key(|(score, found)| (found.other_context.is_some(), std::cmp::Reverse(*score)));
    found.into_iter().map(|(_, found)| found).collect()
}

impl PopupHandler for CommandPalette {
    fn context(&self) -> Context {
        Context::Palette
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        match action {
            Action::ClearLine => {
                self.input.clear();
                self.search(&state.options.keymap);
            }
            Action::Dismiss => return Response::close(),
            Action::Accept => return self.click(state, self.highlighted, now),
            _ => {
                let last = self.matches.len().saturating_sub(1);
                self.highlighted = scrolled(self.highlighted, action, PAGE_ROWS, last);
            }
        }
        Response::stay()
    }

    /// Runs an action in the context in which the palette was opened, if the popup below is still open.
    fn click(&mut self, state: &mut AppState, entry: usize, now: Timestamp) -> Response {
        self.highlighted = entry;
        match self.highlighted_match() {
            Some(PaletteMatch {
                action,
                other_context: Some(context),
                ..
            }) => {
                explain_context(state, *action, *context, now);
                Response::close()
            }
            Some(found) => Response::run(self.from, found.action),
            None => Response::close(),
        }
    }

    fn handle_key(&mut self, state: &mut AppState, key: KeyEvent, _now: Timestamp) {
        if self.input.handle_key(key) {
            self.search(&state.options.keymap);
        }
    }

    fn paste(&mut self, state: &mut AppState, text: &str, _now: Timestamp) {
        self.input.insert(text);
        self.search(&state.options.keymap);
    }
}

/// Shows the key and context of an action that is not available here.
fn explain_context(state: &mut AppState, action: Action, context: Context, now: Timestamp) {
    let keys = state.options.keymap.keys(context, action).iter();
    let keys: Vec<String> = keys.map(|key| key.label(state.options.ascii)).collect();
    let (context, help) = (context.title(), action.short_help());
    let text = match keys.as_slice() {
        [] => format!("{context}: “{help}”, from the command palette"),
        keys => format!("{context}: {} is “{help}”", keys.join(" or ")),
    };
    state.notifications.push(Severity::Info, text, now);
}

#[cfg(test)]
mod tests;
