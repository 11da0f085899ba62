//! The proxy between this machine and a server.

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::ClientBuilder;
use vtask_text::without_user_info;

use super::address::Address;

/// Disables the proxy for a server on this machine. Otherwise the client uses that of the environment or the system.
pub(super) fn with_proxy(builder: ClientBuilder, address: &Address) -> ClientBuilder {
    if address.is_loopback() {
        builder.no_proxy()
    } else {
        builder
    }
}

/// Returns the URL of the proxy by which a server is reached, without credentials, as the HTTP client chooses it.
pub fn proxy_of(address: &Address) -> Option<String> {
    if address.is_loopback() {
        return None;
    }
    let server: Uri = address.root().as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&server)?;
    let url = proxy.uri().to_string();
    Some(without_user_info(url.trim_end_matches('/')).into_owned())
}
