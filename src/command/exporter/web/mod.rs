//! The web server of the exporter. It passes requests to the loop that has the tasks.

mod basic_auth;
mod config;
mod tls;
mod tls_listener;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    middleware::{from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::encoding::prometheus_text;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::timeout,
};

use self::{basic_auth::BasicAuth, tls_listener::TlsListener};
use super::metrics::TextFormat;

pub(super) use config::WebConfig;

/// Limit on the time of an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Content type of `OpenMetrics`.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const NO_ANSWER: &str = "vtask is busy or shutting down";

/// A request with the channel for its answer.
#[derive(Debug)]
pub(super) enum Request {
    Metrics(TextFormat, oneshot::Sender<String>),
    Health(oneshot::Sender<()>),
    /// The names of the vCenters that are not ready.
    Readiness(oneshot::Sender<Vec<String>>),
}

type Requests = mpsc::Sender<Request>;

/// Serves until it is aborted.
pub(super) async fn serve(listener: TcpListener, config: WebConfig, requests: Requests) {
    let mut router = Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .with_state(requests);
    if !config.users.is_empty() {
        let auth = Arc::new(BasicAuth::new(config.users));
        router = router.layer(from_fn_with_state(auth, basic_auth::check));
    }
    let headers = config.headers;
    if !headers.is_empty() {
        router = router.layer(map_response(move |mut response: Response| {
            response.headers_mut().extend(headers.clone());
            std::future::ready(response)
        }));
    }
    // Errors of single connections are handled by axum.
    let _ = match config.tls {
        Some(tls) => axum::serve(TlsListener::new(listener, tls), router).await,
        None => axum::serve(listener, router).await,
    };
}

async fn index() -> Response {
    let page = "vtask exporter\n\n/metrics\n/-/healthy\n/-/ready\n";
    text(StatusCode::OK, PLAIN, page.to_owned())
}

async fn metrics(State(requests): State<Requests>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    let is_open = accepted.is_some_and(|types| types.contains("application/openmetrics-text"));
    let (format, content_type) = if is_open {
        (TextFormat::OpenMetrics, OPENMETRICS)
    } else {
        (TextFormat::Prometheus, prometheus_text::CONTENT_TYPE)
    };
    match answer_to(&requests, |answer| Request::Metrics(format, answer)).await {
        Some(page) => text(StatusCode::OK, content_type, page),
        None => unavailable(NO_ANSWER),
    }
}

async fn healthy(State(requests): State<Requests>) -> Response {
    match answer_to(&requests, Request::Health).await {
        Some(()) => text(StatusCode::OK, PLAIN, "healthy\n".to_owned()),
        None => unavailable(NO_ANSWER),
    }
}

async fn ready(State(requests): State<Requests>) -> Response {
    match answer_to(&requests, Request::Readiness).await {
        Some(waiting) if waiting.is_empty() => text(StatusCode::OK, PLAIN, "ready\n".to_owned()),
        Some(waiting) => unavailable(&format!("not read yet: {}", waiting.join(", "))),
        None => unavailable(NO_ANSWER),
    }
}

/// Returns the answer of the loop; `None` if it does not answer in time.
async fn answer_to<T>(
    requests: &Requests,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    let request = request(answer);
    let answering = async {
        requests.send(request).await.ok()?;
        answered.await.ok()
    };
    timeout(ANSWER_TIMEOUT, answering).await.ok().flatten()
}

fn unavailable(reason: &str) -> Response {
    text(
        StatusCode::SERVICE_UNAVAILABLE,
        PLAIN,
        format!("{reason}\n"),
    )
}

fn text(status: StatusCode, content_type: &'static str, page: String) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], page).into_response()
}
