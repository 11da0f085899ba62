//! Keys, mouse and sizes, from a thread of their own.
//!
//! When a terminal goes away, reading from it may never come back (the reader asks again for ever). On a thread of
//! its own that holds nobody up, and a second one waits for just that: the hang-up.

use std::{io, thread};

use crossterm::event::{Event, read};
use futures_util::{Stream, stream};
use tokio::sync::mpsc;

/// How many events may wait for the screen.
const AHEAD: usize = 1024;

/// What comes from the terminal; ends when the terminal is gone.
///
/// # Errors
/// When the system gives no thread.
pub fn input() -> io::Result<impl Stream<Item = io::Result<Event>> + Unpin> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let hung_up = sender.clone();
    thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || {
            loop {
                let event = read();
                let is_end = event.is_err();
                if sender.blocking_send(event).is_err() || is_end {
                    break;
                }
            }
        })?;
    #[cfg(unix)]
    thread::Builder::new()
        .name("hang-up".to_owned())
        .spawn(move || {
            if wait_for_hang_up().is_ok() {
                let gone = io::Error::from(io::ErrorKind::BrokenPipe);
                // The screen may have ended before.
                let _ = hung_up.blocking_send(Err(gone));
            }
        })?;
    #[cfg(not(unix))]
    drop(hung_up);
    Ok(Box::pin(stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|event| (event, receiver))
    })))
}

/// Waits until nobody holds the other end of the terminal any more.
#[cfg(unix)]
fn wait_for_hang_up() -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    let out = io::stdout();
    loop {
        // No flags: hang-up and errors are told without being asked for.
        let mut watched = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) if !watched[0].revents().is_empty() => return Ok(()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
