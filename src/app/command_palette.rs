//! The command palette: every action of the place from which it was opened, found by a few letters; and after those
//! what can be done in other places, which is told and not done.

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

/// The command palette.
#[derive(Debug)]
pub struct CommandPalette {
    /// From where it was opened, and where the action is done.
    pub from: Context,
    /// What is typed.
    pub line: TextInput,
    /// What was found, the best first.
    pub found: Vec<PaletteMatch>,
    /// Which of those is pointed at.
    pub chosen: usize,
    /// What it lies over, which comes back.
    pub below: Option<Box<Popup>>,
}

/// An action that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteMatch {
    /// The action.
    pub action: Action,
    /// Which characters of its help line were found.
    pub letters: Vec<usize>,
    /// Where it can be done, if not here.
    pub elsewhere: Option<Context>,
}

impl CommandPalette {
    /// A palette with every action of a place.
    pub fn new(keymap: &Keymap, from: Context) -> Self {
        let mut palette = Self {
            from,
            line: TextInput::default(),
            found: Vec::new(),
            chosen: 0,
            below: None,
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

    /// What is pointed at.
    pub fn pointed(&self) -> Option<&PaletteMatch> {
        self.found.get(self.chosen)
    }
}

/// What can be done in a place, and then what can be done in others only, in the order of the help.
fn all(keymap: &Keymap, from: Context) -> Vec<(Action, Option<Context>)> {
    let here: Vec<Action> = keymap
        .possible(from)
        .filter(|action| *action != Action::Palette)
        .collect();
    let places = Context::ALL.into_iter();
    let elsewhere = places.flat_map(|place| keymap.own(place).map(move |action| (action, place)));
    let mut all: Vec<(Action, Option<Context>)> =
        here.iter().map(|action| (*action, None)).collect();
    for (action, place) in elsewhere {
        let is_known = all.iter().any(|(known, _)| *known == action);
        if action != Action::Palette && !is_known {
            all.push((action, Some(place)));
        }
    }
    all
}

/// The actions that have these letters in their order, in the line of the help or in their name; those that can be
/// done here first.
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
    for (action, elsewhere) in all(keymap, from) {
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
        found.push((
            score,
            PaletteMatch {
                action,
                letters,
                elsewhere,
            },
        ));
    }
    // Those that are equal stay in the order of the help.
    found.sort_by_key(|(score, found)| (found.elsewhere.is_some(), std::cmp::Reverse(*score)));
    found.into_iter().map(|(_, found)| found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(from: Context, text: &str) -> Vec<Action> {
        let keymap = Keymap::standard().unwrap();
        let found = find(&keymap, from, text).into_iter();
        let here = found.filter(|found| found.elsewhere.is_none());
        here.map(|found| found.action).collect()
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
    fn every_action_of_every_place_is_there_with_where_it_has_its_key() {
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
            let first = found.iter().position(|found| found.elsewhere.is_some());
            let mut others = found.iter().skip(first.unwrap());
            assert!(others.all(|found| found.elsewhere.is_some()), "{from:?}");
        }
        let yes = find(&keymap, Context::List, "yes");
        let yes = yes
            .iter()
            .find(|found| found.action == Action::Yes)
            .unwrap();
        assert_eq!(yes.elsewhere, Some(Context::Confirm));
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
