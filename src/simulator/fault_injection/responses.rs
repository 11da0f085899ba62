//! Responses that do not come from the service: proxy pages, faults, redirects and oversized bodies.

use std::io::{self, Read};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use super::bodies;
use crate::method_fault::MethodFault;

/// Response extension that marks a response as lost because its connection was closed.
#[derive(Clone, Copy)]
pub(crate) struct Dropped;

/// Returns a response that is not transmitted.
pub(super) fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}

pub(super) fn set_header(response: &mut Response, name: &HeaderName, value: &str) {
    // Header values of a plan are validated when it is loaded.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Sets `Content-Length`, except for an empty body.
pub(super) fn set_length(response: &mut Response, length: usize) {
    if length > 0 {
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        set_header(response, &header::CONTENT_LENGTH, &length.to_string());
    }
}

/// Returns an HTML page with this status.
pub(crate) fn page(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let title = match status {
        StatusCode::OK => "Sign in".to_owned(),
        other => other.to_string(),
    };
    let text = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    set_header(&mut response, &header::CONTENT_TYPE, "text/html");
    response
}

/// Returns an HTML page with this status and an optional `Retry-After` header.
pub(super) fn status(code: u16, retry_after: Option<SignedDuration>, as_date: bool) -> Response {
    let mut response = page(code);
    if let Some(span) = retry_after {
        let value = if as_date {
            http_date(Timestamp::now() + span)
        } else {
            span.as_secs().max(0).to_string()
        };
        set_header(&mut response, &header::RETRY_AFTER, &value);
    }
    response
}

/// Formats an HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Returns a fault of this type with status 500.
pub(super) fn fault(type_name: &str) -> Response {
    let fault = MethodFault::new(
        type_name,
        format!("{type_name}, injected by the fault plan."),
    );
    let mut response = Response::new(Body::from(fault.into_json().to_string()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    set_header(&mut response, &header::CONTENT_TYPE, "application/json");
    response
}

pub(super) fn redirect(to: &str) -> Response {
    let mut response = page(302);
    set_header(&mut response, &header::LOCATION, to);
    response
}

/// Returns a JSON string of this size, optionally compressed.
pub(super) fn huge(megabytes: u32, compressed: bool) -> Response {
    let mut response;
    if compressed {
        let mut packing = GzEncoder::new(Vec::new(), Compression::best());
        let letters = io::repeat(b'a').take(u64::from(megabytes) * 1_000_000);
        let quote = &b"\""[..];
        let mut text = quote.chain(letters).chain(quote);
        // Writing to memory does not fail.
        let _ = io::copy(&mut text, &mut packing);
        response = Response::new(Body::from(packing.finish().unwrap_or_default()));
        set_header(&mut response, &header::CONTENT_ENCODING, "gzip");
    } else {
        response = Response::new(bodies::long(u64::from(megabytes) * 1_000_000));
        let length = (u64::from(megabytes) * 1_000_000 + 2).to_string();
        set_header(&mut response, &header::CONTENT_LENGTH, &length);
    }
    set_header(&mut response, &header::CONTENT_TYPE, "application/json");
    response
}

/// Returns an endless JSON string.
pub(super) fn endless(bytes_per_second: u32) -> Response {
    let mut response = Response::new(bodies::endless(bytes_per_second));
    set_header(&mut response, &header::CONTENT_TYPE, "application/json");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_http_format() {
        let time: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let span = Some(SignedDuration::from_secs(7));
        let header = |as_date| status(429, span, as_date).headers()["retry-after"].clone();
        assert_eq!(header(false), "7");
        assert!(header(true).to_str().unwrap().ends_with(" GMT"));
    }
}
