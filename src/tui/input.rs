//! Input events, read on a dedicated thread.
//!
//! Once the terminal is gone, crossterm's `read` may never return. On its own thread that blocks nothing, and a second
//! thread waits for the hang-up.

use std::{io, thread};

use crossterm::event::{Event, read};
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

const INPUT_QUEUE: usize = 1024;

/// Returns the input events; the stream ends when the terminal is gone.
///
/// # Errors
/// If a thread cannot be started.
pub fn input() -> io::Result<BoxStream<'static, io::Result<Event>>> {
    let (sender, receiver) = mpsc::channel(INPUT_QUEUE);
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
                // The screen may have ended already.
                let _ = hung_up.blocking_send(Err(gone));
            }
        })?;
    #[cfg(not(unix))]
    drop(hung_up);
    Ok(Box::pin(stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|event| (event, receiver))
    })))
}

/// Blocks until the other end of the terminal is closed.
#[cfg(unix)]
fn wait_for_hang_up() -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    let out = io::stdout();
    loop {
        // No flags: POLLHUP and POLLERR are always reported.
        let mut watched = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) if !watched[0].revents().is_empty() => return Ok(()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
