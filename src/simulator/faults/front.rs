//! In front of the server: every request passes here on its way in, every answer on its way out.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::effect::{Effect, How, Place};
use super::{answers, bodies, texts, updates};
use crate::simulator::http::log::Noted;
use crate::simulator::http::path;
use crate::simulator::http::wire::Connection;
use crate::simulator::running::Running;

/// Most bytes of an answer.
const LARGEST_ANSWER: usize = 1 << 30;

/// The method whose answers tell changes.
const WAIT: &str = "PropertyCollector/WaitForUpdatesEx";

/// Lets a request pass, with whatever befalls it, and notes it in the log.
pub(in crate::simulator) async fn front(
    State(running): State<Arc<Running>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let kind = path::kind(request.uri());
    let noted = Noted::begin(&running, &request, kind);
    let effects = running.faults.meet(&noted.record.kind, noted.record.at);
    let response = befall(&running, &connection, &effects, request, next, &noted).await;
    noted.end(response)
}

async fn befall(
    running: &Arc<Running>,
    connection: &Connection,
    effects: &[Effect],
    mut request: Request,
    next: Next,
    noted: &Noted,
) -> Response {
    let mut effect = None;
    for each in effects {
        match each {
            Effect::Delay(span) => tokio::time::sleep(running.faults.draw(*span)).await,
            other => effect = Some(other),
        }
    }
    let Some(effect) = effect else {
        return next.run(request).await;
    };
    match effect {
        // Has been.
        Effect::Delay(_) => next.run(request).await,
        Effect::Cut { how, at } => cut(connection, *how, *at, request, next).await,
        Effect::Stall { after, time } => {
            let (mut response, body) = complete(request, next).await;
            let first = share(body.len(), *after);
            let span = time.map(|time| running.faults.draw(time));
            answers::set_length(&mut response, body.len());
            *response.body_mut() = bodies::stalling(&body, first, span);
            response
        }
        Effect::Status {
            code,
            retry_after,
            as_date,
            reached,
        } => {
            if *reached {
                let _lost = complete(request, next).await;
            }
            answers::status(*code, *retry_after, *as_date)
        }
        Effect::Page => answers::page(200),
        Effect::Truncated => {
            let (mut response, body) = complete(request, next).await;
            let kept = body.slice(..share(body.len(), 0.6));
            answers::set_length(&mut response, kept.len());
            *response.body_mut() = Body::from(kept);
            response
        }
        Effect::Malformed => {
            let (mut response, body) = complete(plain(request), next).await;
            let damaged = bodies::damaged(&body, &mut running.faults.chance());
            answers::set_length(&mut response, damaged.len());
            *response.body_mut() = Body::from(damaged);
            response
        }
        Effect::ContentType(value) => {
            let mut response = next.run(request).await;
            answers::set_header(&mut response, &header::CONTENT_TYPE, value);
            response
        }
        Effect::Huge { megabytes, packed } => {
            let takes_gzip = request
                .headers()
                .get(header::ACCEPT_ENCODING)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| value.contains("gzip"));
            answers::huge(*megabytes, *packed && takes_gzip)
        }
        Effect::Endless { bytes_a_second } => answers::endless(*bytes_a_second),
        Effect::Redirect(to) => answers::redirect(to),
        Effect::Updates { repeat, shuffle } => {
            request = plain(request);
            if noted.record.kind != WAIT {
                return next.run(request).await;
            }
            let (mut response, body) = complete(request, next).await;
            let told =
                updates::told_otherwise(&body, *repeat, *shuffle, &mut running.faults.chance());
            answers::set_length(&mut response, told.len());
            *response.body_mut() = Body::from(told);
            response
        }
        Effect::Fault(name) => answers::fault(name),
        Effect::Missing {
            object,
            fault,
            whole,
        } => {
            let (mut response, body) = complete(plain(request), next).await;
            let told = updates::with_missing(&body, object.as_deref(), fault, *whole);
            answers::set_length(&mut response, told.len());
            *response.body_mut() = Body::from(told);
            response
        }
        Effect::Texts(list) => {
            let (mut response, body) = complete(plain(request), next).await;
            let told = texts::replaced(&body, list);
            answers::set_length(&mut response, told.len());
            *response.body_mut() = Body::from(told);
            response
        }
    }
}

async fn cut(
    connection: &Connection,
    how: How,
    at: Place,
    request: Request,
    next: Next,
) -> Response {
    /// Fewer bytes than any answer's headers have.
    const SOME_OF_THE_HEADERS: u64 = 15;
    if at == Place::Request {
        connection.cut(how, 0);
        return answers::undelivered();
    }
    let (mut response, body) = complete(request, next).await;
    match at {
        Place::Body if !body.is_empty() => {
            answers::set_length(&mut response, body.len());
            let first = share(body.len(), 0.5);
            *response.body_mut() = bodies::breaking(&body.slice(..first), connection.clone(), how);
            response
        }
        Place::Body | Place::Headers => {
            connection.cut(how, SOME_OF_THE_HEADERS);
            *response.body_mut() = Body::from(body);
            response
        }
        Place::Request | Place::Answer => {
            connection.cut(how, 0);
            answers::undelivered()
        }
    }
}

/// The server's answer with its whole body, as it travels.
async fn complete(request: Request, next: Next) -> (Response, Bytes) {
    let (parts, body) = next.run(request).await.into_parts();
    // An answer that breaks by itself is broken already.
    let body = to_bytes(body, LARGEST_ANSWER).await.unwrap_or_default();
    (Response::from_parts(parts, Body::empty()), body)
}

/// The request of a client that takes no compression.
fn plain(mut request: Request) -> Request {
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    request
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a length lies between nothing and the length"
)]
fn share(length: usize, share: f64) -> usize {
    ((length as f64 * share) as usize).min(length)
}
