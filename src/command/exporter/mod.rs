//! `vtask exporter`: serves metrics of tasks to Prometheus.

mod label_limit;
mod metrics;
mod otlp;
mod series;
mod stall_times;
mod web;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use tokio::{net::TcpListener, sync::mpsc};

use self::{
    label_limit::clean,
    metrics::{ServerState, TaskMetrics, TextFormat},
    otlp::{Otlp, OtlpEvent},
    web::{Request, WebConfig},
};
use super::{
    CommandError, Outcome,
    follow::{self, Change, Consumer, FollowArgs, Server, ServerSource},
    io_context::CommandIo,
};
use crate::config::ConnectionArgs;

/// Maximum number of requests that wait for an answer.
const REQUEST_CAPACITY: usize = 16;

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

    /// TLS and passwords, in the web-config format of Prometheus' exporters
    #[arg(long, value_name = "FILE", env = "VTASK_WEB_CONFIG")]
    web_config: Option<PathBuf>,

    /// Export traces and metrics to OpenTelemetry, by the OTEL_ variables
    #[arg(long)]
    otlp: bool,
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
    let config = args
        .web_config
        .as_deref()
        .map(WebConfig::read)
        .transpose()?;
    let config = config.unwrap_or_default();
    let otlp = Otlp::start(io.environment, args.otlp)?;
    let source = ServerSource::new(&args.follow, connection, io);
    let servers = source.first(io).await?;
    let listen = args.listen;
    let unusable =
        |error| CommandError::Usage(format!("cannot listen on {listen}: {error}. Try --listen."));
    let listener = TcpListener::bind(listen).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    io.eprint(&format!("serving {}://{address}/metrics", config.scheme()));
    let (sender, requests) = mpsc::channel(REQUEST_CAPACITY);
    let serving = tokio::spawn(web::serve(listener, config, sender));
    let mut exporter = Exporter {
        metrics: TaskMetrics::new(),
        requests,
        otlp,
        event: None,
        counted: 0,
        scraped: 0,
    };
    let followed = follow::follow(&source, servers, &mut exporter, io).await;
    serving.abort();
    if let Some(message) = exporter.otlp.as_ref().and_then(Otlp::final_message) {
        io.eprint(&message);
    }
    followed
}

/// A request of a client, or an event of the OTLP export.
enum Event {
    Request(Request),
    Otlp(OtlpEvent),
}

/// The metrics and the requests for them.
struct Exporter {
    metrics: TaskMetrics,
    requests: mpsc::Receiver<Request>,
    otlp: Option<Otlp>,
    /// The event to handle next.
    event: Option<Event>,
    /// Number of tasks whose end was counted.
    counted: u64,
    /// Number of those that the last scrape has read.
    scraped: u64,
}

impl Exporter {
    fn scrape(&mut self, servers: &[Server]) {
        self.metrics.clear();
        for server in servers {
            self.metrics.set(&ServerState {
                vcenter: &server.label,
                store: &server.snapshot.store,
                active: server.selected_active().collect(),
                now: server.snapshot.now,
                is_up: server.connections.connection().is_current(),
                requests: server.traffic.counts(),
            });
        }
    }

    fn answer(&mut self, request: Request, servers: &mut [Server]) {
        // A send fails if the client no longer waits.
        match request {
            Request::Metrics(format, answer) => {
                for server in &mut *servers {
                    server.snapshot.advance();
                }
                self.scrape(servers);
                if answer.send(self.metrics.text(format)).is_ok() {
                    self.scraped = self.counted;
                }
            }
            Request::Health(answer) => {
                let _ = answer.send(());
            }
            Request::Readiness(answer) => {
                let waiting = servers.iter().filter(|server| !server.is_ready());
                let _ = answer.send(waiting.map(|server| server.label.clone()).collect());
            }
        }
    }

    fn export_metrics(&mut self, servers: &[Server]) {
        self.scrape(servers);
        if let Some(otlp) = &self.otlp {
            let page = self.metrics.text(TextFormat::OpenMetrics);
            otlp.export_metrics(&page, self.counted);
        }
    }
}

impl Consumer for Exporter {
    // After a restart of Prometheus' target, its counters begin with zero.
    const DELIVERS_EARLIER_TASKS: bool = false;
    const READS_ENTITY_STATES: bool = true;

    fn deliver(
        &mut self,
        server: &Server,
        changes: &[Change],
        _io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let (store, now) = (&server.snapshot.store, server.snapshot.now);
        for change in changes {
            self.counted += u64::from(change.is_end);
            let metrics = &mut self.metrics;
            metrics.count(&server.label, store, change.handle, change.is_end, now);
            if let Some(otlp) = &mut self.otlp {
                otlp.change(server, *change);
            }
        }
        Ok(())
    }

    async fn requested(&mut self) {
        let otlp = async {
            match &mut self.otlp {
                Some(otlp) => otlp.event().await,
                None => std::future::pending().await,
            }
        };
        self.event = Some(tokio::select! {
            Some(request) = self.requests.recv() => Event::Request(request),
            event = otlp => Event::Otlp(event),
        });
    }

    fn serve(&mut self, servers: &mut [Server], io: &mut CommandIo<'_>) {
        match self.event.take() {
            Some(Event::Request(request)) => self.answer(request, servers),
            Some(Event::Otlp(OtlpEvent::Message(message))) => io.eprint(&message),
            Some(Event::Otlp(OtlpEvent::MetricsDue)) => {
                for server in &mut *servers {
                    server.snapshot.advance();
                }
                self.export_metrics(servers);
            }
            None => {}
        }
    }

    fn prune(&mut self, servers: &[Server]) {
        let is_kept = |vcenter: &str, mo_id: Option<&Arc<str>>| {
            let mut servers = servers.iter();
            let server = servers.find(|server| *clean(&server.label) == *vcenter);
            server.is_some_and(|server| mo_id.is_none_or(|mo_id| server.may_change(mo_id)))
        };
        self.metrics.retain(is_kept);
        if let Some(otlp) = &mut self.otlp {
            otlp.retain_phases(|vcenter, mo_id| is_kept(vcenter, Some(mo_id)));
        }
    }

    async fn finish(&mut self, servers: &[Server]) {
        if self.otlp.is_some() {
            self.export_metrics(servers);
        }
        if let Some(otlp) = &mut self.otlp {
            otlp.finish().await;
        }
    }

    /// The cursor may only move past tasks whose count was read or exported, and whose spans do not wait for a collector
    /// that accepts them.
    fn commit(&mut self) -> Result<bool, CommandError> {
        let exported = self.otlp.as_ref().map_or(0, Otlp::exported);
        let has_no_pending_spans = self.otlp.as_ref().is_none_or(Otlp::has_no_pending_spans);
        Ok(has_no_pending_spans && self.scraped.max(exported) >= self.counted)
    }
}
