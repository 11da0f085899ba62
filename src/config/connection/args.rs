//! Connection options of the command line.

use std::path::PathBuf;

use clap::ArgAction;

use super::{
    super::{ConfigError, Environment, RedactedUrl, switch},
    source::variable_profiles,
};
use crate::vim::Fingerprint;

#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for an independent flag"
)]
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// URL or host of the vCenter; https unless a scheme is given [env: VTASK_URL; also GOVC_URL]
    #[arg(long)]
    pub url: Option<RedactedUrl>,

    /// User name; the password comes from --password-file, VTASK_PASSWORD or a prompt [env: VTASK_USERNAME; also
    /// GOVC_USERNAME, GOVC_PASSWORD]
    #[arg(short, long)]
    pub username: Option<String>,

    /// File whose first line is the password [env: VTASK_PASSWORD_FILE]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// File whose first line is the id of an existing session (or set VTASK_SESSION) [env: VTASK_SESSION_FILE]
    #[arg(long, value_name = "FILE")]
    pub session_file: Option<PathBuf>,

    /// File whose first line is an Authorization header value (or set VTASK_AUTHORIZATION) [env:
    /// VTASK_AUTHORIZATION_FILE]
    #[arg(long, value_name = "FILE")]
    pub authorization_file: Option<PathBuf>,

    /// CA certificates (PEM) to trust in addition to the system's [env: VTASK_CA_FILE; also GOVC_TLS_CA_CERTS]
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// SHA-256 fingerprint of the server's certificate; accept only that one [env: VTASK_THUMBPRINT]
    #[arg(long, value_name = "SHA256")]
    pub thumbprint: Option<Fingerprint>,

    /// File of trusted certificates instead of ~/.local/share/vtask/known-hosts [also read: GOVC_TLS_KNOWN_HOSTS]
    #[arg(long, env = "VTASK_KNOWN_HOSTS", value_name = "FILE")]
    pub known_hosts: Option<PathBuf>,

    /// Do not verify the server's certificate [env: VTASK_INSECURE; also GOVC_INSECURE]
    #[arg(long)]
    pub insecure: bool,

    /// API release, such as 8.0.3.0 [default: negotiated with the server] [env: VTASK_RELEASE]
    #[arg(long)]
    pub release: Option<String>,

    /// Allow sending credentials over plain HTTP to another machine [env: VTASK_ALLOW_PLAIN_HTTP]
    #[arg(long)]
    pub allow_plain_http: bool,

    /// Keep the session open on exit and reuse it in the next run; `vtask logout` ends it
    #[arg(long, env = "VTASK_KEEP_SESSION", action = ArgAction::SetTrue, value_parser = switch)]
    pub keep_session: bool,

    /// Refuse all requests that change something on the server
    #[arg(long, env = "VTASK_READ_ONLY", action = ArgAction::SetTrue, value_parser = switch)]
    pub read_only: bool,

    /// Profile of the config file; repeat it for several servers (screen, list, get, wait and cancel) [env:
    /// VTASK_PROFILE]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub profile: Vec<String>,

    /// Config file instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConnectionArgs {
    /// Returns the selected profiles: those of `--profile`, else those of `VTASK_PROFILE`.
    pub fn profiles(&self, environment: &dyn Environment) -> Vec<String> {
        if self.profile.is_empty() {
            variable_profiles(environment)
        } else {
            self.profile.clone()
        }
    }

    /// Returns the selected profile, if any.
    ///
    /// # Errors
    /// Returns an error if several are selected.
    pub(in crate::config) fn one_profile(
        &self,
        environment: &dyn Environment,
    ) -> Result<Option<String>, ConfigError> {
        match &self.profiles(environment)[..] {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            several => Err(ConfigError(format!(
                "this command takes one vCenter, but --profile (or VTASK_PROFILE) names {}: {}.",
                several.len(),
                several.join(", ")
            ))),
        }
    }

    /// Returns the arguments for one of the selected profiles.
    #[must_use]
    pub fn of_profile(&self, name: &str) -> Self {
        Self {
            profile: vec![name.to_owned()],
            ..self.clone()
        }
    }
}
