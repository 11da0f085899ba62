//! Terminal modes: raw mode, alternate screen, mouse capture, bracketed paste, focus reports; restored on every exit.
//!
//! They are restored when the [`TerminalGuard`] is dropped, on suspend, and when any thread panics, before the panic's
//! report is printed.

use std::{
    io::{self, Write},
    panic,
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    cursor::Show,
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
        EnableFocusChange, EnableMouseCapture,
    },
    execute,
    style::Print,
    terminal::{
        Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use tokio::sync::Notify;

use super::{
    background_query::OSC11_QUERY, clipboard::copy_sequence, event_loop::TerminalHost,
    state_files::StateFiles,
};
use crate::app::Notifier;

/// True while the modes are set; they must be restored exactly once.
static IS_ACTIVE: AtomicBool = AtomicBool::new(false);
/// Wakes the event loop after a panic on another thread.
static PANICKED: Notify = Notify::const_new();

/// Restores the terminal modes on drop.
#[derive(Debug)]
pub struct TerminalGuard {
    files: StateFiles,
    notifier: Option<Box<dyn Notifier>>,
}

impl TerminalGuard {
    /// Sets the terminal modes and installs a panic hook that restores them.
    ///
    /// # Errors
    /// If stdout is not a terminal or a mode cannot be set.
    pub fn enter(files: StateFiles, notifier: Option<Box<dyn Notifier>>) -> io::Result<Self> {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                restore_modes();
                PANICKED.notify_one();
                report(info);
            }));
        });
        enter_modes().inspect_err(|_| restore_modes())?;
        Ok(Self { files, notifier })
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore_modes();
    }
}

impl TerminalHost for TerminalGuard {
    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<bool> {
        use rustix::process::{Signal, getpid, getsid, kill_current_process_group};

        // A session leader has no parent shell that could resume it.
        if getsid(None)? == getpid() {
            return Ok(false);
        }
        restore_modes();
        // The whole process group, as the terminal itself does on Ctrl-Z.
        kill_current_process_group(Signal::STOP)?;
        enter_modes()?;
        Ok(true)
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn query_background(&mut self) -> io::Result<()> {
        // A console passes a reply on as typed keys, in a form that differs between its versions.
        if cfg!(windows) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        execute!(io::stdout(), Print(OSC11_QUERY))
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), Print(copy_sequence(text)))
    }

    fn files(&self) -> &StateFiles {
        &self.files
    }

    fn notifier(&mut self) -> Option<&mut dyn Notifier> {
        self.notifier.as_deref_mut().map(|notifier| notifier as _)
    }

    fn resume(&mut self) -> io::Result<()> {
        enter_modes()
    }

    async fn panicked(&self) {
        PANICKED.notified().await;
    }
}

fn enter_modes() -> io::Result<()> {
    enable_raw_mode()?;
    IS_ACTIVE.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableFocusChange
    )?;
    // Windows consoles remove the brackets, and Windows Terminal would no longer warn of pasted lines.
    if cfg!(not(windows)) {
        execute!(io::stdout(), EnableBracketedPaste)?;
    }
    Ok(())
}

/// Ignores errors: there is no way left to report them.
fn restore_modes() {
    if !IS_ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // tmux 3.3 would keep rows of an alternate screen that has been enlarged.
    let _ = execute!(
        out,
        DisableFocusChange,
        DisableBracketedPaste,
        DisableMouseCapture,
        Clear(ClearType::All),
        LeaveAlternateScreen,
        Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}
