//! The contexts of the key map, with their headings in the help and their hints in the footer.

use serde::Deserialize;

use crate::{app::action::Action, text::kebab};

/// Defines [`Context`]. A variant is written as `Variant: "title", [outer contexts, nearest first], [hints];`.
macro_rules! contexts {
    ($($(#[$about:meta])* $name:ident: $title:literal, [$($outer:ident),*], [$($hint:ident),*];)+) => {
        /// A context with its own key bindings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Context {
            $($(#[$about])* $name,)+
        }

        impl Context {
            /// All contexts, in the order of the help.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the kebab-case name used in key maps.
            pub fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }

            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|context| context.name() == name)
            }

            /// Returns the heading in the help.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// Returns this context and those it inherits keys from, nearest first.
            pub fn chain(self) -> &'static [Self] {
                match self { $(Self::$name => &[Self::$name, $(Self::$outer),*],)+ }
            }

            /// Returns the actions shown in the footer, in order of priority.
            pub fn hints(self) -> &'static [Action] {
                match self { $(Self::$name => &[$(Action::$hint),*],)+ }
            }
        }
    };
}

contexts! {
    List: "List", [Screen, Global], [
        Down, Open, Inspect, Filter, Help, Quit, Palette, Sort, Layout, Group, ToggleFold, Add, Pause, NextTab, Mark,
        Timeline, Pin, Refresh
    ];
    Details: "Details", [Screen, Global], [Down, Back, NextTab, Zoom, CopyMenu, Inspect, Help, Quit];
    /// List and details.
    Screen: "List and details", [Global], [];
    Cancel: "Cancel dialog", [Global], [Down, Accept, Refresh, Dismiss];
    /// The confirmation of the cancel dialog.
    Confirm: "Cancel confirmation", [Global], [Yes, No, Switch, Accept];
    /// The confirmation for cancelling the marked tasks.
    CancelMarked: "Cancelling the marked tasks", [Global], [Yes, Dismiss, Down];
    /// The sort menu.
    Order: "Sort menu", [Global], [Down, Accept, FurtherSort, Reverse, Dismiss];
    /// The column editor.
    Columns: "Column editor", [Global], [
        Down, ToggleColumn, ColumnLeft, ColumnRight, WidenColumn, NarrowColumn, Dismiss, ResetColumns, CopyColumns,
        AutoColumn
    ];
    /// The copy menu.
    Menu: "Menus", [Global], [Down, Accept, Dismiss];
    /// The saved-filter menu.
    Filters: "Saved filters", [Global], [Down, Accept, SaveFilter, ForgetFilter, Dismiss];
    Summary: "Summary", [Global], [Down, Accept, NextSection, Dismiss];
    Timeline: "Timeline", [Global], [Down, PanRight, ZoomIn, Accept, Dismiss, ZoomFit, Mark, MinuteBack];
    /// Scrollable texts: help, messages, statistics.
    Reading: "Help, messages, performance", [Global], [Down, PageDown, Dismiss];
    /// Text prompts.
    Prompt: "Text input", [Global], [Accept, Dismiss, Complete, Older, ClearLine];
    Palette: "Command palette", [Global], [Down, Accept, Dismiss];
    Global: "Everywhere", [], [];
}
