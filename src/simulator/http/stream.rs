//! A TCP stream that can be broken on demand, after any number of bytes, by a reset or by a normal close.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::fault_injection::CloseMode;

/// Byte limit of a connection that is not to be cut.
const UNLIMITED: u64 = u64::MAX;

/// A handle for breaking a connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<CutState>);

#[derive(Debug)]
struct CutState {
    /// Number of bytes that may still be written.
    allowed: AtomicU64,
    resets: AtomicBool,
}

impl Connection {
    /// Breaks the connection after `after` more bytes are written.
    pub(crate) fn cut(&self, mode: CloseMode, after: u64) {
        self.0
            .resets
            .store(mode == CloseMode::Reset, Ordering::SeqCst);
        self.0.allowed.store(after, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.0.allowed.load(Ordering::SeqCst) == 0
    }
}

/// A TCP stream that can be broken by its [`Connection`].
pub(crate) struct BreakableStream {
    stream: TcpStream,
    connection: Connection,
    /// Completes when the server breaks all its connections.
    break_all: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl BreakableStream {
    /// Wraps a stream that breaks when `break_token` is cancelled or the connection is cut.
    pub(crate) fn new(stream: TcpStream, break_token: CancellationToken) -> Self {
        // A failure only makes it slower.
        let _delay_is_only_slower = stream.set_nodelay(true);
        let state = CutState {
            allowed: AtomicU64::new(UNLIMITED),
            resets: AtomicBool::new(false),
        };
        Self {
            stream,
            connection: Connection(Arc::new(state)),
            break_all: Box::pin(break_token.cancelled_owned()),
        }
    }

    pub(crate) fn connection(&self) -> Connection {
        self.connection.clone()
    }

    fn is_broken(&mut self, context: &mut Context<'_>) -> bool {
        self.connection.is_cut() || self.break_all.as_mut().poll(context).is_ready()
    }
}

impl fmt::Debug for BreakableStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakableStream").finish_non_exhaustive()
    }
}

fn broken<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_broken(context) {
            return broken();
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_broken(context) {
            return broken();
        }
        let allowed = self.connection.0.allowed.load(Ordering::SeqCst);
        if allowed == UNLIMITED {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        let count =
            usize::try_from(allowed).map_or(bytes.len(), |allowed| allowed.min(bytes.len()));
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..count]))?;
        let left = allowed.saturating_sub(written as u64);
        self.connection.0.allowed.store(left, Ordering::SeqCst);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_broken(context) {
            return broken();
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for BreakableStream {
    fn drop(&mut self) {
        if self.connection.0.resets.load(Ordering::SeqCst) {
            // A failure closes the connection normally instead of resetting it.
            let _then_by_fin = self.stream.set_zero_linger();
        }
    }
}
