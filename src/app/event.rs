//! Events that change the screen's state, and the effects that result.

use crossterm::event::{KeyEvent, MouseEvent};

use super::{options::Background, playback::PlaybackCommand};
use crate::{
    task::{FinishedTask, ServerId, StatusCounts},
    watch::{Command, Update},
};

/// Input of [`update`](super::update).
#[derive(Debug)]
pub enum Event {
    Key(KeyEvent),
    Paste(String),
    Mouse(MouseEvent),
    Resize {
        width: u16,
        height: u16,
    },
    ServerUpdate(ServerId, Update),
    Background(Background),
    Tick,
    Resumed,
    /// The terminal gained the focus.
    FocusGained,
    FocusLost,
}

/// A side effect requested by [`update`](super::update).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Draw the parts that changed.
    Draw,
    /// Redraw everything, as after other programs wrote to the terminal.
    Redraw,
    /// Send a command to a server's fetch loop.
    Send(ServerId, Command),
    /// Copy a text to the clipboard.
    Copy(String),
    /// Notify the user of a finished task.
    Notify(FinishedTask),
    /// Show the task counts in the window title.
    ShowCounts(StatusCounts),
    /// Append a filter to the filter history file.
    SaveFilterHistory(String),
    /// Save or delete a named filter.
    SaveNamedFilter {
        name: String,
        /// The filter; `None` to delete it.
        filter: Option<String>,
    },
    /// Write a new file; fails if it exists.
    WriteFile {
        path: String,
        text: String,
        /// Description of the contents, for the notification.
        what: String,
    },
    /// Control the playback of a record.
    Playback(PlaybackCommand),
    /// Restore the terminal and stop the process until it is resumed.
    Suspend,
    Quit(ExitReason),
}

/// Reason for closing the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// The user pressed `q`.
    Quit,
    /// Ctrl-C or SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The terminal was closed.
    TerminalLost,
    /// Another thread panicked; the report is on the terminal already.
    Panicked,
}
