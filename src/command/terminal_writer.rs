//! Standard output below the screen: a frame goes out in one piece, and what is told besides never into its middle.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// A handle on standard output that keeps what is written until it is flushed. Clones keep for themselves.
#[derive(Debug, Default)]
pub(super) struct TerminalWriter {
    kept: Vec<u8>,
    /// Whose turn it is to write, and whether nothing more is to be told.
    turn: Arc<Mutex<bool>>,
}

impl Clone for TerminalWriter {
    fn clone(&self) -> Self {
        Self {
            kept: Vec::new(),
            turn: self.turn.clone(),
        }
    }
}

impl TerminalWriter {
    /// Writes a text before or after a frame, never within one. A terminal that is gone is noticed by the screen.
    pub(super) fn write_between_frames(&self, text: &str) {
        self.tell(text, false);
    }

    /// The last text that is told.
    pub(super) fn last(&self, text: &str) {
        self.tell(text, true);
    }

    fn tell(&self, text: &str, is_last: bool) {
        let mut is_over = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_over && !text.is_empty() {
            let _ = write_out(text.as_bytes());
        }
        *is_over |= is_last;
    }
}

impl Write for TerminalWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let kept = std::mem::take(&mut self.kept);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let written = write_out(&kept);
        self.kept = kept;
        self.kept.clear();
        written
    }
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
