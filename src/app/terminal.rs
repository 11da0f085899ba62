//! The terminal while it is ours: raw, on its second screen, with the mouse; and given back whatever happens.
//!
//! It is given back when the [`Session`] is dropped, when the process is suspended, and when any thread panics, before
//! the panic's report is printed.

use std::{
    io::{self, Write},
    panic,
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::Show,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute,
    style::Print,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use tokio::sync::Notify;

use super::{background::QUESTION, run::Host};

/// Whether the terminal is in our hands; it must be given back once, by whoever comes first.
static OURS: AtomicBool = AtomicBool::new(false);
/// Wakes the run loop after a panic elsewhere.
static PANICKED: Notify = Notify::const_new();

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Session(());

impl Session {
    /// Takes the terminal over, and sees to it that a panic gives it back.
    ///
    /// # Errors
    /// When there is no terminal, or it does not obey.
    pub fn enter() -> io::Result<Self> {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                PANICKED.notify_one();
                report(info);
            }));
        });
        take_over()?;
        Ok(Self(()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        give_back();
    }
}

impl Host for Session {
    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<bool> {
        use rustix::process::{Signal, getpid, getsid, kill_current_process_group};

        // Without a shell above nobody could resume it.
        if getsid(None)? == getpid() {
            return Ok(false);
        }
        give_back();
        // The whole group, as the terminal itself does it: whatever started this program is to stop, too.
        kill_current_process_group(Signal::STOP)?;
        take_over()?;
        Ok(true)
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn ask_background(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Print(QUESTION))
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    fn retake(&mut self) -> io::Result<()> {
        take_over()
    }

    async fn panicked(&self) {
        PANICKED.notified().await;
    }
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

/// Errors are of no use here: there is nobody left to tell.
fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}
