//! A relay of TCP connections that can be made half open: they stay established, and nothing arrives any more.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use vtask::simulator::Simulator;

/// Ends when it is dropped.
pub(crate) struct TcpRelay {
    pub(crate) url: String,
    /// Number of the connections that relay nothing.
    frozen: watch::Sender<usize>,
    accepted: Arc<AtomicUsize>,
    relaying: JoinHandle<()>,
}

impl Drop for TcpRelay {
    fn drop(&mut self) {
        self.relaying.abort();
    }
}

impl TcpRelay {
    pub(crate) async fn start(simulator: &Simulator) -> Self {
        let server = simulator.address();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (frozen, freezing) = watch::channel(0);
        let accepted = Arc::<AtomicUsize>::default();
        let counter = accepted.clone();
        let relaying = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let mut freezing = freezing.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let freezing = async {
                        let _ = freezing.wait_for(|frozen| number < *frozen).await;
                    };
                    let is_open = tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => false,
                        () = freezing => true,
                    };
                    if is_open {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self {
            url,
            frozen,
            accepted,
            relaying,
        }
    }

    /// Makes the present connections half open. New ones are relayed.
    pub(crate) fn freeze(&self) {
        let accepted = self.accepted.load(Ordering::Relaxed);
        self.frozen.send_replace(accepted);
    }
}
