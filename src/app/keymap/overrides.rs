//! User key bindings on top of the default ones.
//!
//! An action listed in the config file gets exactly the keys given there; a key assigned to it is removed from any
//! other action. Of two conflicting bindings the first one wins and a warning is reported.

use super::{Action, Binding, Context, Key, Keymap};

/// A key binding; `line` is its line in the config file, if it is from there.
#[derive(Clone, Copy)]
struct EffectiveBinding {
    context: Context,
    action: Action,
    key: Key,
    line: Option<usize>,
}

impl EffectiveBinding {
    fn section(&self) -> String {
        format!("[keys.{}]", self.context.name())
    }

    /// True if both apply in some context and have different actions.
    fn contradicts(&self, other: &Self) -> bool {
        let contexts_overlap = self.context.chain().contains(&other.context)
            || other.context.chain().contains(&self.context);
        self.key == other.key && self.action != other.action && contexts_overlap
    }
}

impl Keymap {
    /// Returns the key map with user bindings applied, and warnings about conflicts.
    #[must_use]
    pub fn with(&self, key_overrides: &[Binding]) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut bound: Vec<EffectiveBinding> = Vec::new();
        for configured in key_overrides {
            let (context, action) = (configured.context, configured.action);
            if !self.is_applicable(context, action) {
                problems.push(format!(
                    "line {}: “{}” is not available in [keys.{}].",
                    configured.line,
                    action.name(),
                    context.name()
                ));
                continue;
            }
            for &key in &configured.keys {
                let line = Some(configured.line);
                let new = EffectiveBinding {
                    context,
                    action,
                    key,
                    line,
                };
                match bound.iter().find(|other| other.contradicts(&new)) {
                    Some(other) => problems.push(format!(
                        "line {}: in {} the key “{key}” cannot be bound to “{}”: line {} in {} binds it to “{}”.",
                        configured.line,
                        new.section(),
                        action.name(),
                        other.line.unwrap_or_default(),
                        other.section(),
                        other.action.name(),
                    )),
                    None => bound.push(new),
                }
            }
        }
        let is_overridden = |context: Context, action: Action| {
            let mut key_overrides = key_overrides.iter();
            key_overrides
                .any(|configured| (configured.context, configured.action) == (context, action))
        };
        let own = bound.clone();
        let mut replaced = Vec::new();
        for &context in Context::ALL {
            for action in Action::ALL {
                if is_overridden(context, *action) && self.is_applicable(context, *action) {
                    continue;
                }
                for &key in self.keys(context, *action) {
                    let standard = EffectiveBinding {
                        context,
                        action: *action,
                        key,
                        line: None,
                    };
                    match own
                        .iter()
                        .find(|configured| configured.contradicts(&standard))
                    {
                        Some(configured) => replaced.push((standard, *configured)),
                        None => bound.push(standard),
                    }
                }
            }
        }
        for (standard, configured) in replaced {
            let is_reached = bound
                .iter()
                .any(|b| (b.context, b.action) == (standard.context, standard.action));
            let text = format!(
                "line {}: in {} the key “{}” is now bound to “{}”, which leaves “{}” in [keys.{}] without a key.",
                configured.line.unwrap_or_default(),
                configured.section(),
                standard.key,
                configured.action.name(),
                standard.action.name(),
                standard.context.name(),
            );
            if !is_reached && !problems.contains(&text) {
                problems.push(text);
            }
        }
        let is_interrupt =
            |b: &EffectiveBinding| (b.context, b.action) == (Context::Global, Action::Interrupt);
        if !bound.iter().any(is_interrupt) {
            // Quitting must always be possible.
            let keys = self.keys(Context::Global, Action::Interrupt);
            bound.retain(|b| !keys.contains(&b.key));
            bound.extend(keys.iter().map(|&key| EffectiveBinding {
                context: Context::Global,
                action: Action::Interrupt,
                key,
                line: None,
            }));
            problems.push("“interrupt” keeps its default key: it cannot be unbound.".to_owned());
        }
        (self.of(&bound), problems)
    }

    /// Builds a key map for the same actions with other bindings.
    fn of(&self, bound: &[EffectiveBinding]) -> Self {
        let mut map = Self {
            actions: bound
                .iter()
                .map(|b| ((b.context, b.key), b.action))
                .collect(),
            keys: std::collections::HashMap::new(),
            known: self.known.clone(),
        };
        for b in bound {
            let keys = map.keys.entry((b.context, b.action)).or_default();
            if !keys.contains(&b.key) {
                keys.push(b.key);
            }
        }
        map
    }

    /// True if an action does something in a context.
    pub fn is_applicable(&self, context: Context, action: Action) -> bool {
        self.known.iter().any(|(other, known)| {
            *known == action
                && (context.chain().contains(other) || other.chain().contains(&context))
        })
    }

    /// Returns the actions available in a context, in the order of the help.
    pub fn available(&self, context: Context) -> impl Iterator<Item = Action> {
        let is_known = move |action: &Action| {
            let mut chain = context.chain().iter();
            chain.any(|context| self.known.contains(&(*context, *action)))
        };
        Action::ALL.iter().copied().filter(is_known)
    }

    /// Returns the actions specific to a context, with or without a key.
    pub fn own_actions(&self, context: Context) -> impl Iterator<Item = Action> {
        let actions = Action::ALL.iter().copied();
        actions.filter(move |action| self.known.contains(&(context, *action)))
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;

    fn configured(line: usize, context: Context, action: Action, keys: &[&str]) -> Binding {
        Binding {
            context,
            action,
            keys: keys.iter().map(|key| key.parse().unwrap()).collect(),
            line,
        }
    }

    fn merged(key_overrides: &[Binding]) -> (Keymap, Vec<String>) {
        Keymap::standard().with(key_overrides)
    }

    fn at(keymap: &Keymap, context: Context, key: char) -> Option<Action> {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
        keymap.action(context, key)
    }

    #[test]
    fn configured_keys_replace_the_default_ones() {
        let (keymap, problems) = merged(&[configured(3, Context::List, Action::Up, &["e", "up"])]);
        assert_eq!(problems, [""; 0]);
        assert_eq!(at(&keymap, Context::List, 'e'), Some(Action::Up));
        assert_eq!(at(&keymap, Context::List, 'k'), None);
        assert_eq!(at(&keymap, Context::Details, 'k'), Some(Action::Up));
        assert_eq!(keymap.keys(Context::List, Action::Up).len(), 2);
    }

    #[test]
    fn a_configured_key_is_taken_from_other_actions() {
        let (keymap, problems) = merged(&[configured(1, Context::Screen, Action::Pin, &["k"])]);
        assert_eq!(problems, [""; 0], "up has its arrow still");
        for context in [Context::List, Context::Details] {
            assert_eq!(at(&keymap, context, 'k'), Some(Action::Pin));
        }
        assert_eq!(at(&keymap, Context::Reading, 'k'), Some(Action::Up));
    }

    #[test]
    fn warns_if_an_action_loses_its_last_key() {
        let (keymap, problems) = merged(&[configured(7, Context::List, Action::Open, &["q"])]);
        let [problem] = &problems[..] else {
            panic!("{problems:?}");
        };
        for part in [
            "line 7",
            "[keys.list]",
            "“q”",
            "“open”",
            "“quit”",
            "[keys.screen]",
        ] {
            assert!(problem.contains(part), "{part}: {problem}");
        }
        assert_eq!(at(&keymap, Context::List, 'q'), Some(Action::Open));
    }

    #[test]
    fn first_of_two_conflicting_bindings_wins_with_a_warning() {
        let (keymap, problems) = merged(&[
            configured(2, Context::Screen, Action::Pin, &["ö"]),
            configured(5, Context::List, Action::Open, &["ö", "enter"]),
        ]);
        let [problem] = &problems[..] else {
            panic!("{problems:?}");
        };
        for part in [
            "line 5",
            "[keys.list]",
            "“ö”",
            "“open”",
            "line 2",
            "[keys.screen]",
            "“pin”",
        ] {
            assert!(problem.contains(part), "{part}: {problem}");
        }
        assert_eq!(at(&keymap, Context::List, 'ö'), Some(Action::Pin));
        assert_eq!(keymap.keys(Context::List, Action::Open).len(), 1);
    }

    #[test]
    fn rejects_actions_that_the_context_does_not_have() {
        let (keymap, problems) = merged(&[
            configured(1, Context::Menu, Action::Pin, &["ö"]),
            configured(2, Context::List, Action::Pin, &["ö"]),
            configured(3, Context::Global, Action::Quit, &["f10"]),
        ]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("“pin” is not available in [keys.menu]"));
        assert_eq!(at(&keymap, Context::List, 'ö'), Some(Action::Pin));
    }

    #[test]
    fn interrupt_cannot_be_unbound() {
        let (keymap, problems) = merged(&[
            configured(1, Context::Global, Action::Interrupt, &[]),
            configured(2, Context::List, Action::Open, &["ctrl-c"]),
        ]);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        for &context in Context::ALL {
            let action = keymap.action(context, interrupt);
            assert_eq!(action, Some(Action::Interrupt), "{context:?}");
        }
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn an_action_can_be_unbound() {
        let (keymap, problems) = merged(&[configured(1, Context::Screen, Action::Unwatch, &[])]);
        assert_eq!(problems, [""; 0]);
        assert_eq!(at(&keymap, Context::List, 'x'), None);
        assert!(
            keymap
                .available(Context::List)
                .any(|action| action == Action::Unwatch),
            "the palette has it still"
        );
    }
}
