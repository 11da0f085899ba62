//! Accepts connections, plain or with TLS, and applies connection faults.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use super::stream::{BreakableStream, Connection};
use super::tls::ServerCertificate;
use crate::simulator::faults::FaultEffect;
use crate::simulator::server::ServerCore;

/// Limit on the TLS handshake, after which the connection is closed.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

const BACKLOG: u32 = 1024;

/// Duration of a stall without a limit of its own.
const MAX_HOLD: Duration = Duration::from_secs(300);

/// Endpoint name of connections in fault rules.
const CONNECT: &str = "connect";

/// A connection as axum reads and writes it.
type Pipe = Either<BreakableStream, TlsStream<BreakableStream>>;

/// Commands for a running listener: close, break connections, change the certificate.
#[derive(Debug)]
pub(crate) struct ListenerControl {
    identity: Mutex<Option<ServerCertificate>>,
    /// Cancelled to break the open connections.
    life: Mutex<CancellationToken>,
    /// Requested duration of a closed listener.
    closing: Mutex<Option<Duration>>,
    close: Notify,
    accepted: AtomicU64,
}

impl ListenerControl {
    /// Creates a control for a listener with this certificate, or for plain HTTP.
    pub(crate) fn new(identity: Option<ServerCertificate>) -> Self {
        Self {
            identity: Mutex::new(identity),
            life: Mutex::default(),
            closing: Mutex::default(),
            close: Notify::new(),
            accepted: AtomicU64::new(0),
        }
    }

    /// Breaks all connections and refuses new ones for `span`.
    pub(crate) fn close_for(&self, span: Duration) {
        *locked(&self.closing) = Some(span);
        self.close.notify_one();
        self.break_all();
    }

    pub(crate) fn break_all(&self) {
        std::mem::take(&mut *locked(&self.life)).cancel();
    }

    /// Uses another certificate for new connections.
    pub(crate) fn show(&self, identity: ServerCertificate) {
        *locked(&self.identity) = Some(identity);
    }

    pub(crate) fn identity(&self) -> Option<ServerCertificate> {
        locked(&self.identity).clone()
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Waits for a request to close the listener.
    async fn closing(&self) -> Duration {
        loop {
            if let Some(span) = locked(&self.closing).take() {
                return span;
            }
            self.close.notified().await;
        }
    }
}

fn locked<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections and runs each handshake in its own task, so that a slow client does not delay the others.
#[derive(Debug)]
pub(crate) struct ControlledListener {
    ready: mpsc::Receiver<(Pipe, Connection)>,
}

impl ControlledListener {
    /// Starts to accept connections, until the server stops.
    pub(crate) fn open(listener: TcpListener, running: Arc<ServerCore>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            let stop = running.stop.clone();
            stop.run_until_cancelled(keep(listener, address, running, sender))
                .await
        });
        Ok(Self { ready })
    }
}

async fn keep(
    mut listener: TcpListener,
    address: SocketAddr,
    running: Arc<ServerCore>,
    sender: mpsc::Sender<(Pipe, Connection)>,
) {
    let gate = &running.gate;
    loop {
        let accepted = tokio::select! {
            biased;
            span = gate.closing() => {
                drop(listener);
                listener = reopened(address, span).await;
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Probably out of file descriptors: wait until others are closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        gate.accepted.fetch_add(1, Ordering::SeqCst);
        let life = locked(&gate.life).clone();
        let (running, sender) = (running.clone(), sender.clone());
        tokio::spawn(async move {
            if let Some(pipe) = handshake(stream, life, &running).await {
                // Fails only when the server is stopping.
                let _stopping = sender.send(pipe).await;
            }
        });
    }
}

/// Returns a new listener on `address` after `span`. Until then the address is bound but not listened on, so that
/// connections are refused and no other process can take it.
async fn reopened(address: SocketAddr, span: Duration) -> TcpListener {
    const ACCEPT_RETRY: Duration = Duration::from_millis(20);
    let held = loop {
        match hold(address) {
            Ok(socket) => break socket,
            Err(_taken) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    };
    tokio::time::sleep(span).await;
    let mut held = Some(held);
    loop {
        let socket = match held.take() {
            Some(socket) => Ok(socket),
            None => hold(address),
        };
        match socket.and_then(|socket| socket.listen(BACKLOG)) {
            Ok(listener) => return listener,
            Err(_taken) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Applies the connection faults and runs the TLS handshake.
async fn handshake(
    stream: TcpStream,
    life: CancellationToken,
    running: &ServerCore,
) -> Option<(Pipe, Connection)> {
    let wire = BreakableStream::new(stream, life.clone());
    let connection = wire.connection();
    for effect in running.faults.effects_for(CONNECT, running.real_time()) {
        match effect {
            FaultEffect::Delay(span) => tokio::time::sleep(running.faults.draw(span)).await,
            FaultEffect::Cut { how, .. } => {
                connection.cut(how, 0);
                return None;
            }
            // Longer than any client waits.
            FaultEffect::Stall { time, .. } => {
                let span = time.map_or(MAX_HOLD, |span| running.faults.draw(span));
                life.run_until_cancelled(tokio::time::sleep(span)).await?;
            }
            _ => {}
        }
    }
    let identity = running.gate.identity();
    let pipe = match identity {
        None => Either::Left(wire),
        Some(identity) => {
            let acceptor = TlsAcceptor::from(identity.config());
            let secured = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(wire)).await;
            Either::Right(secured.ok()?.ok()?)
        }
    };
    Some((pipe, connection))
}

impl Listener for ControlledListener {
    type Io = Pipe;
    type Addr = Connection;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The server is stopping.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, ControlledListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, ControlledListener>) -> Self {
        stream.remote_addr().clone()
    }
}
