//! The event loop of the full-screen program and its access to the terminal.
//!
//! Everything that does I/O for the screen is here: keys, signals, terminal modes, clipboard, background jobs.

mod background_job;
mod background_query;
mod clipboard;
mod event_loop;
mod input;
mod playback;
mod signals;
mod state_files;
mod terminal;
mod terminal_size;

pub use event_loop::{EventSources, TerminalHost, WatchedServer, run};
pub use input::input;
pub use playback::{MAX_SPEED, PlaybackController};
pub use signals::{Signal, StopSignal, signals, stop_signals};
pub use state_files::StateFiles;
pub use terminal::TerminalGuard;
pub use terminal_size::{SizedBackend, terminal_size};
