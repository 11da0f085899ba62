//! What the command line says of the connection.

use std::path::PathBuf;

use super::super::{ConfigError, GivenUrl};
use crate::vim::Fingerprint;

/// How to reach the vCenter.
#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Address of the vCenter; without a scheme it means https [also: GOVC_URL]
    #[arg(long, env = "VTASK_URL", hide_env_values = true)]
    pub url: Option<GivenUrl>,

    /// Account to sign in with; its password comes from --password-file, VTASK_PASSWORD or a prompt
    /// [also: GOVC_USERNAME, GOVC_PASSWORD]
    #[arg(short, long, env = "VTASK_USERNAME")]
    pub username: Option<String>,

    /// File whose first line is the password
    #[arg(long, env = "VTASK_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// File whose first line is the id of a ready session (or VTASK_SESSION holds it)
    #[arg(long, env = "VTASK_SESSION_FILE", value_name = "FILE")]
    pub session_file: Option<PathBuf>,

    /// File whose first line is a ready Authorization header value (or VTASK_AUTHORIZATION holds it)
    #[arg(long, env = "VTASK_AUTHORIZATION_FILE", value_name = "FILE")]
    pub authorization_file: Option<PathBuf>,

    /// Certificate (PEM) of an authority to trust besides the machine's own [also: GOVC_TLS_CA_CERTS]
    #[arg(long, env = "VTASK_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// SHA-256 fingerprint of the server's certificate: exactly that one is accepted
    #[arg(long, env = "VTASK_THUMBPRINT", value_name = "SHA256")]
    pub thumbprint: Option<Fingerprint>,

    /// File of the certificates that were accepted by hand, instead of ~/.local/share/vtask/known-hosts
    /// [read besides: GOVC_TLS_KNOWN_HOSTS]
    #[arg(long, env = "VTASK_KNOWN_HOSTS", value_name = "FILE")]
    pub known_hosts: Option<PathBuf>,

    /// Do not check the server's certificate [also: GOVC_INSECURE]
    #[arg(long, env = "VTASK_INSECURE")]
    pub insecure: bool,

    /// Release of the API to speak, such as 8.0.3.0, instead of asking the server
    #[arg(long, env = "VTASK_RELEASE")]
    pub release: Option<String>,

    /// Send credentials over plain http to another machine
    #[arg(long, env = "VTASK_ALLOW_PLAIN_HTTP")]
    pub allow_plain_http: bool,

    /// Leave the session open at the end and use it again in the next run; `vtask logout` ends it
    #[arg(long, env = "VTASK_KEEP_SESSION")]
    pub keep_session: bool,

    /// Connection of the config file to use; several, on the screen and in list, get, wait and cancel: all of them
    #[arg(
        long,
        env = "VTASK_PROFILE",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub profile: Vec<String>,

    /// Config file to read instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConnectionArgs {
    /// The profile that is named, if one is.
    ///
    /// # Errors
    /// When there are several.
    pub(in crate::config) fn one_profile(&self) -> Result<Option<&str>, ConfigError> {
        match &self.profile[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => Err(ConfigError(format!(
                "this is about one vCenter, but --profile names {}: {}.",
                several.len(),
                several.join(", ")
            ))),
        }
    }

    /// The same for one of its profiles.
    #[must_use]
    pub fn of_profile(&self, name: &str) -> Self {
        Self {
            profile: vec![name.to_owned()],
            ..self.clone()
        }
    }
}
