//! The screen's state and how it changes.
//!
//! [`update`] is pure: an event and a moment go in, the state changes, and what is to be done outside comes back as
//! [`Effect`]s. Drawing is pure too (see [`ui`](crate::ui)). Only [`run`] and [`terminal`] touch the world.

mod action;
mod arrangement;
mod background;
pub mod cancel;
mod clip;
mod columns;
mod cursor;
mod desk;
mod errand;
mod event;
mod filters;
#[cfg(test)]
pub(crate) mod fixture;
mod follow;
mod geometry;
mod history;
mod input;
mod inspector;
mod keymap;
mod line_edit;
pub mod memory;
pub mod named;
mod notices;
mod options;
mod outlook;
mod palette;
mod past;
mod run;
mod saved;
mod server;
mod signals;
mod state;
mod summary;
pub mod terminal;
mod terminal_size;
mod tick;
mod update;

pub use action::Action;
pub use arrangement::{Arrangement, Placement, Side};
pub use clip::Clip;
pub use columns::{
    Breadth, Column, ColumnChoice, ColumnEditor, ColumnEntry, ColumnSet, Columns, NoColumns, Placed,
};
pub use cursor::Cursor;
pub use event::{Effect, Event, Exit};
pub use filters::{Clocks, FilterTyping, Offer};
pub use geometry::Areas;
pub use history::{History, Search, Stage};
pub use input::input;
pub use inspector::{Button, Inspector};
pub use keymap::{Binding, Context, Key, Keymap, KeymapError};
pub use line_edit::LineEdit;
pub use notices::{Gravity, Notice, Notices};
pub use options::{Background, Clipboard, ColorDepth, Options, ThemeChoice, Themes};
pub use outlook::{Outlook, Outlooks};
pub use palette::{Found, Palette};
pub use past::Past;
pub use run::{Clock, Endpoint, Host, Inlets, StartError, run};
pub use saved::{SavedEntry, entries as saved_filters};
pub use server::Server;
pub use signals::{Signal, signals};
pub use state::{Details, Drawn, Focus, Overlay, Panes, Prompt, Purpose, State, Tab, Target};
pub use summary::{Entry, Part, Section, Subject, Summing};
pub use terminal_size::{SizedBackend, terminal_size};
pub use tick::next_tick;
pub use update::{may_ask, update, verdict};
