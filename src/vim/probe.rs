//! Reads a server's certificate without sending a request.

use std::sync::{Arc, OnceLock};

use super::{
    address::Address,
    error::{Error, ErrorKind},
    tls::{CertificateProbe, TrustPolicy},
    transport,
};

/// Performs a TLS handshake and returns the certificate and the reason why `trust` would reject it, if any. No
/// request and no secret is sent.
///
/// # Errors
/// Returns an error if the server cannot be reached or has no certificate, as with plain HTTP.
pub async fn probe_certificate(
    address: &Address,
    trust: &TrustPolicy,
) -> Result<CertificateProbe, Error> {
    let error = |kind| Error::new("reading its certificate", address.label(), kind);
    let unsupported = |why| error(ErrorKind::Unsupported(why));
    if !address.is_tls() {
        let why = "a server has no certificate over plain HTTP.".to_owned();
        return Err(unsupported(why));
    }
    let seen = Arc::new(OnceLock::new());
    let config = trust.client_config(address.authority(), Some(seen.clone()));
    let http = transport::http_client(address, config.map_err(unsupported)?);
    let http = http.map_err(|error| unsupported(error.to_string()))?;
    let ended = http.get(address.root()).send().await;
    match (seen.get(), ended) {
        (Some(probe), _) => Ok(probe.clone()),
        (None, Err(failure)) => {
            let kind = transport::classify_connection_error(&failure, address);
            Err(error(kind))
        }
        (None, Ok(_)) => Err(unsupported("the server sent no certificate.".to_owned())),
    }
}
