//! HTTP middleware that applies faults to requests and responses and logs each request.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::effect::{CloseMode, CutPoint, FaultEffect};
use super::{bodies, responses, texts, updates};
use crate::http::in_flight::InFlight;
use crate::http::path;
use crate::http::stream::Connection;
use crate::server::ServerCore;

/// Maximum size of a buffered response body.
const MAX_RESPONSE_BYTES: usize = 1 << 30;

/// Processes a request with the effects of the active faults and logs it.
pub(crate) async fn inject_faults(
    State(server): State<Arc<ServerCore>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let kind = path::endpoint_name(request.uri());
    let in_flight = InFlight::begin(&server, &request, kind);
    let effects = server
        .faults
        .effects_for(&in_flight.record.kind, in_flight.record.at);
    let response = apply(&server, &connection, &effects, request, next).await;
    in_flight.finish(response)
}

async fn apply(
    server: &Arc<ServerCore>,
    connection: &Connection,
    effects: &[FaultEffect],
    mut request: Request,
    next: Next,
) -> Response {
    let mut effect = None;
    for each in effects {
        match each {
            FaultEffect::Delay(span) => tokio::time::sleep(server.faults.draw(*span)).await,
            other => effect = Some(other),
        }
    }
    let Some(effect) = effect else {
        return next.run(request).await;
    };
    let encoding = request.headers().get(header::ACCEPT_ENCODING);
    let takes_gzip = encoding
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    if effect.needs_json() {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let exchange = Exchange {
        server,
        connection,
        takes_gzip,
    };
    exchange.respond(effect, Box::pin(next.run(request))).await
}

/// The response of the server, which processes the request once this is polled.
type ServerResponse<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// A request affected by a fault.
#[derive(Clone, Copy)]
struct Exchange<'a> {
    server: &'a ServerCore,
    connection: &'a Connection,
    takes_gzip: bool,
}

impl Exchange<'_> {
    /// Returns the response with an effect other than a delay.
    async fn respond(self, effect: &FaultEffect, response: ServerResponse<'_>) -> Response {
        let faults = &self.server.faults;
        match effect {
            // Applied before.
            FaultEffect::Delay(_) => response.await,
            FaultEffect::Cut { how, at } => cut(self.connection, *how, *at, response).await,
            FaultEffect::Stall { after, time } => {
                let (mut response, body) = buffered(response.await).await;
                let first = fraction_of(body.len(), *after);
                let span = time.map(|time| faults.draw(time));
                responses::set_length(&mut response, body.len());
                *response.body_mut() = bodies::stalling(&body, first, span);
                response
            }
            FaultEffect::Status {
                code,
                retry_after,
                as_date,
                reached,
            } => {
                if *reached {
                    let _lost = buffered(response.await).await;
                }
                responses::status(*code, *retry_after, *as_date)
            }
            FaultEffect::Page => responses::page(200),
            FaultEffect::Truncated => {
                let truncate = |body: Bytes| body.slice(..fraction_of(body.len(), 0.6));
                with_body(response, truncate).await
            }
            FaultEffect::Malformed => {
                let damage = |body: Bytes| bodies::damaged(&body, &mut faults.fork_rng()).into();
                with_body(response, damage).await
            }
            FaultEffect::ContentType(value) => {
                let mut response = response.await;
                responses::set_header(&mut response, &header::CONTENT_TYPE, value);
                response
            }
            FaultEffect::Huge {
                megabytes,
                compressed,
            } => responses::huge(*megabytes, *compressed && self.takes_gzip),
            FaultEffect::Endless { bytes_per_second } => responses::endless(*bytes_per_second),
            FaultEffect::Redirect(to) => responses::redirect(to),
            FaultEffect::Updates { repeat, shuffle } => {
                let reorder = |body: Bytes| {
                    updates::reordered(&body, *repeat, *shuffle, &mut faults.fork_rng()).into()
                };
                with_body(response, reorder).await
            }
            FaultEffect::Fault(name) => responses::fault(name),
            FaultEffect::Missing {
                object,
                fault,
                whole,
            } => {
                let replace = |body: Bytes| {
                    updates::with_missing(&body, object.as_deref(), fault, *whole).into()
                };
                with_body(response, replace).await
            }
            FaultEffect::Leave(object) => {
                let replace = |body: Bytes| updates::with_leave(&body, object).into();
                with_body(response, replace).await
            }
            FaultEffect::Texts(list) => {
                let replace = |body: Bytes| texts::replaced(&body, list).into();
                with_body(response, replace).await
            }
            FaultEffect::TaskUpdates(effect) => {
                let (mut response, body) = buffered(response.await).await;
                let has_tasks = updates::reports_tasks(&body);
                *response.body_mut() = Body::from(body);
                let response = Box::pin(ready(response));
                if has_tasks {
                    Box::pin(self.respond(effect, response)).await
                } else {
                    response.await
                }
            }
        }
    }
}

/// Replaces the body of a response.
async fn with_body(
    response: ServerResponse<'_>,
    transform: impl FnOnce(Bytes) -> Bytes,
) -> Response {
    let (mut response, body) = buffered(response.await).await;
    let body = transform(body);
    responses::set_length(&mut response, body.len());
    *response.body_mut() = Body::from(body);
    response
}

async fn cut(
    connection: &Connection,
    how: CloseMode,
    at: CutPoint,
    response: ServerResponse<'_>,
) -> Response {
    /// Less than the size of the headers of any response.
    const PARTIAL_HEADER_BYTES: u64 = 15;
    if at == CutPoint::Request {
        connection.cut(how, 0);
        return responses::dropped();
    }
    let (mut response, body) = buffered(response.await).await;
    match at {
        CutPoint::Body if !body.is_empty() => {
            responses::set_length(&mut response, body.len());
            let first = fraction_of(body.len(), 0.5);
            *response.body_mut() = bodies::breaking(&body.slice(..first), connection.clone(), how);
            response
        }
        CutPoint::Body | CutPoint::Headers => {
            connection.cut(how, PARTIAL_HEADER_BYTES);
            *response.body_mut() = Body::from(body);
            response
        }
        CutPoint::Request | CutPoint::Answer => {
            connection.cut(how, 0);
            responses::dropped()
        }
    }
}

/// Collects the body of a response as transmitted.
async fn buffered(response: Response) -> (Response, Bytes) {
    let (parts, body) = response.into_parts();
    // A response that already failed is treated as empty.
    let body = to_bytes(body, MAX_RESPONSE_BYTES).await.unwrap_or_default();
    (Response::from_parts(parts, Body::empty()), body)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a length is between 0 and the length"
)]
fn fraction_of(length: usize, share: f64) -> usize {
    ((length as f64 * share) as usize).min(length)
}
