//! The key map: which key triggers which action in which context. Read from `assets/keys.toml`.
//!
//! Key dispatch, footer and help all use this table, so that they always agree.

mod key;
mod overrides;

use std::collections::{HashMap, HashSet};

use crossterm::event::KeyEvent;
use serde::Deserialize;

use super::action::Action;

pub use key::Key;
use key::ParseKeyError;

const DEFAULT_KEYS: &str = include_str!("../../assets/keys.toml");

/// A context with its own key bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    Global,
    /// List and details.
    Screen,
    List,
    Details,
    Cancel,
    /// The confirmation of the cancel dialog.
    Confirm,
    /// The confirmation for cancelling the marked tasks.
    CancelMarked,
    /// The copy menu.
    Menu,
    Summary,
    Timeline,
    /// The saved-filter menu.
    Filters,
    /// The sort menu.
    Order,
    /// The column editor.
    Columns,
    /// Scrollable texts: help, messages, statistics.
    Reading,
    /// Text prompts.
    Prompt,
    Palette,
}

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

impl Context {
    /// All contexts, in the order of the help.
    pub const ALL: [Self; 16] = [
        Self::List,
        Self::Details,
        Self::Screen,
        Self::Cancel,
        Self::Confirm,
        Self::CancelMarked,
        Self::Order,
        Self::Columns,
        Self::Menu,
        Self::Filters,
        Self::Summary,
        Self::Timeline,
        Self::Reading,
        Self::Prompt,
        Self::Palette,
        Self::Global,
    ];

    /// Returns this context and those it inherits keys from, nearest first.
    pub fn chain(self) -> &'static [Self] {
        match self {
            Self::Global => &[Self::Global],
            Self::Screen => &[Self::Screen, Self::Global],
            Self::List => &[Self::List, Self::Screen, Self::Global],
            Self::Details => &[Self::Details, Self::Screen, Self::Global],
            Self::Cancel => &[Self::Cancel, Self::Global],
            Self::Confirm => &[Self::Confirm, Self::Global],
            Self::CancelMarked => &[Self::CancelMarked, Self::Global],
            Self::Menu => &[Self::Menu, Self::Global],
            Self::Summary => &[Self::Summary, Self::Global],
            Self::Timeline => &[Self::Timeline, Self::Global],
            Self::Filters => &[Self::Filters, Self::Global],
            Self::Order => &[Self::Order, Self::Global],
            Self::Columns => &[Self::Columns, Self::Global],
            Self::Reading => &[Self::Reading, Self::Global],
            Self::Prompt => &[Self::Prompt, Self::Global],
            Self::Palette => &[Self::Palette, Self::Global],
        }
    }

    /// Returns the name used in key maps.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Screen => "screen",
            Self::List => "list",
            Self::Details => "details",
            Self::Cancel => "cancel",
            Self::Confirm => "confirm",
            Self::CancelMarked => "cancel-marked",
            Self::Menu => "menu",
            Self::Summary => "summary",
            Self::Timeline => "timeline",
            Self::Filters => "filters",
            Self::Order => "order",
            Self::Columns => "columns",
            Self::Reading => "reading",
            Self::Prompt => "prompt",
            Self::Palette => "palette",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.name() == name)
    }

    /// Returns the heading in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Screen => "List and details",
            Self::List => "List",
            Self::Details => "Details",
            Self::Cancel => "Cancel dialog",
            Self::Confirm => "Cancel confirmation",
            Self::CancelMarked => "Cancelling the marked tasks",
            Self::Menu => "Menus",
            Self::Summary => "Summary",
            Self::Timeline => "Timeline",
            Self::Filters => "Saved filters",
            Self::Order => "Sort menu",
            Self::Columns => "Column editor",
            Self::Reading => "Help, messages, performance",
            Self::Prompt => "Text input",
            Self::Palette => "Command palette",
        }
    }

    /// Returns the actions shown in the footer, in order of priority.
    pub fn hints(self) -> &'static [Action] {
        match self {
            Self::List => &[
                Action::Down,
                Action::Open,
                Action::Inspect,
                Action::Filter,
                Action::Help,
                Action::Quit,
                Action::Palette,
                Action::Sort,
                Action::Layout,
                Action::Group,
                Action::ToggleFold,
                Action::Add,
                Action::Pause,
                Action::NextTab,
                Action::Mark,
                Action::Timeline,
                Action::Pin,
                Action::Refresh,
            ],
            Self::Details => &[
                Action::Down,
                Action::Back,
                Action::NextTab,
                Action::Zoom,
                Action::CopyMenu,
                Action::Inspect,
                Action::Help,
                Action::Quit,
            ],
            Self::Cancel => &[
                Action::Down,
                Action::Accept,
                Action::Refresh,
                Action::Dismiss,
            ],
            Self::Confirm => &[Action::Yes, Action::No, Action::Switch, Action::Accept],
            Self::CancelMarked => &[Action::Yes, Action::Dismiss, Action::Down],
            Self::Order => &[
                Action::Down,
                Action::Accept,
                Action::FurtherSort,
                Action::Reverse,
                Action::Dismiss,
            ],
            Self::Filters => &[
                Action::Down,
                Action::Accept,
                Action::SaveFilter,
                Action::ForgetFilter,
                Action::Dismiss,
            ],
            Self::Summary => &[
                Action::Down,
                Action::Accept,
                Action::NextSection,
                Action::Dismiss,
            ],
            Self::Timeline => &[
                Action::Down,
                Action::PanRight,
                Action::ZoomIn,
                Action::Accept,
                Action::Dismiss,
                Action::ZoomFit,
                Action::Mark,
                Action::MinuteBack,
            ],
            Self::Columns => &[
                Action::Down,
                Action::ToggleColumn,
                Action::ColumnLeft,
                Action::ColumnRight,
                Action::WidenColumn,
                Action::NarrowColumn,
                Action::Dismiss,
                Action::ResetColumns,
                Action::CopyColumns,
                Action::AutoColumn,
            ],
            Self::Reading => &[Action::Down, Action::PageDown, Action::Dismiss],
            Self::Prompt => &[
                Action::Accept,
                Action::Dismiss,
                Action::Complete,
                Action::Older,
                Action::ClearLine,
            ],
            Self::Menu | Self::Palette => &[Action::Down, Action::Accept, Action::Dismiss],
            Self::Screen | Self::Global => &[],
        }
    }
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

#[derive(Debug, Clone)]
pub struct Keymap {
    actions: HashMap<(Context, Key), Action>,
    keys: HashMap<(Context, Action), Vec<Key>>,
    /// All actions of each context, with or without a key.
    known: HashSet<(Context, Action)>,
}

impl Keymap {
    /// Returns the default key map.
    ///
    /// # Errors
    ///
    /// Never; the default key map is checked by tests.
    pub fn standard() -> Result<Self, KeymapError> {
        Self::parse(DEFAULT_KEYS)
    }

    /// Parses a key map.
    ///
    /// # Errors
    ///
    /// If the syntax is invalid, a key or action is unknown, or a key is bound twice in one context.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let sections: HashMap<Context, HashMap<Action, Vec<String>>> = toml::from_str(text)?;
        let mut map = Self {
            actions: HashMap::new(),
            keys: HashMap::new(),
            known: HashSet::new(),
        };
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
        for context in Context::ALL {
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
