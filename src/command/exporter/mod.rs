//! `vtask exporter`: serves metrics of tasks to Prometheus.

mod label_limit;
mod metrics;
mod stall_times;
mod web;

use std::net::SocketAddr;

use clap::Args;
use tokio::{net::TcpListener, sync::mpsc};

use self::{
    metrics::{ServerState, TaskMetrics},
    web::{Answer, Request, RequestKind},
};
use super::{
    CommandError, Outcome,
    follow::{self, Change, Consumer, FollowArgs, Server, ServerSource},
    io_context::CommandIo,
};
use crate::config::ConnectionArgs;

/// Maximum number of requests that wait for an answer.
const REQUESTS_AHEAD: usize = 16;

/// Serve metrics of tasks to Prometheus
#[derive(Debug, Clone, Args)]
pub struct ExporterArgs {
    #[command(flatten)]
    follow: FollowArgs,

    /// Address and port to listen on
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "VTASK_LISTEN",
        default_value = "127.0.0.1:9788"
    )]
    listen: SocketAddr,
}

/// Runs `vtask exporter`.
///
/// # Errors
/// Fails on wrong usage, without a connection, if the address cannot be used, and when it is interrupted.
pub async fn run(
    args: &ExporterArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let source = ServerSource::new(&args.follow, connection, io);
    let servers = source.first(io).await?;
    let listen = args.listen;
    let unusable =
        |error| CommandError::Usage(format!("cannot listen on {listen}: {error}. Try --listen."));
    let listener = TcpListener::bind(listen).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    io.say(&format!("serving http://{address}/metrics"));
    let (sender, requests) = mpsc::channel(REQUESTS_AHEAD);
    let serving = tokio::spawn(web::serve(listener, sender));
    let mut exporter = Exporter {
        metrics: TaskMetrics::new(),
        requests,
        request: None,
        is_scraped: true,
    };
    let followed = follow::follow(&source, servers, &mut exporter, io).await;
    serving.abort();
    followed
}

/// The metrics and the requests for them.
struct Exporter {
    metrics: TaskMetrics,
    requests: mpsc::Receiver<Request>,
    /// The request to answer next.
    request: Option<Request>,
    /// True if no task was counted since the last scrape.
    is_scraped: bool,
}

impl Exporter {
    fn scrape(&mut self, servers: &[Server]) {
        self.metrics.clear();
        for server in servers {
            self.metrics.set(&ServerState {
                vcenter: &server.label,
                store: &server.snapshot.store,
                now: server.snapshot.now,
                is_up: server.links.link().is_current(),
                requests: server.traffic.counts(),
            });
        }
    }
}

impl Consumer for Exporter {
    // After a restart of Prometheus' target, its counters begin with zero.
    const WITH_EARLIER: bool = false;
    const READS_ENTITY_STATES: bool = true;

    fn deliver(
        &mut self,
        server: &Server,
        changes: &[Change],
        _io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let (store, now) = (&server.snapshot.store, server.snapshot.now);
        for change in changes {
            self.is_scraped &= !change.is_end;
            let metrics = &mut self.metrics;
            metrics.count(&server.label, store, change.handle, change.is_end, now);
        }
        Ok(())
    }

    async fn requested(&mut self) {
        match self.requests.recv().await {
            Some(request) => self.request = Some(request),
            None => std::future::pending().await,
        }
    }

    fn serve(&mut self, servers: &mut [Server]) {
        let Some(request) = self.request.take() else {
            return;
        };
        let answer = match request.kind {
            RequestKind::Metrics(format) => {
                for server in &mut *servers {
                    server.snapshot.advance();
                }
                self.scrape(servers);
                Answer::Metrics(self.metrics.text(format))
            }
            RequestKind::Health => Answer::Waiting(Vec::new()),
            RequestKind::Readiness => {
                let waiting = servers.iter().filter(|server| !server.is_ready());
                Answer::Waiting(waiting.map(|server| server.label.clone()).collect())
            }
        };
        let is_metrics = matches!(answer, Answer::Metrics(_));
        if request.answer.send(answer).is_ok() && is_metrics {
            self.is_scraped = true;
        }
    }

    /// The cursor may only move past tasks whose count was read.
    fn commit(&mut self) -> Result<bool, CommandError> {
        Ok(self.is_scraped)
    }
}
