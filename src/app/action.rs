//! The action table: every action that can be bound to a key, with its footer label and help text.

use serde::Deserialize;

use crate::text::kebab;

macro_rules! actions {
    ($($name:ident: $hint:literal, $help:literal;)+) => {
        /// An action that can be bound to a key.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action {
            $($name,)+
        }

        impl Action {
            /// All actions, in the order of the help.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the kebab-case name used in key maps.
            pub fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }

            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == name)
            }

            /// Returns the footer label.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }

            /// Returns the help text.
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)+ }
            }
        }
    };
}

actions! {
    Up: "up", "Move up";
    Down: "down", "Move down";
    PageUp: "page up", "Move a page up";
    PageDown: "page down", "Move a page down";
    First: "first", "Go to the first";
    Last: "last", "Go to the last";
    Open: "details", "Open the details and go there";
    Unfold: "open", "Open a folded family, else the details";
    Fold: "fold", "Fold the family, else go to the parent";
    ToggleFold: "fold", "Fold or open the family";
    FoldAll: "fold all", "Fold all families";
    UnfoldAll: "open all", "Open all families";
    Back: "back", "Back: to the list, clear the filter, close the details";
    Inspect: "cancel…", "Inspect whether the task can be cancelled, and ask for it";
    Filter: "filter", "Show only tasks that match a filter";
    Filters: "saved filters", "Choose a filter that has a name, or give the one in force a name";
    SaveFilter: "name it", "Keep the filter in force under a name";
    ForgetFilter: "forget", "Forget the filter, if it got its name on the screen";
    Sort: "sort", "Choose the order";
    Reverse: "reverse", "Turn the order round";
    FurtherSort: "add or remove", "Sort by this column as well, or no longer";
    Columns: "columns", "Choose the columns: which, in which order, how wide";
    ToggleColumn: "show or hide", "Show or hide the column";
    ColumnLeft: "left", "Move the column one to the left";
    ColumnRight: "right", "Move the column one to the right";
    WidenColumn: "wider", "Make the column wider";
    NarrowColumn: "narrower", "Make the column narrower";
    AutoColumn: "auto", "Let the column be as wide as there is room";
    ResetColumns: "reset", "Take the columns that there are without a choice";
    CopyColumns: "copy", "Copy the columns as a line for the config file";
    Layout: "tree/flat", "Show families as a tree, or a flat list";
    Group: "group", "Group the flat list: by family, target, user, operation, not at all";
    GroupFamily: "by family", "Group the flat list by family";
    GroupTarget: "by target", "Group the flat list by target";
    GroupUser: "by user", "Group the flat list by user";
    GroupOperation: "by operation", "Group the flat list by operation";
    Add: "add", "Watch further tasks, by id or URL";
    Unwatch: "unwatch", "Stop watching the task and take it off the list";
    Pin: "pin", "Keep the task whatever has to make room, or no longer";
    Refresh: "refresh", "Read everything anew, now";
    Pause: "pause", "Stop reading from the server, or go on";
    ChangeBack: "back", "Look back at how things were before the last change";
    ChangeForward: "forward", "While looking back: on to the next change";
    MinuteBack: "minute back", "Look back a minute further";
    MinuteForward: "minute on", "While looking back: a minute on";
    Now: "now", "Return to what is now";
    History: "history", "Search the server's history; from there back to what is now";
    ToggleDetails: "details", "Show or hide the details";
    Zoom: "zoom", "Give the details the whole screen, or back";
    Arrange: "panels", "Details below, beside the list, on the whole screen, or not at all";
    GrowDetails: "larger", "More room for the details";
    ShrinkDetails: "smaller", "Less room for the details";
    NextTab: "next tab", "Next tab of the details";
    PreviousTab: "tab back", "Previous tab of the details";
    Overview: "overview", "Overview: every field of the task";
    Lineage: "lineage", "Lineage: the whole family";
    Error: "error", "Error: the whole chain of faults";
    Result: "result", "Result: what the task returned";
    Events: "events", "Events: what the server noted down about the task";
    Json: "JSON", "JSON: all that the server sent";
    Copy: "copy", "Copy the error, result or JSON shown; elsewhere the task's id";
    CopyMenu: "copy…", "Choose what to copy: id, error, result, JSON, curl command";
    Export: "write", "Write the rows shown to a file: CSV, JSON or Markdown";
    Accept: "choose", "Go ahead with what is chosen";
    Dismiss: "close", "Close, doing nothing";
    Yes: "yes", "Yes, ask the server to cancel";
    No: "no", "No, leave it alone";
    Switch: "switch", "Go to the other button";
    Complete: "complete", "Complete the word: names, and values that are there";
    CompleteBack: "back", "The completion before";
    Older: "typed before", "What was typed before";
    Newer: "typed after", "What was typed after that";
    ClearLine: "clear", "Empty the line";
    Palette: "commands", "Find a command by a few letters of its name";
    Help: "help", "Show the keys";
    Summary: "summary", "Summary: counts by operation and account, longest running, latest failures";
    NextSection: "next section", "Next section of the summary";
    PreviousSection: "section back", "Previous section of the summary";
    Notices: "notices", "Show the notices of this session";
    Figures: "figures", "Show what vtask itself costs: requests, bytes, frames, latencies";
    Redraw: "redraw", "Draw the whole screen anew";
    Suspend: "suspend", "Suspend (resume with fg)";
    Quit: "quit", "Sign out and quit";
    Interrupt: "quit", "Sign out and quit, from anywhere";
}
