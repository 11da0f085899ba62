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
    PageUp: "page up", "Page up";
    PageDown: "page down", "Page down";
    First: "first", "Go to the first row";
    Last: "last", "Go to the last row";
    Open: "details", "Open the details and focus them";
    Unfold: "unfold", "Unfold the family or group, else open the details";
    Fold: "fold", "Fold the family or group, else go to the parent";
    ToggleFold: "fold", "Fold or unfold the family or group";
    FoldAll: "fold all", "Fold all";
    UnfoldAll: "unfold all", "Unfold all";
    Back: "back", "Back: leave the view, to the list, clear the filter, close the details";
    Inspect: "cancel…", "Cancel the task or the marked tasks (asks first)";
    Filter: "filter", "Filter the list";
    Filters: "saved filters", "Choose or save a named filter";
    SaveFilter: "save", "Save the current filter under a name";
    ForgetFilter: "delete", "Delete the saved filter";
    Sort: "sort", "Choose the sort order";
    Reverse: "reverse", "Reverse the sort order";
    FurtherSort: "add or remove", "Add or remove a further sort column";
    Columns: "columns", "Choose columns, their order and width";
    ToggleColumn: "show or hide", "Show or hide the column";
    ColumnLeft: "left", "Move the column left";
    ColumnRight: "right", "Move the column right";
    WidenColumn: "wider", "Make the column wider";
    NarrowColumn: "narrower", "Make the column narrower";
    AutoColumn: "auto", "Automatic column width";
    ResetColumns: "reset", "Reset to the default columns";
    CopyColumns: "copy", "Copy the columns as a line for the config file";
    Layout: "tree/flat", "Switch between tree and flat list";
    Group: "group", "Group the flat list by another property, or not";
    GroupFamily: "by family", "Group by family";
    GroupTarget: "by target", "Group by target";
    GroupUser: "by user", "Group by user";
    GroupOperation: "by operation", "Group by operation";
    GroupEndpoint: "by vCenter", "Group by vCenter";
    Blocker: "blocker", "Go to the task that this one waits for, and back";
    GroupHost: "by host", "Group by host";
    GroupCluster: "by cluster", "Group by cluster";
    GroupDatacenter: "by datacenter", "Group by datacenter";
    GroupFolder: "by folder", "Group by folder";
    Add: "add", "Go to a task by ID or URL, or watch it";
    Unwatch: "remove", "Stop watching the task and remove it";
    UndoRemove: "undo", "Undo the last removal";
    Pin: "pin", "Pin or unpin the task (pinned tasks are never removed)";
    Refresh: "refresh", "Refresh everything now";
    Pause: "pause", "Pause or resume updates";
    ChangeBack: "back", "Time travel: back to before the last change";
    ChangeForward: "forward", "Time travel: forward to the next change";
    MinuteBack: "minute back", "Time travel: back one minute";
    MinuteForward: "minute forward", "Time travel: forward one minute";
    Now: "now", "Time travel: return to now";
    History: "history", "Search the task history of the server, or return to now";
    ToggleDetails: "details", "Show or hide the details";
    Zoom: "zoom", "Zoom the details to the whole screen";
    Arrange: "layout", "Switch the layout: below, beside, whole screen, hidden";
    GrowDetails: "larger", "Enlarge the details";
    ShrinkDetails: "smaller", "Shrink the details";
    NextTab: "next tab", "Next tab of the details";
    PreviousTab: "previous tab", "Previous tab of the details";
    Overview: "overview", "Overview: all fields of the task";
    Lineage: "lineage", "Lineage: parent and child tasks";
    Error: "error", "Error: the chain of faults";
    Result: "result", "Result: the return value of the task";
    Events: "events", "Events: server events of the task";
    Json: "JSON", "JSON: the complete TaskInfo";
    Copy: "copy", "Copy the error, result or JSON shown, else the task ID";
    Mark: "mark", "Mark or unmark the task";
    MarkAll: "mark all", "Mark all shown tasks; if all are marked, unmark all";
    CopyMenu: "copy…", "Choose what to copy: ID, error, result, JSON, curl command";
    ShowChanges: "changes", "Show what ended or stalled while you were away, or return";
    Export: "save", "Save the marked tasks, else the visible rows, as CSV, JSON or Markdown";
    Accept: "select", "Select";
    Dismiss: "close", "Close without changes";
    Yes: "yes", "Yes, cancel the task or the marked tasks";
    No: "no", "No, do not cancel the task";
    Switch: "switch", "Switch to the other button";
    Complete: "complete", "Complete the word: names and known values";
    CompleteBack: "previous", "Previous completion";
    Older: "older", "Previous input";
    Newer: "newer", "Next input";
    ClearLine: "clear", "Clear the line";
    Palette: "commands", "Command palette: find a command by name";
    Help: "help", "Show the keys";
    Summary: "summary", "Summary: counts by operation and user, longest running, latest failures";
    Timeline: "timeline", "Timeline: the shown tasks over time, and when they will be done";
    PanLeft: "earlier", "Show an earlier time";
    PanRight: "later", "Show a later time";
    ZoomIn: "zoom in", "Zoom in: show a shorter period";
    ZoomOut: "zoom out", "Zoom out: show a longer period";
    ZoomFit: "fit", "Show all unfinished tasks from start to expected end";
    NextSection: "next section", "Next section of the summary";
    PreviousSection: "previous section", "Previous section of the summary";
    Notices: "messages", "Show the messages of this session";
    Figures: "performance", "Show performance: requests, bytes, frames, latencies";
    Redraw: "redraw", "Redraw the screen";
    Suspend: "suspend", "Suspend (resume with fg)";
    Quit: "quit", "Sign out and quit; in history, time travel and zoom: back";
    Interrupt: "quit", "Sign out and quit, from any view";
}
