//! The key map: which key triggers which action in which context. Read from `assets/keys.toml`.
//!
//! Key dispatch, footer and help all use this table, so that they always agree.

mod context;
mod key;
mod overrides;

use std::collections::{HashMap, HashSet};

use crossterm::event::KeyEvent;

use super::action::Action;

pub use context::Context;
pub use key::Key;
use key::ParseKeyError;

const DEFAULT_KEYS: &str = include_str!("../../assets/keys.toml");

/// A key binding from the config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub context: Context,
    pub action: Action,
    /// The keys; none removes all keys of the action.
    pub keys: Vec<Key>,
    /// Line in the config file.
    pub line: usize,
}

/// An invalid key map.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    #[error("invalid key map: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("key map section “{context:?}”: {bad}")]
    Key {
        context: Context,
        bad: ParseKeyError,
    },
    /// The same key is bound to two actions in one context.
    #[error("the key “{key}” is bound to both {first:?} and {second:?} in “{context:?}”")]
    Conflict {
        context: Context,
        key: Key,
        first: Action,
        second: Action,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Keymap {
    actions: HashMap<(Context, Key), Action>,
    keys: HashMap<(Context, Action), Vec<Key>>,
    /// All actions of each context, with or without a key.
    known: HashSet<(Context, Action)>,
}

impl Keymap {
    /// Returns the default key map.
    pub fn standard() -> Self {
        // A test checks that it is valid.
        Self::parse(DEFAULT_KEYS).unwrap_or_default()
    }

    /// Parses a key map.
    ///
    /// # Errors
    ///
    /// If the syntax is invalid, a key or action is unknown, or a key is bound twice in one context.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let sections: HashMap<Context, HashMap<Action, Vec<String>>> = toml::from_str(text)?;
        let mut map = Self::default();
        for (context, bindings) in sections {
            for (action, names) in bindings {
                map.known.insert((context, action));
                for name in names {
                    let key: Key = name
                        .parse()
                        .map_err(|bad| KeymapError::Key { context, bad })?;
                    if let Some(first) = map.actions.insert((context, key), action) {
                        return Err(conflict(context, key, first, action));
                    }
                    map.keys.entry((context, action)).or_default().push(key);
                }
            }
        }
        map.check_shadows()?;
        Ok(map)
    }

    /// Rejects keys of an outer context that an inner context binds to another action.
    fn check_shadows(&self) -> Result<(), KeymapError> {
        for &context in Context::ALL {
            let mut seen: HashMap<Key, Action> = HashMap::new();
            for wider in context.chain() {
                for (&(context, key), &action) in &self.actions {
                    if context != *wider {
                        continue;
                    }
                    if let Some(first) = seen.insert(key, action) {
                        return Err(conflict(context, key, first, action));
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the action of a key in a context.
    pub fn action(&self, context: Context, event: KeyEvent) -> Option<Action> {
        let key = Key::from(event);
        let found = |context: &Context| self.actions.get(&(*context, key)).copied();
        context.chain().iter().find_map(found)
    }

    /// Returns the keys bound in exactly this context.
    pub fn keys(&self, context: Context, action: Action) -> &[Key] {
        self.keys
            .get(&(context, action))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Returns the first key of an action that is available in a context.
    pub fn key(&self, context: Context, action: Action) -> Option<Key> {
        let mut contexts = context.chain().iter();
        contexts.find_map(|context| self.keys(*context, action).first().copied())
    }
}

fn conflict(context: Context, key: Key, first: Action, second: Action) -> KeymapError {
    let (first, second) = if first <= second {
        (first, second)
    } else {
        (second, first)
    };
    KeymapError::Conflict {
        context,
        key,
        first,
        second,
    }
}

#[cfg(test)]
mod tests;
