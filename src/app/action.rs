//! The action table: every action that can be bound to a key, with its footer label and help text. Both are imperatives.

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

            /// Returns the help text: what the action does and, after a colon, details.
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)+ }
            }

            /// Returns the help text without the details.
            pub fn short_help(self) -> &'static str {
                let help = self.help();
                help.split_once(": ").map_or(help, |(short, _)| short)
            }
        }
    };
}

actions! {
    Up: "move up", "Move up";
    Down: "move down", "Move down";
    PageUp: "move a page up", "Move a page up";
    PageDown: "move a page down", "Move a page down";
    First: "go to the first", "Go to the first row";
    Last: "go to the last", "Go to the last row";
    Open: "open", "Open the details: of a failed task, its error";
    Unfold: "unfold", "Unfold: the family or group; else open the details";
    Fold: "fold", "Fold: the family or group; else go to the parent";
    ToggleFold: "fold", "Fold or unfold: the family or group";
    FoldAll: "fold all", "Fold all";
    UnfoldAll: "unfold all", "Unfold all";
    Back: "go back", "Go back: leave the view, remove the marks, clear the filter";
    Inspect: "cancel…", "Cancel the task: or the marked tasks; asks first";
    Filter: "filter", "Filter the list";
    Filters: "choose a filter", "Choose a filter: a built-in one or a saved one";
    SaveFilter: "save", "Save the filter: under a name";
    ForgetFilter: "delete", "Delete the saved filter";
    OnlyRunning: "show running", "Show running tasks: only these, or all again";
    OnlyQueued: "show queued", "Show queued tasks: only these, or all again";
    OnlyFailed: "show failed", "Show failed tasks: only these, or all again";
    OnlyCancelled: "show cancelled", "Show cancelled tasks: only these, or all again";
    OnlyDone: "show done", "Show successful tasks: only these, or all again";
    OnlyLost: "show lost", "Show lost tasks: only these, or all again";
    Sort: "sort", "Sort the rows: choose the order";
    Reverse: "reverse", "Reverse the order";
    FurtherSort: "add or remove", "Add or remove the column: as an additional sort column";
    Columns: "choose columns", "Choose the columns: their order and width";
    ToggleColumn: "show or hide", "Show or hide the column";
    ColumnLeft: "move left", "Move the column left";
    ColumnRight: "move right", "Move the column right";
    WidenColumn: "widen", "Widen the column";
    NarrowColumn: "narrow", "Narrow the column";
    AutoColumn: "fit", "Fit the column: choose its width automatically";
    ResetColumns: "reset", "Reset the columns: to the default";
    CopyColumns: "copy", "Copy the columns: as a line for the config file";
    Layout: "switch tree/flat", "Switch tree and flat";
    Group: "group", "Group the flat list: by another property, or not";
    GroupFamily: "group by family", "Group by family";
    GroupTarget: "group by target", "Group by target";
    GroupUser: "group by user", "Group by user";
    GroupOperation: "group by operation", "Group by operation";
    GroupEndpoint: "group by vCenter", "Group by vCenter";
    Blocker: "go to the blocker", "Go to the blocker: the task that this one waits for; again to go back";
    GroupHost: "group by host", "Group by host";
    GroupCluster: "group by cluster", "Group by cluster";
    GroupDatacenter: "group by datacenter", "Group by datacenter";
    GroupFolder: "group by folder", "Group by folder";
    Add: "add", "Add or find a task: by ID or URL";
    Unwatch: "remove", "Remove the task: stop watching it";
    UndoRemove: "undo", "Undo the last removal";
    Pin: "pin", "Pin or unpin the task: a pinned task stays until you remove it";
    Refresh: "refresh", "Refresh now";
    Pause: "pause", "Pause or resume updates";
    ChangeBack: "go back a change", "Go back one change";
    ChangeForward: "go forward a change", "Go forward one change";
    MinuteBack: "go back a minute", "Go back one minute";
    MinuteForward: "go forward a minute", "Go forward one minute";
    Now: "return to now", "Return to now: leave the past";
    PlaySlower: "play slower", "Play slower: in a replay";
    PlayFaster: "play faster", "Play faster: in a replay, up to 600 times";
    JumpToTime: "go to time…", "Go to a time: in a replay";
    NextFailure: "find failure", "Go to the next failure: in a replay";
    NextTaskChange: "find its change", "Go to its next change: of the task, in a replay";
    History: "search history", "Search the history: of the server; again to return to now";
    ToggleDetails: "show or hide details", "Show or hide the details";
    Zoom: "zoom", "Zoom the details: to the whole screen, or back";
    Arrange: "arrange", "Arrange the details: below, beside, whole screen, hidden";
    GrowDetails: "enlarge", "Enlarge the details";
    ShrinkDetails: "shrink", "Shrink the details";
    NextTab: "switch tab", "Go to the next tab: of the details";
    PreviousTab: "go to the previous tab", "Go to the previous tab: of the details";
    Overview: "show overview", "Show the overview: all fields of the task";
    Lineage: "show lineage", "Show the lineage: parent and child tasks";
    Error: "show error", "Show the error: the chain of faults";
    Result: "show result", "Show the result: the return value of the task";
    Events: "show events", "Show the events: of the server, about the task";
    Json: "show JSON", "Show the JSON: the complete TaskInfo";
    Copy: "copy", "Copy what is shown: the error, result or JSON, else the task ID";
    Mark: "mark", "Mark or unmark the task";
    MarkAll: "mark all", "Mark or unmark all: that match the filter, also in closed folds";
    Acknowledge: "mark as seen", "Mark all failures seen: they are no longer new";
    CopyMenu: "copy…", "Choose what to copy: ID, error, result, JSON, curl command";
    ShowChanges: "show changes", "Show the changes: what ended or stalled while you were away; again to return";
    Export: "save", "Save the rows: or the marked tasks, as CSV, JSON or Markdown";
    Accept: "select", "Select";
    Dismiss: "close", "Close: without changes";
    Yes: "cancel task", "Cancel the task: or the marked tasks";
    No: "keep task", "Keep the task: do not cancel it";
    Switch: "switch", "Switch the button";
    Complete: "complete", "Complete the word: names and known values";
    CompleteBack: "complete backwards", "Complete backwards: with the previous one";
    Older: "recall", "Recall an earlier input";
    Newer: "recall later", "Recall a later input";
    ClearLine: "clear", "Clear the line";
    Palette: "find a command", "Find a command: by name";
    Help: "help", "Show the keys";
    Summary: "show summary", "Show the summary: counts by operation and user, longest running, latest failures";
    Timeline: "show timeline", "Show the timeline: the shown tasks over time, and when they will be done";
    PanLeft: "pan left", "Show an earlier time";
    PanRight: "pan right", "Show a later time";
    ZoomIn: "zoom in", "Zoom in: show a shorter period";
    ZoomOut: "zoom out", "Zoom out: show a longer period";
    ZoomFit: "fit", "Fit the visible rows: from their start to their expected end";
    NextSection: "switch section", "Go to the next section: of the summary";
    PreviousSection: "go to the previous section", "Go to previous section: of the summary";
    Notices: "show messages", "Show the messages: of this session";
    Figures: "show performance", "Show the performance: requests, bytes, frames, latencies";
    Redraw: "redraw", "Redraw the screen";
    Suspend: "suspend", "Suspend: resume with fg";
    Quit: "quit", "Quit: sign out; in history, past and zoom, go back";
    Interrupt: "quit", "Quit from any view: sign out";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    /// First words of labels. All labels are imperatives.
    const VERBS: &[&str] = &[
        "add",
        "arrange",
        "cancel",
        "cancel…",
        "choose",
        "clear",
        "close",
        "complete",
        "copy",
        "copy…",
        "delete",
        "enlarge",
        "filter",
        "find",
        "fit",
        "fold",
        "go",
        "group",
        "help",
        "keep",
        "mark",
        "move",
        "narrow",
        "open",
        "pan",
        "pause",
        "pin",
        "play",
        "quit",
        "recall",
        "redraw",
        "refresh",
        "remove",
        "reset",
        "return",
        "reverse",
        "save",
        "search",
        "select",
        "show",
        "shrink",
        "sort",
        "suspend",
        "switch",
        "undo",
        "unfold",
        "widen",
        "zoom",
    ];

    #[test]
    fn labels_are_imperatives() {
        for action in Action::ALL {
            for text in [action.hint(), action.help()] {
                let first = text.split([' ', ':']).next().unwrap();
                assert!(VERBS.contains(&&*first.to_lowercase()), "{text}");
            }
            let first = |text: &str| text.chars().next().unwrap();
            assert!(first(action.help()).is_uppercase() && first(action.hint()).is_lowercase());
        }
    }

    #[test]
    fn short_help_fits_the_columns_of_the_help() {
        const MAX_WIDTH: usize = 24;
        for action in Action::ALL {
            let short = action.short_help();
            assert!(width(short) <= MAX_WIDTH, "{short}");
            assert!(action.help().starts_with(short));
        }
        assert_eq!(Action::Inspect.short_help(), "Cancel the task");
    }
}
