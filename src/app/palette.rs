//! The command palette: every action of the place from which it was opened, found by a few letters.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{
    action::Action,
    keymap::{Context, Keymap},
    line_edit::LineEdit,
};

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    /// From where it was opened, and where the action is done.
    pub from: Context,
    /// What is typed.
    pub line: LineEdit,
    /// What was found, the best first.
    pub found: Vec<Found>,
    /// Which of those is pointed at.
    pub chosen: usize,
}

/// An action that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The action.
    pub action: Action,
    /// Which characters of its help line were found.
    pub letters: Vec<usize>,
}

impl Palette {
    /// A palette with every action of a place.
    pub fn new(keymap: &Keymap, from: Context) -> Self {
        let mut palette = Self {
            from,
            line: LineEdit::default(),
            found: Vec::new(),
            chosen: 0,
        };
        palette.search(keymap);
        palette
    }

    /// Searches for what is typed.
    pub fn search(&mut self, keymap: &Keymap) {
        self.found = find(keymap, self.from, &self.line.text());
        self.chosen = 0;
    }

    /// Points at another one, so many further down.
    pub fn step(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    /// The action that is pointed at.
    pub fn action(&self) -> Option<Action> {
        Some(self.found.get(self.chosen)?.action)
    }
}

/// The actions of a place that have these letters in their order, in the line of the help or in their name.
fn find(keymap: &Keymap, from: Context, text: &str) -> Vec<Found> {
    let actions = keymap
        .possible(from)
        .filter(|action| *action != Action::Palette);
    let pattern = Pattern::new(
        text.trim(),
        CaseMatching::Ignore,
        Normalization::Smart,
        AtomKind::Fuzzy,
    );
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, Found)> = Vec::new();
    for action in actions {
        let mut letters = Vec::new();
        let help = Utf32Str::new(action.help(), &mut buffer);
        let in_help = pattern.indices(help, &mut matcher, &mut letters);
        let name = action.name();
        let name = Utf32Str::new(&name, &mut buffer);
        let in_name = pattern.score(name, &mut matcher);
        let Some(score) = in_help.max(in_name) else {
            continue;
        };
        letters.sort_unstable();
        letters.dedup();
        let letters = letters.iter().filter_map(|l| usize::try_from(*l).ok());
        let letters = if in_help.is_some() {
            letters.collect()
        } else {
            Vec::new()
        };
        found.push((score, Found { action, letters }));
    }
    // Those that are equal stay in the order of the help.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, found)| found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(from: Context, text: &str) -> Vec<Action> {
        let keymap = Keymap::standard().unwrap();
        let found = find(&keymap, from, text).into_iter();
        found.map(|found| found.action).collect()
    }

    #[test]
    fn without_letters_everything_possible_is_there() {
        let list = found(Context::List, "");
        for action in [Action::Up, Action::Pin, Action::Help, Action::Interrupt] {
            assert!(list.contains(&action), "{action:?}");
        }
        assert!(!list.contains(&Action::Yes) && !list.contains(&Action::Palette));
        let details = found(Context::Details, "");
        assert!(!details.contains(&Action::FoldAll));
    }

    #[test]
    fn a_few_letters_find_an_action_by_its_line_or_its_name() {
        assert_eq!(found(Context::List, "quit")[0], Action::Quit);
        assert_eq!(found(Context::List, "pause")[0], Action::Pause);
        assert_eq!(found(Context::List, "foldall")[0], Action::FoldAll);
        assert!(found(Context::List, "cncl").contains(&Action::Inspect));
        assert!(found(Context::List, "zzqq").is_empty());
    }

    #[test]
    fn the_letters_are_known() {
        let keymap = Keymap::standard().unwrap();
        let quit = &find(&keymap, Context::List, "sign")[0];
        assert_eq!(
            (quit.action, &quit.letters[..]),
            (Action::Quit, &[0, 1, 2, 3][..])
        );
    }
}
