//! Connection options of the command line.

use std::path::PathBuf;

use clap::ArgAction;
use secrecy::SecretString;

use super::super::{ConfigError, ConfigFile, Environment, RedactedUrl, env_flag};
use crate::{text::matches_pattern, vim::Fingerprint};

#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct ConnectionArgs {
    /// URL or host of the vCenter; https unless a scheme is given
    #[arg(long, global = true, hide_short_help = true)]
    pub url: Option<RedactedUrl>,

    /// User name; the password is prompted for if none is configured
    #[arg(short, long, global = true, hide_short_help = true)]
    pub username: Option<String>,

    /// File whose first line is the password; - for standard input
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// File whose first line is the ID of an existing session
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub session_file: Option<PathBuf>,

    /// File whose first line is an Authorization header value
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub authorization_file: Option<PathBuf>,

    /// CA certificates (PEM) to trust besides the system's
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Accept only the certificate with this SHA-256 fingerprint
    #[arg(long, global = true, hide_short_help = true, value_name = "SHA256")]
    pub thumbprint: Option<Fingerprint>,

    /// Trusted certificates [default: ~/.local/share/vtask/known-hosts]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "VTASK_KNOWN_HOSTS",
        value_name = "FILE"
    )]
    pub known_hosts: Option<PathBuf>,

    /// Do not verify the server's certificate
    #[arg(long, global = true, hide_short_help = true)]
    pub insecure: bool,

    /// API release, such as 8.0.3.0 [default: negotiated]
    #[arg(long, global = true, hide_short_help = true)]
    pub release: Option<String>,

    /// Allow credentials over plain HTTP to another machine
    #[arg(long, global = true, hide_short_help = true)]
    pub allow_plain_http: bool,

    /// Keep the session for the next run; `vtask logout` ends it
    #[arg(long, global = true, hide_short_help = true, env = "VTASK_KEEP_SESSION", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub keep_session: bool,

    /// Refuse requests that change something on the server
    #[arg(long, global = true, hide_short_help = true, env = "VTASK_READ_ONLY", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub read_only: bool,

    /// Profiles of the config file: a name, a,b or 'lab-*'
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME", value_delimiter = ',')]
    pub profile: Vec<String>,

    /// Config file [default: ~/.config/vtask/config.toml]
    #[arg(long, global = true, hide_short_help = true, env = "VTASK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The password, if it was read from standard input.
    #[arg(skip)]
    pub password: Option<SecretString>,
}

impl ConnectionArgs {
    /// Returns the selected profiles: those of `--profile`, else those of `VTASK_PROFILE`. A pattern selects all
    /// profiles that match it; one that matches none is returned as it is.
    pub fn profiles(&self, environment: &dyn Environment) -> Vec<String> {
        let names = self.given_profiles(environment);
        if !names.iter().any(|name| is_pattern(name)) {
            return names;
        }
        // An error of the config file is reported when the profile is read.
        let file = ConfigFile::load(self.config.as_deref(), environment).unwrap_or_default();
        expanded(names, &file)
    }

    /// True if the profiles are selected by a pattern, so that their number depends on the config file.
    pub fn has_profile_pattern(&self, environment: &dyn Environment) -> bool {
        let names = self.given_profiles(environment);
        names.iter().any(|name| is_pattern(name))
    }

    fn given_profiles(&self, environment: &dyn Environment) -> Vec<String> {
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

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Replaces patterns by the names of the profiles that match them.
pub(super) fn expanded(names: Vec<String>, file: &ConfigFile) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let profiles = file.profiles.keys();
        let fits = |profile: &&String| is_pattern(&name) && matches_pattern(profile, &name);
        let matching: Vec<_> = profiles.filter(fits).cloned().collect();
        if matching.is_empty() {
            all.push(name);
        } else {
            let new = matching.into_iter().filter(|name| !all.contains(name));
            let new: Vec<_> = new.collect();
            all.extend(new);
        }
    }
    all
}

/// Returns the profiles selected by `VTASK_PROFILE`, with patterns as they are.
pub(super) fn variable_profiles(environment: &dyn Environment) -> Vec<String> {
    let names = environment.get("VTASK_PROFILE").unwrap_or_default();
    let names = names.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}
