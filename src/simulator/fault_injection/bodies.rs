//! Faulty response bodies: stalled, interrupted, oversized, endless and damaged.

use std::convert::Infallible;
use std::time::Duration;
use std::{io, iter};

use axum::body::{Body, Bytes};
use futures_util::stream;

use super::effect::CloseMode;
use crate::http::stream::Connection;

/// Delay after a chunk, so that it is transmitted before the body stalls or breaks.
const CHUNK_DELAY: Duration = Duration::from_millis(5);

/// Chunk size of long bodies.
const CHUNK_BYTES: usize = 1 << 16;

/// Returns a body that stalls after `first` bytes and continues after `time`, or never.
pub(super) fn stalling(body: &Bytes, first: usize, time: Option<Duration>) -> Body {
    let parts = [body.slice(..first), body.slice(first..)];
    Body::from_stream(stream::unfold(0, move |part| {
        let parts = parts.clone();
        async move {
            if part == 1 {
                match time {
                    Some(time) => tokio::time::sleep(time).await,
                    None => std::future::pending().await,
                }
            }
            let bytes = parts.get(part)?.clone();
            Some((Ok::<_, Infallible>(bytes), part + 1))
        }
    }))
}

/// Returns a body whose connection is closed after its first part.
pub(super) fn breaking(first: &Bytes, connection: Connection, how: CloseMode) -> Body {
    let first = Some(first.clone());
    Body::from_stream(stream::unfold(first, move |left| {
        let connection = connection.clone();
        async move {
            if let Some(bytes) = left {
                return Some((Ok(bytes), None));
            }
            tokio::time::sleep(CHUNK_DELAY).await;
            connection.cut(how, 0);
            Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
        }
    }))
}

/// Returns a JSON string of `letters` characters.
pub(super) fn long(letters: u64) -> Body {
    let chunk_bytes = CHUNK_BYTES as u64;
    let chunks = (0..letters).step_by(CHUNK_BYTES).map(move |sent| {
        let length = usize::try_from((letters - sent).min(chunk_bytes)).unwrap_or(CHUNK_BYTES);
        Bytes::from(vec![b'a'; length])
    });
    let quote = || iter::once(Bytes::from_static(b"\""));
    let pieces = quote().chain(chunks).chain(quote());
    Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)))
}

/// Returns an endless JSON string, sent at the given rate.
pub(super) fn endless(bytes_per_second: u32) -> Body {
    const CHUNK_INTERVAL: Duration = Duration::from_millis(20);
    let step = (bytes_per_second / 50).max(1) as usize;
    Body::from_stream(stream::unfold(true, move |is_first| async move {
        if is_first {
            return Some((Ok::<_, Infallible>(Bytes::from_static(b"\"")), false));
        }
        tokio::time::sleep(CHUNK_INTERVAL).await;
        Some((Ok(Bytes::from(vec![b'a'; step])), false))
    }))
}

/// Damages a body so that it is no longer valid JSON. An empty body stays empty.
pub(super) fn damaged(body: &[u8], rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = body.to_vec();
    if bytes.is_empty() {
        return bytes;
    }
    let at = rng.usize(..bytes.len());
    match rng.u8(..4) {
        // Byte that is invalid in UTF-8.
        0 => bytes[at] = 0xff,
        // Control character in the middle.
        1 => bytes.insert(at, 0),
        // Trailing data from another response.
        2 => bytes.extend_from_slice(b"}HTTP/1.1 200 OK"),
        // Mismatched bracket.
        _ => match bytes.iter().position(|byte| matches!(byte, b'}' | b']')) {
            Some(at) => bytes[at] = b'(',
            None => bytes[at] = b'(',
        },
    }
    // Invalid even for a client that replaces invalid UTF-8 inside strings.
    let text = String::from_utf8_lossy(&bytes);
    if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
        bytes.push(b'}');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_json_is_invalid() {
        let mut rng = fastrand::Rng::with_seed(3);
        for body in [
            &b"{\"a\":[1,2,{\"b\":\"some text\"}]}"[..],
            b"[]",
            b"null",
            b"7",
        ] {
            for _ in 0..200 {
                let damaged = damaged(body, &mut rng);
                let text = String::from_utf8_lossy(&damaged);
                assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
            }
        }
        assert!(damaged(b"", &mut rng).is_empty());
    }

    #[tokio::test]
    async fn a_long_body_has_the_requested_length() {
        for letters in [1, CHUNK_BYTES as u64, 200_000] {
            let body = axum::body::to_bytes(long(letters), usize::MAX)
                .await
                .unwrap();
            assert_eq!(body.len() as u64, letters + 2);
            assert!(serde_json::from_slice::<String>(&body).is_ok());
        }
    }

    #[tokio::test]
    async fn a_stalled_body_continues() {
        let whole = Bytes::from_static(b"0123456789");
        let body = stalling(&whole, 4, Some(Duration::from_millis(1)));
        assert_eq!(axum::body::to_bytes(body, 100).await.unwrap(), whole);
    }
}
