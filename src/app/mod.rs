//! The screen's state and how it changes.
//!
//! [`update`] is pure: an event and a moment go in, the state changes, and what is to be done outside comes back as
//! [`Effect`]s. Drawing is pure too (see [`ui`](crate::ui)). Only [`run`] and [`terminal`] touch the world.

mod action;
mod background_job;
mod background_query;
pub mod cancel;
mod cancel_dialog;
mod clipboard;
mod columns;
mod command_palette;
mod detail_subscription;
mod event;
mod event_loop;
pub mod filter_history;
mod filter_menu;
mod filter_prompt;
mod history;
mod input;
mod insight;
mod keymap;
mod layout;
mod notifications;
mod options;
mod pane_split;
mod redraw_timer;
pub mod saved_filter_file;
mod selection;
mod server_state;
mod signals;
mod state;
mod summary_page;
mod task_view;
pub mod terminal;
mod terminal_size;
#[cfg(test)]
pub(crate) mod test_support;
mod text_input;
mod time_travel;
mod update;

pub use action::Action;
pub use cancel_dialog::{Button, CancelDialog};
pub use clipboard::CopyItem;
pub use columns::{
    Column, ColumnArea, ColumnEditor, ColumnEntry, ColumnSet, ColumnSpec, Columns,
    ParseColumnsError, WidthClass,
};
pub use command_palette::{CommandPalette, PaletteMatch};
pub use event::{Effect, Event, ExitReason};
pub use event_loop::{Clock, Endpoint, EventSources, StartError, TerminalHost, run};
pub use filter_menu::{FilterMenuEntry, entries as saved_filters};
pub use filter_prompt::{CompletionList, FilterPrompt, ServerClocks};
pub use history::{HistorySearch, HistoryView, SearchState};
pub use input::input;
pub use insight::{InsightCache, TaskInsight};
pub use keymap::{Binding, Context, Key, Keymap, KeymapError};
pub use layout::ScreenLayout;
pub use notifications::{Notification, Notifications, Severity};
pub use options::{Background, Clipboard, ColorDepth, Options, ThemeChoice, Themes};
pub use pane_split::{DetailsPosition, PaneSplit, Side};
pub use redraw_timer::next_redraw;
pub use selection::Selection;
pub use server_state::ServerState;
pub use signals::{Signal, signals};
pub use state::{
    AppState, ClickTarget, Details, Focus, FrameMap, PaneMode, Popup, Prompt, PromptKind, Tab,
};
pub use summary_page::{Entry, RowSubject, Section, SectionKind, SummaryPage};
pub use terminal_size::{SizedBackend, terminal_size};
pub use text_input::TextInput;
pub use time_travel::TimeTravel;
pub use update::{can_request, eligibility, update};
