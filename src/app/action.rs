//! Everything a key can do, in one table: its name in the key map, its word in the footer, its line in the help.

use serde::Deserialize;

use crate::text::kebab;

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $name:ident: $hint:literal, $help:literal;)+) => {
        /// What a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Action {
            /// All of them, in the order of the help.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in a key map.
            pub fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }

            /// The action of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == name)
            }

            /// The word for the footer.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }

            /// The line for the help.
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)+ }
            }
        }
    };
}

actions! {
    /// One up.
    Up: "up", "Move up";
    /// One down.
    Down: "down", "Move down";
    /// A page up.
    PageUp: "page up", "Move a page up";
    /// A page down.
    PageDown: "page down", "Move a page down";
    /// To the first.
    First: "first", "Go to the first";
    /// To the last.
    Last: "last", "Go to the last";
    /// Open the details and go there.
    Open: "details", "Open the details and go there";
    /// Open a folded family, else the details.
    Unfold: "open", "Open a folded family, else the details";
    /// Fold a family, else go to the parent.
    Fold: "fold", "Fold the family, else go to the parent";
    /// Fold or open a family.
    ToggleFold: "fold", "Fold or open the family";
    /// Fold every family.
    FoldAll: "fold all", "Fold all families";
    /// Open every family.
    UnfoldAll: "open all", "Open all families";
    /// Back to where one came from.
    Back: "back", "Back: to the list, clear the filter, close the details";
    /// Ask what cancelling would do.
    Inspect: "cancel…", "Inspect whether the task can be cancelled, and ask for it";
    /// Type a filter.
    Filter: "filter", "Show only tasks that match a filter";
    /// Choose a filter that has a name.
    Filters: "saved filters", "Choose a filter that has a name, or give the one in force a name";
    /// Keep the filter in force under a name.
    SaveFilter: "name it", "Keep the filter in force under a name";
    /// Forget a filter that has a name.
    ForgetFilter: "forget", "Forget the filter, if it got its name on the screen";
    /// Choose the order.
    Sort: "sort", "Choose the order";
    /// Turn the order round.
    Reverse: "reverse", "Turn the order round";
    /// Sort by a further column, or no longer.
    FurtherSort: "add or remove", "Sort by this column as well, or no longer";
    /// Choose the columns.
    Columns: "columns", "Choose the columns: which, in which order, how wide";
    /// Show or hide a column.
    ToggleColumn: "show or hide", "Show or hide the column";
    /// Move a column to the left.
    ColumnLeft: "left", "Move the column one to the left";
    /// Move a column to the right.
    ColumnRight: "right", "Move the column one to the right";
    /// Make a column wider.
    WidenColumn: "wider", "Make the column wider";
    /// Make a column narrower.
    NarrowColumn: "narrower", "Make the column narrower";
    /// Let a column be as wide as there is room.
    AutoColumn: "auto", "Let the column be as wide as there is room";
    /// Take the columns that there were.
    ResetColumns: "reset", "Take the columns that there are without a choice";
    /// Copy the columns.
    CopyColumns: "copy", "Copy the columns as a line for the config file";
    /// Tree or flat list.
    Layout: "tree/flat", "Show families as a tree, or a flat list";
    /// Put the flat list into groups.
    Group: "group", "Group the flat list: by family, target, user, operation, not at all";
    /// Groups by family.
    GroupFamily: "by family", "Group the flat list by family";
    /// Groups by target.
    GroupTarget: "by target", "Group the flat list by target";
    /// Groups by user.
    GroupUser: "by user", "Group the flat list by user";
    /// Groups by operation.
    GroupOperation: "by operation", "Group the flat list by operation";
    /// Watch more tasks.
    Add: "add", "Watch further tasks, by id or URL";
    /// Watch a task no more.
    Unwatch: "unwatch", "Stop watching the task and take it off the list";
    /// Keep a task, or no longer.
    Pin: "pin", "Keep the task whatever has to make room, or no longer";
    /// Read everything anew.
    Refresh: "refresh", "Read everything anew, now";
    /// Stop reading, or go on.
    Pause: "pause", "Stop reading from the server, or go on";
    /// Look back, by one change.
    ChangeBack: "back", "Look back at how things were before the last change";
    /// Go forward again, by one change.
    ChangeForward: "forward", "While looking back: on to the next change";
    /// Look back, by a minute.
    MinuteBack: "minute back", "Look back a minute further";
    /// Go forward again, by a minute.
    MinuteForward: "minute on", "While looking back: a minute on";
    /// Look at what is now.
    Now: "now", "Return to what is now";
    /// Show the servers' history, or what is now again.
    History: "history", "Search the server's history; from there back to what is now";
    /// Show or hide the details.
    ToggleDetails: "details", "Show or hide the details";
    /// Give the details the whole screen, or back.
    Zoom: "zoom", "Give the details the whole screen, or back";
    /// The panels in another place.
    Arrange: "panels", "Details below, beside the list, on the whole screen, or not at all";
    /// More room for the details.
    GrowDetails: "larger", "More room for the details";
    /// Less room for the details.
    ShrinkDetails: "smaller", "Less room for the details";
    /// The next tab.
    NextTab: "next tab", "Next tab of the details";
    /// The tab before.
    PreviousTab: "tab back", "Previous tab of the details";
    /// The tab with every field.
    Overview: "overview", "Overview: every field of the task";
    /// The tab with the family.
    Lineage: "lineage", "Lineage: the whole family";
    /// The tab with the fault.
    Error: "error", "Error: the whole chain of faults";
    /// The tab with the result.
    Result: "result", "Result: what the task returned";
    /// The tab with the events.
    Events: "events", "Events: what the server noted down about the task";
    /// The tab with what the server sent.
    Json: "JSON", "JSON: all that the server sent";
    /// Copy what the tab is about.
    Copy: "copy", "Copy the error, result or JSON shown; elsewhere the task's id";
    /// Choose what to copy.
    CopyMenu: "copy…", "Choose what to copy: id, error, result, JSON, curl command";
    /// Write the rows to a file.
    Export: "write", "Write the rows shown to a file: CSV, JSON or Markdown";
    /// Go ahead with what is chosen.
    Accept: "choose", "Go ahead with what is chosen";
    /// Leave without doing anything.
    Dismiss: "close", "Close, doing nothing";
    /// Yes.
    Yes: "yes", "Yes, ask the server to cancel";
    /// No.
    No: "no", "No, leave it alone";
    /// The other button.
    Switch: "switch", "Go to the other button";
    /// Complete the word.
    Complete: "complete", "Complete the word: names, and values that are there";
    /// The completion before.
    CompleteBack: "back", "The completion before";
    /// What was typed before.
    Older: "typed before", "What was typed before";
    /// What was typed after that.
    Newer: "typed after", "What was typed after that";
    /// Empty the line.
    ClearLine: "clear", "Empty the line";
    /// Find an action by its name.
    Palette: "commands", "Find a command by a few letters of its name";
    /// Show the keys.
    Help: "help", "Show the keys";
    /// Show all tasks in numbers.
    Summary: "summary", "Summary: counts by operation and account, longest running, latest failures";
    /// The next section.
    NextSection: "next section", "Next section of the summary";
    /// The section before.
    PreviousSection: "section back", "Previous section of the summary";
    /// Show past notifications.
    Notices: "notices", "Show the notices of this session";
    /// Show the metrics of vtask's own running.
    Figures: "figures", "Show what vtask itself costs: requests, bytes, frames, latencies";
    /// Draw the screen from scratch.
    Redraw: "redraw", "Draw the whole screen anew";
    /// Give the terminal back to the shell for a while.
    Suspend: "suspend", "Suspend (resume with fg)";
    /// Leave.
    Quit: "quit", "Sign out and quit";
    /// Leave at once.
    Interrupt: "quit", "Sign out and quit, from anywhere";
}
