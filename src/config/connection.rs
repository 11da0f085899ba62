//! Builds the connection from flags, environment and profile.

mod args;
mod partial;
mod source;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{
    ConfigError, Environment, KeyringEntry, SessionFile, file::ConfigFile, password_source,
    trust::trust_policy,
};
use crate::vim::{Address, Credentials, TrustPolicy};

pub use args::ConnectionArgs;
use partial::AuthMethod;
pub use partial::PartialConnection;
pub(super) use source::{SelectedServer, SettingsSource, SourceKind};

/// Loads the config file of a command.
///
/// # Errors
/// Returns an error if it cannot be read or parsed.
pub fn load_config(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConfigFile, ConfigError> {
    ConfigFile::load(args.config.as_deref(), environment)
}

/// Resolves the connection without prompting. A password-command or the keyring may take time.
///
/// # Errors
/// Returns an error if there is no address, a file cannot be read, two authentication methods are given, or
/// credentials would be sent unencrypted.
pub async fn resolve_connection(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<PartialConnection, ConfigError> {
    let file = load_config(args, environment)?;
    let chosen = SelectedServer::new(args, environment, &file)?;
    let is_allowed = |source: &SettingsSource| source.allow_plain_http;
    if chosen.address.is_exposed() && !chosen.sources.iter().any(is_allowed) {
        return Err(ConfigError(format!(
            "refusing to send credentials to {} over plain http. Use https, or --allow-plain-http to override.",
            chosen.address.label()
        )));
    }
    let trust = trust_policy(args, environment, &chosen)?;
    let sign_in = if let Some(ready) = ready_credentials(&chosen)? {
        AuthMethod::Ready(ready)
    } else {
        let user = user_name(&chosen)?;
        let keeps = chosen.profile().and_then(|profile| profile.keep_session);
        let is_kept = keeps.unwrap_or(file.defaults.keep_session);
        let kept = (args.keep_session || is_kept)
            .then(|| SessionFile::of(&chosen.address, &user, environment))
            .transpose()?;
        AuthMethod::Account {
            password: password(&chosen, file.path.as_deref(), &user, environment).await?,
            hint: chosen.hint.clone(),
            user,
            kept,
        }
    };
    Ok(PartialConnection {
        trust,
        release: chosen.first(|source| source.release.clone()),
        read_only: why_read_only(args, &file, &chosen).is_some(),
        address: chosen.address,
        sign_in,
    })
}

/// Returns user name, address and session file for `--keep-session`, without resolving a password.
///
/// # Errors
/// Same as [`resolve_connection`].
pub fn kept_session(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(PartialConnection, String, SessionFile), ConfigError> {
    let file = load_config(args, environment)?;
    let chosen = SelectedServer::new(args, environment, &file)?;
    let user = user_name(&chosen)?;
    let kept = SessionFile::of(&chosen.address, &user, environment)?;
    let connection = PartialConnection {
        trust: trust_policy(args, environment, &chosen)?,
        release: chosen.first(|source| source.release.clone()),
        read_only: why_read_only(args, &file, &chosen).is_some(),
        address: chosen.address,
        sign_in: AuthMethod::Account {
            user: user.clone(),
            password: None,
            hint: chosen.hint,
            kept: Some(kept.clone()),
        },
    };
    Ok((connection, user, kept))
}

/// Returns the keyring entry of the selected account and a name for it.
///
/// # Errors
/// Same as [`resolve_connection`].
pub fn keyring_entry(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(KeyringEntry, String), ConfigError> {
    let file = load_config(args, environment)?;
    let chosen = SelectedServer::new(args, environment, &file)?;
    let user = user_name(&chosen)?;
    let server = chosen.address.name();
    Ok((
        KeyringEntry::of(&user, &server),
        format!("{user} on {server}"),
    ))
}

/// Returns the selected server and its trust policy without resolving credentials.
///
/// # Errors
/// Same as [`resolve_connection`].
pub fn server_and_trust(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(Address, TrustPolicy), ConfigError> {
    let file = load_config(args, environment)?;
    let chosen = SelectedServer::new(args, environment, &file)?;
    let trust = trust_policy(args, environment, &chosen)?;
    Ok((chosen.address, trust))
}

/// Returns a message if environment and config file name different servers and none was typed.
///
/// # Errors
/// Same as [`resolve_connection`].
pub fn server_conflict(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Option<String>, ConfigError> {
    let file = load_config(args, environment)?;
    Ok(SelectedServer::new(args, environment, &file)?.conflict)
}

/// Returns the name of the setting that makes the connection read-only, if any. One source is enough; no other can
/// undo it.
///
/// # Errors
/// Same as [`resolve_connection`].
pub fn read_only(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Option<&'static str>, ConfigError> {
    let file = load_config(args, environment)?;
    let chosen = SelectedServer::new(args, environment, &file)?;
    Ok(why_read_only(args, &file, &chosen))
}

fn why_read_only(
    args: &ConnectionArgs,
    file: &ConfigFile,
    chosen: &SelectedServer,
) -> Option<&'static str> {
    if args.read_only {
        Some("--read-only or VTASK_READ_ONLY")
    } else if file.defaults.read_only {
        Some("read-only in [defaults] of the config file")
    } else if chosen.profile().is_some_and(|profile| profile.read_only) {
        Some("read-only in the profile")
    } else {
        None
    }
}

/// Returns the user name.
fn user_name(chosen: &SelectedServer) -> Result<String, ConfigError> {
    let user = chosen.first(|source| source.account().map(str::to_owned));
    user.ok_or_else(|| {
        ConfigError(format!(
            "no account for {}. Give --username or set VTASK_USERNAME (or GOVC_USERNAME).{}",
            chosen.address.label(),
            chosen.hint
        ))
    })
}

/// Returns the password from the first source that has one for this account.
async fn password(
    chosen: &SelectedServer,
    config: Option<&Path>,
    user: &str,
    environment: &dyn Environment,
) -> Result<Option<SecretString>, ConfigError> {
    let server = chosen.address.name();
    for source in &chosen.sources {
        let is_other = source.account().is_some_and(|account| account != user);
        let found = match &source.profile {
            // The keyring has an entry per account.
            Some(profile) if is_other && !profile.password_keyring => None,
            Some(profile) => {
                password_source::of_profile(profile, config, (user, &server), environment).await?
            }
            None if is_other => None,
            None => match &source.password_file {
                Some(path) => {
                    let flag = of_variable(source, "--password-file", "VTASK_PASSWORD_FILE");
                    Some(password_source::from_file(flag, path)?)
                }
                None => source.password.clone(),
            },
        };
        if found.is_some() {
            return Ok(found);
        }
        if let Some((account, Some(password))) = &source.user_info
            && (account.is_empty() || account == user)
        {
            if let (Some(_), Some(path)) = (&source.profile, config) {
                password_source::warn_plain_text_password(path, environment)?;
            }
            return Ok(Some(password.clone()));
        }
    }
    Ok(None)
}

fn of_variable(
    source: &SettingsSource,
    flag: &'static str,
    variable: &'static str,
) -> &'static str {
    match source.kind {
        SourceKind::Variables => variable,
        _ => flag,
    }
}

/// Returns a given session or `Authorization` value, unless a typed account or password takes precedence.
fn ready_credentials(chosen: &SelectedServer) -> Result<Option<Credentials>, ConfigError> {
    for source in &chosen.sources {
        let read = |file: &Option<PathBuf>, value: &Option<SecretString>, flag, variable| {
            let flag = of_variable(source, flag, variable);
            let of_file = file
                .as_ref()
                .map(|path| password_source::from_file(flag, path));
            Ok(of_file.transpose()?.or_else(|| value.clone()))
        };
        let session = read(
            &source.session_file,
            &source.session,
            "--session-file",
            "VTASK_SESSION_FILE",
        )?;
        let authorization = read(
            &source.authorization_file,
            &source.authorization,
            "--authorization-file",
            "VTASK_AUTHORIZATION_FILE",
        )?;
        match (session, authorization) {
            (Some(_), Some(_)) => {
                return Err(ConfigError(
                    "both a session and an Authorization value are given. Give one of them."
                        .to_owned(),
                ));
            }
            (Some(session), None) => return Ok(Some(Credentials::Session(session))),
            (None, Some(value)) => return Ok(Some(Credentials::Authorization(value))),
            (None, None) => {}
        }
        let has_account = match &source.profile {
            Some(profile) => profile.has_password(),
            None => source.account().is_some() || source.password_file.is_some(),
        };
        if source.kind.is_typed() && has_account {
            return Ok(None);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
