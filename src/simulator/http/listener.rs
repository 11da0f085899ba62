//! Accepts connections, plain or with TLS, and applies connection faults.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use super::stream::{BreakableStream, Connection};
use crate::fault_injection::FaultEffect;
use crate::server::ServerCore;

/// Limit on the TLS handshake, after which the connection is closed.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

const BACKLOG: u32 = 1024;

/// Duration of a stall without a limit of its own.
const DEFAULT_STALL: Duration = Duration::from_secs(300);

/// Endpoint name of connections in fault rules.
const CONNECT_ENDPOINT: &str = "connect";

/// A connection as axum reads and writes it.
type ClientStream = Either<BreakableStream, TlsStream<BreakableStream>>;

/// Accepts connections and runs each handshake in its own task, so that a slow client does not delay the others.
#[derive(Debug)]
pub(crate) struct ControlledListener {
    ready: mpsc::Receiver<(ClientStream, Connection)>,
}

impl ControlledListener {
    /// Starts to accept connections, until the server stops.
    pub(crate) fn open(listener: TcpListener, server: Arc<ServerCore>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            let stop = server.stop.clone();
            stop.run_until_cancelled(accept_loop(listener, address, server, sender))
                .await
        });
        Ok(Self { ready })
    }
}

async fn accept_loop(
    mut listener: TcpListener,
    address: SocketAddr,
    server: Arc<ServerCore>,
    sender: mpsc::Sender<(ClientStream, Connection)>,
) {
    let control = &server.listener_control;
    loop {
        let accepted = tokio::select! {
            biased;
            duration = control.close_requested() => {
                drop(listener);
                listener = reopen(address, duration).await;
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Probably out of file descriptors: wait until others are closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let break_token = control.connection_token();
        let (server, sender) = (server.clone(), sender.clone());
        tokio::spawn(async move {
            if let Some(stream) = handshake(stream, break_token, &server).await {
                // Fails only when the server is stopping.
                let _stopping = sender.send(stream).await;
            }
        });
    }
}

/// Returns a new listener on `address` after `duration`. Until then the address is bound but not listened on, so that
/// connections are refused and no other process can take it.
async fn reopen(address: SocketAddr, duration: Duration) -> TcpListener {
    const BIND_RETRY: Duration = Duration::from_millis(20);
    let socket = loop {
        match bind(address) {
            Ok(socket) => break socket,
            Err(_taken) => tokio::time::sleep(BIND_RETRY).await,
        }
    };
    tokio::time::sleep(duration).await;
    let mut socket = Some(socket);
    loop {
        let socket = match socket.take() {
            Some(socket) => Ok(socket),
            None => bind(address),
        };
        match socket.and_then(|socket| socket.listen(BACKLOG)) {
            Ok(listener) => return listener,
            Err(_taken) => tokio::time::sleep(BIND_RETRY).await,
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
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
    break_token: CancellationToken,
    server: &ServerCore,
) -> Option<(ClientStream, Connection)> {
    let stream = BreakableStream::new(stream, break_token.clone());
    let connection = stream.connection();
    for effect in server
        .faults
        .effects_for(CONNECT_ENDPOINT, server.real_time())
    {
        match effect {
            FaultEffect::Delay(duration) => tokio::time::sleep(server.faults.draw(duration)).await,
            FaultEffect::Cut { how, .. } => {
                connection.cut(how, 0);
                return None;
            }
            // Longer than any client waits.
            FaultEffect::Stall { time, .. } => {
                let duration = time.map_or(DEFAULT_STALL, |duration| server.faults.draw(duration));
                break_token
                    .run_until_cancelled(tokio::time::sleep(duration))
                    .await?;
            }
            _ => {}
        }
    }
    let certificate = server.listener_control.certificate();
    let stream = match certificate {
        None => Either::Left(stream),
        Some(certificate) => {
            let acceptor = TlsAcceptor::from(certificate.config());
            let secured = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await;
            Either::Right(secured.ok()?.ok()?)
        }
    };
    Some((stream, connection))
}

impl Listener for ControlledListener {
    type Io = ClientStream;
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
