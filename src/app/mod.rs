//! State of the full-screen program and its update function.
//!
//! [`update`] does no I/O: it takes an [`Event`] and the current time, changes the [`AppState`], and returns
//! [`Effect`]s for the event loop in `tui` to carry out. Drawing is in `ui`.

mod action;
mod added_tasks;
mod away_report;
mod click_targets;
mod columns;
mod copy_item;
mod event;
pub mod filter_history;
mod finish_notifications;
mod insight;
mod keymap;
pub mod last_seen_times;
mod lineage;
mod notification_log;
mod options;
mod pane_layout;
mod panes;
mod playback;
mod popups;
pub mod progress_curve_file;
mod redraw_timer;
pub mod saved_filter_file;
mod screen;
mod screen_layout;
mod scroll;
mod selection;
mod server_state;
mod state;
#[cfg(test)]
pub(crate) mod test_support;
mod text_input;
mod update;
mod views;

pub use action::Action;
pub use away_report::{AwayPeriod, AwayTracker};
pub use click_targets::{ClickTarget, FrameMap};
pub use columns::{
    Column, ColumnArea, ColumnSet, ColumnSpec, Columns, ParseColumnsError, WidthClass, WidthRange,
};
pub use copy_item::CopyItem;
pub use event::{Effect, Event, ExitReason};
pub use finish_notifications::{FinishTracker, Notifier};
pub use insight::{InsightCache, TaskInsight};
pub use keymap::{Binding, Context, Key, Keymap, KeymapError};
pub use lineage::{LineageEntry, LineageRow, lineage};
pub use notification_log::{Notification, Notifications, Severity};
pub use options::{Background, Clipboard, ColorDepth, Options, ThemeChoice, Themes};
pub use pane_layout::{DetailsPosition, PaneLayout, Side};
pub use panes::{Focus, PaneMode, Tab};
pub use playback::{Playback, PlaybackCommand, PlaybackState, SeekTarget};
pub use popups::{
    Button, CancelDialog, CancelMarked, ColumnEditor, ColumnEntry, CommandPalette, CompletionList,
    CopyMenu, FilterMenu, FilterMenuEntries, FilterMenuEntry, FilterPrompt, HelpPopup, MarkedTask,
    PaletteMatch, Popup, Prompt, PromptKind, SortMenu, TextPopup, eligibility, refusal,
};
pub use redraw_timer::next_redraw;
pub use screen::Screen;
pub use screen_layout::{ScreenLayout, take_bottom, take_top};
pub use selection::Selection;
pub use server_state::{ServerClocks, ServerState};
pub use state::AppState;
pub use text_input::TextInput;
pub use update::{
    look_back::{look_back, return_to_now},
    playback_position::{arrive_at_position, restart_playback},
    update,
};
pub use views::{
    HistorySearch, HistoryView, SearchState, TaskView, Views,
    summary_page::{RowSubject, Section, SectionKind, SummaryPage, SummaryRow},
    timeline::{ExpectedEnd, TimeWindow, Timeline, TimelineLayout},
};
