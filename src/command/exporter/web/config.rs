//! The web configuration file, in the format of the exporters of Prometheus (exporter-toolkit).

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rustls::ServerConfig;
use serde::Deserialize;

use super::tls::{self, TlsSection};
use crate::{command::CommandError, files::text_file};

/// Settings of the web server.
#[derive(Debug, Default)]
pub(in crate::command::exporter) struct WebConfig {
    /// TLS; `None` for plain HTTP.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// Hashes of passwords by user; empty if there is no authentication.
    pub(super) users: BTreeMap<String, String>,
    /// Headers of all responses.
    pub(super) headers: HeaderMap,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    tls_server_config: Option<TlsSection>,
    http_server_config: HttpSection,
    basic_auth_users: BTreeMap<String, PasswordHash>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HttpSection {
    http2: Option<Http1Only>,
    headers: ResponseHeaders,
}

/// The value `false` of `http2`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "bool")]
struct Http1Only;

impl TryFrom<bool> for Http1Only {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        let error = "http2 is not supported; set it to false or remove it";
        if value { Err(error) } else { Ok(Self) }
    }
}

/// The response headers that the format allows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ResponseHeaders {
    #[serde(rename = "Content-Security-Policy")]
    content_security_policy: String,
    #[serde(rename = "X-Frame-Options")]
    x_frame_options: String,
    #[serde(rename = "X-Content-Type-Options")]
    x_content_type_options: String,
    #[serde(rename = "X-XSS-Protection")]
    x_xss_protection: String,
    #[serde(rename = "Strict-Transport-Security")]
    strict_transport_security: String,
}

impl ResponseHeaders {
    fn into_map(self) -> Result<HeaderMap, String> {
        let named = [
            ("content-security-policy", self.content_security_policy),
            ("x-frame-options", self.x_frame_options),
            ("x-content-type-options", self.x_content_type_options),
            ("x-xss-protection", self.x_xss_protection),
            ("strict-transport-security", self.strict_transport_security),
        ];
        let set = named.into_iter().filter(|(_, value)| !value.is_empty());
        let set = set.map(|(name, value)| {
            let value = HeaderValue::try_from(value);
            let value = value.map_err(|_| format!("{name} is not a valid header"))?;
            Ok((HeaderName::from_static(name), value))
        });
        set.collect()
    }
}

/// A bcrypt hash.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct PasswordHash(String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = &'static str;

    fn try_from(hash: String) -> Result<Self, Self::Error> {
        let is_valid = hash.parse::<bcrypt::HashParts>().is_ok();
        let error =
            "the password of a user must be a bcrypt hash, as `htpasswd -nBC 10 USER` prints it";
        is_valid.then_some(Self(hash)).ok_or(error)
    }
}

impl WebConfig {
    /// Returns the scheme of the server's URLs.
    pub(in crate::command::exporter) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Reads a file. Relative paths in it are relative to its directory.
    ///
    /// # Errors
    /// Fails if the file or one that it names cannot be used; the message has the line.
    pub(in crate::command::exporter) fn read(path: &Path) -> Result<Self, CommandError> {
        let unusable = |why: String| {
            let path = path.display();
            CommandError::Usage(format!("--web-config {path}: {why}."))
        };
        let text = text_file::read(path).map_err(|error| unusable(error.to_string()))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        parse(&text, directory).map_err(unusable)
    }
}

fn parse(text: &str, directory: &Path) -> Result<WebConfig, String> {
    let file: Option<File> =
        serde_saphyr::from_str(text).map_err(|error| error.without_snippet().to_string())?;
    let file = file.unwrap_or_default();
    let tls = file.tls_server_config;
    let tls = tls.map(|section| tls::server_config(&section, directory));
    let users = file.basic_auth_users.into_iter();
    Ok(WebConfig {
        tls: tls.transpose()?.map(Arc::new),
        users: users.map(|(user, hash)| (user, hash.0)).collect(),
        headers: file.http_server_config.headers.into_map()?,
    })
}

#[cfg(test)]
mod tests;
