//! Accepts connections with TLS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Limit on the time of a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of handshakes at the same time; further connections wait.
const MAX_HANDSHAKES: usize = 64;
/// Pause after a failed accept, which usually means that there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Connection = (TlsStream<TcpStream>, SocketAddr);

/// A listener that returns connections after their handshake. A slow client does not delay the others.
#[derive(Debug)]
pub(super) struct TlsListener {
    listener: TcpListener,
    config: Arc<ServerConfig>,
    handshakes: JoinSet<Option<Connection>>,
}

impl TlsListener {
    pub(super) fn new(listener: TcpListener, config: Arc<ServerConfig>) -> Self {
        Self {
            listener,
            config,
            handshakes: JoinSet::new(),
        }
    }

    fn begin_handshake(&mut self, stream: TcpStream, address: SocketAddr) {
        let acceptor = TlsAcceptor::from(self.config.clone());
        self.handshakes.spawn(async move {
            let accepted = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await;
            Some((accepted.ok()?.ok()?, address))
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        loop {
            tokio::select! {
                Some(finished) = self.handshakes.join_next() => {
                    if let Ok(Some(connection)) = finished {
                        return connection;
                    }
                }
                accepted = self.listener.accept(), if self.handshakes.len() < MAX_HANDSHAKES => {
                    match accepted {
                        Ok((stream, address)) => self.begin_handshake(stream, address),
                        Err(_) => sleep(ACCEPT_PAUSE).await,
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
