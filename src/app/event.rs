//! What happens to the screen, and what it wants done.

use crossterm::event::{KeyEvent, MouseEvent};

use super::options::Background;
use crate::{
    task::EndpointId,
    watch::{Command, Update},
};

/// What happens to the screen.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size now.
    Resize {
        /// Columns.
        width: u16,
        /// Lines.
        height: u16,
    },
    /// News from an endpoint.
    News(EndpointId, Update),
    /// The terminal told its background.
    Background(Background),
    /// A moment came at which something that is shown changes by itself.
    Tick,
    /// The program runs again after it was suspended.
    Resumed,
}

/// What the screen wants done; it does nothing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Draw what changed.
    Draw,
    /// Draw everything from scratch: something else may have written to the terminal.
    Redraw,
    /// Tell an endpoint's fetch loop.
    Send(EndpointId, Command),
    /// Put a text on the clipboard.
    Copy(String),
    /// Remember a filter for the next run.
    Remember(String),
    /// Keep a filter under a name, or forget the one of that name.
    Keep {
        /// The name.
        name: String,
        /// The filter; none to forget it.
        filter: Option<String>,
    },
    /// Write a file that is not there yet.
    Save {
        /// Its name.
        path: String,
        /// What goes in.
        text: String,
        /// What that is, for people.
        what: String,
    },
    /// Give the terminal back and stop, until resumed.
    Suspend,
    /// End.
    Leave(ExitReason),
}

/// Why the screen ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// Asked for, by `q`.
    Quit,
    /// Ctrl-C, or SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The terminal went away.
    TerminalLost,
    /// Another thread panicked; its report is on the terminal already.
    Panicked,
}
