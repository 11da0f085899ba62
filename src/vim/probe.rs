//! A look at a server's certificate before anything is sent there.

use std::sync::{Arc, OnceLock};

use super::{
    address::Address,
    error::{Error, ErrorKind},
    tls::{CertificateProbe, TrustPolicy},
    transport,
};

/// Shakes hands with a server as far as its certificate, and tells what it is and whether `trust` would accept it.
/// No request is sent, no secret either.
///
/// # Errors
/// When the server cannot be reached, or shows no certificate: a plain HTTP address never does.
pub async fn probe_certificate(
    address: &Address,
    trust: &TrustPolicy,
) -> Result<CertificateProbe, Error> {
    let error = |kind| Error {
        doing: "looking at its certificate".to_owned(),
        server: address.name(),
        kind,
    };
    let unaskable = |why| error(ErrorKind::Unaskable(why));
    if !address.is_tls() {
        let why = "over plain http there is no certificate to look at.".to_owned();
        return Err(unaskable(why));
    }
    let seen = Arc::new(OnceLock::new());
    let config = trust.probe_config(address.authority(), seen.clone());
    let http = transport::http_client(address, config.map_err(unaskable)?);
    let http = http.map_err(|error| unaskable(error.to_string()))?;
    let ended = http.get(address.root()).send().await;
    match (seen.get(), ended) {
        (Some(look), _) => Ok(look.clone()),
        (None, Err(trouble)) => Err(error(transport::classify_error(&trouble))),
        (None, Ok(_)) => Err(unaskable("it showed no certificate.".to_owned())),
    }
}
