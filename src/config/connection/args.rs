//! What the command line says of the connection.

use std::path::PathBuf;

use clap::ArgAction;

use super::{
    super::{ConfigError, Environment, RedactedUrl, switch},
    source::variable_profiles,
};
use crate::vim::Fingerprint;

/// How to reach the vCenter.
#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for an independent flag"
)]
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Address of the vCenter; without a scheme it means https [env: VTASK_URL; also GOVC_URL]
    #[arg(long)]
    pub url: Option<RedactedUrl>,

    /// Account to sign in with; its password comes from --password-file, VTASK_PASSWORD or a prompt
    /// [env: VTASK_USERNAME; also GOVC_USERNAME, GOVC_PASSWORD]
    #[arg(short, long)]
    pub username: Option<String>,

    /// File whose first line is the password [env: VTASK_PASSWORD_FILE]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// File whose first line is the id of a ready session (or VTASK_SESSION holds it) [env: VTASK_SESSION_FILE]
    #[arg(long, value_name = "FILE")]
    pub session_file: Option<PathBuf>,

    /// File whose first line is a ready Authorization header value (or VTASK_AUTHORIZATION holds it)
    /// [env: VTASK_AUTHORIZATION_FILE]
    #[arg(long, value_name = "FILE")]
    pub authorization_file: Option<PathBuf>,

    /// Certificate (PEM) of an authority to trust besides the machine's own
    /// [env: VTASK_CA_FILE; also GOVC_TLS_CA_CERTS]
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// SHA-256 fingerprint of the server's certificate: exactly that one is accepted [env: VTASK_THUMBPRINT]
    #[arg(long, value_name = "SHA256")]
    pub thumbprint: Option<Fingerprint>,

    /// File of the certificates that were accepted by hand, instead of ~/.local/share/vtask/known-hosts
    /// [read besides: GOVC_TLS_KNOWN_HOSTS]
    #[arg(long, env = "VTASK_KNOWN_HOSTS", value_name = "FILE")]
    pub known_hosts: Option<PathBuf>,

    /// Do not check the server's certificate [env: VTASK_INSECURE; also GOVC_INSECURE]
    #[arg(long)]
    pub insecure: bool,

    /// Release of the API to speak, such as 8.0.3.0, instead of asking the server [env: VTASK_RELEASE]
    #[arg(long)]
    pub release: Option<String>,

    /// Send credentials over plain http to another machine [env: VTASK_ALLOW_PLAIN_HTTP]
    #[arg(long)]
    pub allow_plain_http: bool,

    /// Leave the session open at the end and use it again in the next run; `vtask logout` ends it
    #[arg(long, env = "VTASK_KEEP_SESSION", action = ArgAction::SetTrue, value_parser = switch)]
    pub keep_session: bool,

    /// Refuse every request that changes something on the server
    #[arg(long, env = "VTASK_READ_ONLY", action = ArgAction::SetTrue, value_parser = switch)]
    pub read_only: bool,

    /// Connection of the config file to use; several, on the screen and in list, get, wait and cancel: all of them
    /// [env: VTASK_PROFILE]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub profile: Vec<String>,

    /// Config file to read instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConnectionArgs {
    /// The profiles that are named: by what was typed, else by `VTASK_PROFILE`.
    pub fn profiles(&self, environment: &dyn Environment) -> Vec<String> {
        if self.profile.is_empty() {
            variable_profiles(environment)
        } else {
            self.profile.clone()
        }
    }

    /// The profile that is named, if one is.
    ///
    /// # Errors
    /// When there are several.
    pub(in crate::config) fn one_profile(
        &self,
        environment: &dyn Environment,
    ) -> Result<Option<String>, ConfigError> {
        match &self.profiles(environment)[..] {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            several => Err(ConfigError(format!(
                "this is about one vCenter, but --profile (or VTASK_PROFILE) names {}: {}.",
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
