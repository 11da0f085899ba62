//! The bytes of one connection, and the means to break it: at any byte, by a reset or by an ordinary end.

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

use crate::simulator::faults::CloseMode;

/// More bytes than any connection carries: it is not to be cut.
const UNCUT: u64 = u64::MAX;

/// A handle on a connection, for whoever wants it to break. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<Link>);

#[derive(Debug)]
struct Link {
    /// How many bytes may still be written.
    allowed: AtomicU64,
    resets: AtomicBool,
}

impl Connection {
    /// The connection breaks when so many more bytes have been written to it.
    pub(crate) fn cut(&self, how: CloseMode, after: u64) {
        self.0
            .resets
            .store(how == CloseMode::Reset, Ordering::SeqCst);
        self.0.allowed.store(after, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.0.allowed.load(Ordering::SeqCst) == 0
    }
}

/// A TCP connection that can be made to break.
pub(crate) struct BreakableStream {
    stream: TcpStream,
    connection: Connection,
    /// Ends with the server's process, as it were.
    killed: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl BreakableStream {
    /// A connection that breaks when `life` ends, or when it is cut.
    pub(crate) fn new(stream: TcpStream, life: CancellationToken) -> Self {
        // Slower without, but right.
        let _delay_is_only_slower = stream.set_nodelay(true);
        let link = Link {
            allowed: AtomicU64::new(UNCUT),
            resets: AtomicBool::new(false),
        };
        Self {
            stream,
            connection: Connection(Arc::new(link)),
            killed: Box::pin(life.cancelled_owned()),
        }
    }

    /// The handle on it.
    pub(crate) fn connection(&self) -> Connection {
        self.connection.clone()
    }

    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.connection.is_cut() || self.killed.as_mut().poll(context).is_ready()
    }
}

impl fmt::Debug for BreakableStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

fn over<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return over();
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
        if self.is_over(context) {
            return over();
        }
        let allowed = self.connection.0.allowed.load(Ordering::SeqCst);
        if allowed == UNCUT {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        let most = usize::try_from(allowed).map_or(bytes.len(), |most| most.min(bytes.len()));
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..most]))?;
        let left = allowed.saturating_sub(written as u64);
        self.connection.0.allowed.store(left, Ordering::SeqCst);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return over();
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for BreakableStream {
    fn drop(&mut self) {
        if self.connection.0.resets.load(Ordering::SeqCst) {
            // Without it the connection ends in the ordinary way.
            let _then_by_fin = self.stream.set_zero_linger();
        }
    }
}
