//! Command palette: fuzzy search over all actions. Actions of other contexts are listed last; choosing one only shows
//! its key.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{
    action::Action,
    keymap::{Context, Keymap},
    state::Popup,
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
    /// The popup underlying, restored on close.
    pub underlying: Option<Box<Popup>>,
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
            underlying: None,
        };
        palette.search(keymap);
        palette
    }

    /// Updates the matches for the current search text.
    pub fn search(&mut self, keymap: &Keymap) {
        self.matches = find(keymap, self.from, &self.input.text());
        self.highlighted = 0;
    }

    /// Moves the highlight down by `by` entries, or up if negative.
    pub fn move_by(&mut self, by: isize) {
        let last = self.matches.len().saturating_sub(1);
        self.highlighted = self.highlighted.saturating_add_signed(by).min(last);
    }

    pub fn highlighted_match(&self) -> Option<&PaletteMatch> {
        self.matches.get(self.highlighted)
    }
}

/// Returns the actions available in a context, then those of other contexts, both in the order of the help.
fn all(keymap: &Keymap, from: Context) -> Vec<(Action, Option<Context>)> {
    let here: Vec<Action> = keymap
        .available(from)
        .filter(|action| *action != Action::Palette)
        .collect();
    let places = Context::ALL.into_iter();
    let other_context =
        places.flat_map(|place| keymap.own_actions(place).map(move |action| (action, place)));
    let mut all: Vec<(Action, Option<Context>)> =
        here.iter().map(|action| (*action, None)).collect();
    for (action, place) in other_context {
        let is_known = all.iter().any(|(known, _)| *known == action);
        if action != Action::Palette && !is_known {
            all.push((action, Some(place)));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(from: Context, text: &str) -> Vec<Action> {
        let keymap = Keymap::standard().unwrap();
        let found = find(&keymap, from, text).into_iter();
        let here = found.filter(|found| found.other_context.is_none());
        here.map(|found| found.action).collect()
    }

    #[test]
    fn empty_search_lists_all_available_actions() {
        let list = found(Context::List, "");
        for action in [Action::Up, Action::Pin, Action::Help, Action::Interrupt] {
            assert!(list.contains(&action), "{action:?}");
        }
        assert!(!list.contains(&Action::Yes) && !list.contains(&Action::Palette));
        let details = found(Context::Details, "");
        assert!(!details.contains(&Action::FoldAll));
    }

    #[test]
    fn fuzzy_search_matches_help_text_and_name() {
        assert_eq!(found(Context::List, "quit")[0], Action::Quit);
        assert_eq!(found(Context::List, "pause")[0], Action::Pause);
        assert_eq!(found(Context::List, "foldall")[0], Action::FoldAll);
        assert!(found(Context::List, "cncl").contains(&Action::Inspect));
        assert!(found(Context::List, "zzqq").is_empty());
    }

    #[test]
    fn lists_every_action_with_its_context() {
        let keymap = Keymap::standard().unwrap();
        for from in [
            Context::List,
            Context::Cancel,
            Context::Menu,
            Context::Reading,
        ] {
            let found = find(&keymap, from, "");
            for action in Action::ALL
                .iter()
                .filter(|action| **action != Action::Palette)
            {
                let entries = found.iter().filter(|found| found.action == *action);
                assert_eq!(entries.count(), 1, "{action:?} from {from:?}");
            }
            let first = found.iter().position(|found| found.other_context.is_some());
            let mut others = found.iter().skip(first.unwrap());
            assert!(
                others.all(|found| found.other_context.is_some()),
                "{from:?}"
            );
        }
        let yes = find(&keymap, Context::List, "yes");
        let yes = yes
            .iter()
            .find(|found| found.action == Action::Yes)
            .unwrap();
        assert_eq!(yes.other_context, Some(Context::Confirm));
    }

    #[test]
    fn reports_matched_characters() {
        let keymap = Keymap::standard().unwrap();
        let quit = &find(&keymap, Context::List, "sign")[0];
        assert_eq!(
            (quit.action, &quit.matched_chars[..]),
            (Action::Quit, &[0, 1, 2, 3][..])
        );
    }
}
