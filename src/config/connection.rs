//! From flags, environment and profile to a connection.

mod args;
mod partial;
mod source;

use std::{
    env,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::{
    ConfigError, Defaults, KeyringEntry, SessionFile, file::ConfigFile, secret, trust::trust,
};
use crate::vim::{Address, ConnectOptions, Credentials, TrustPolicy};

pub use args::ConnectionArgs;
use partial::AuthMethod;
pub use partial::PartialConnection;
pub(super) use source::{Chosen, Origin, Source};

/// Environment variables, as an argument, so that nothing but the door reads the real ones.
pub trait Environment {
    /// The variable's value, if it is set and not empty.
    fn get(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Environment for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name).filter(|value| !value.is_empty())
    }
}

/// The environment of this process.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// What the config file has for flags that are not given.
///
/// # Errors
/// When the config file cannot be read or understood.
pub fn defaults(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Defaults, ConfigError> {
    ConfigFile::load(args.config.as_deref(), environment).map(|file| file.defaults)
}

/// The config file that a command goes by.
///
/// # Errors
/// When it cannot be read or understood.
pub fn file(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConfigFile, ConfigError> {
    ConfigFile::load(args.config.as_deref(), environment)
}

/// Puts the connection together; asks for the password on the terminal where nothing else gives it.
///
/// # Errors
/// When there is no address, a file cannot be read, two ways to sign in contradict each other, or credentials would
/// travel in the clear.
pub fn resolve(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<ConnectOptions, ConfigError> {
    draft(args, environment)?.finish()
}

/// Puts the connection together as far as that goes without asking anybody.
///
/// # Errors
/// As [`resolve`] has.
pub fn draft(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<PartialConnection, ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let chosen = Chosen::new(args, environment, &file)?;
    let is_allowed = |source: &Source| source.allow_plain_http;
    if chosen.address.is_exposed() && !chosen.sources.iter().any(is_allowed) {
        return Err(ConfigError(format!(
            "{} would get the credentials over plain http, where anyone on the way can read them. \
             Use https, or --allow-plain-http if you mean it.",
            chosen.address.name()
        )));
    }
    let trust = trust(args, environment, &chosen)?;
    let sign_in = if let Some(ready) = ready_credentials(&chosen)? {
        AuthMethod::Ready(ready)
    } else {
        let user = account(&chosen)?;
        let keeps = chosen.profile().and_then(|profile| profile.keep_session);
        let is_kept = keeps.unwrap_or(file.defaults.keep_session);
        let kept = (args.keep_session || is_kept)
            .then(|| SessionFile::of(&chosen.address, &user, environment))
            .transpose()?;
        AuthMethod::Account {
            password: password(&chosen, file.path.as_deref(), &user)?,
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

/// Whose session is meant, how its server is reached and where the session may be kept; without any password.
///
/// # Errors
/// As [`resolve`] has.
pub fn kept_session(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(PartialConnection, String, SessionFile), ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let chosen = Chosen::new(args, environment, &file)?;
    let user = account(&chosen)?;
    let kept = SessionFile::of(&chosen.address, &user, environment)?;
    let draft = PartialConnection {
        trust: trust(args, environment, &chosen)?,
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
    Ok((draft, user, kept))
}

/// The entry of the system's keyring for the account that is meant, and what to call that account.
///
/// # Errors
/// As [`resolve`] has.
pub fn keyring_entry(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(KeyringEntry, String), ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let chosen = Chosen::new(args, environment, &file)?;
    let user = account(&chosen)?;
    let server = chosen.address.name();
    Ok((
        KeyringEntry::of(&user, &server),
        format!("{user} on {server}"),
    ))
}

/// Which server is meant and which certificates of it are accepted, without asking for a password.
///
/// # Errors
/// As [`resolve`] has.
pub fn server_and_trust(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(Address, TrustPolicy), ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let chosen = Chosen::new(args, environment, &file)?;
    let trust = trust(args, environment, &chosen)?;
    Ok((chosen.address, trust))
}

/// Says which server is used, where the environment and the config file name different ones and none was typed.
///
/// # Errors
/// As [`resolve`] has.
pub fn server_conflict(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Option<String>, ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    Ok(Chosen::new(args, environment, &file)?.conflict)
}

/// Names the setting that makes the connection read-only; `None` where none does. One is enough: what one source
/// forbids no other allows.
///
/// # Errors
/// As [`resolve`] has.
pub fn read_only(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Option<&'static str>, ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let chosen = Chosen::new(args, environment, &file)?;
    Ok(why_read_only(args, &file, &chosen))
}

fn why_read_only(
    args: &ConnectionArgs,
    file: &ConfigFile,
    chosen: &Chosen,
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

/// Which account is meant.
fn account(chosen: &Chosen) -> Result<String, ConfigError> {
    let user = chosen.first(|source| source.account().map(str::to_owned));
    user.ok_or_else(|| {
        ConfigError(format!(
            "no account for {}. Give --username or set VTASK_USERNAME (or GOVC_USERNAME).{}",
            chosen.address.name(),
            chosen.hint
        ))
    })
}

/// The password of an account, where a source has it. One that comes with another account is not tried.
fn password(
    chosen: &Chosen,
    config: Option<&Path>,
    user: &str,
) -> Result<Option<SecretString>, ConfigError> {
    let server = chosen.address.name();
    for source in &chosen.sources {
        let is_other = source.account().is_some_and(|account| account != user);
        let found = match &source.profile {
            // The keyring has an entry for each account.
            Some(profile) if is_other && !profile.password_keyring => None,
            Some(profile) => secret::of_profile(profile, config, user, &server)?,
            None if is_other => None,
            None => match &source.password_file {
                Some(path) => {
                    let flag = of_variable(source, "--password-file", "VTASK_PASSWORD_FILE");
                    Some(secret::from_file(flag, path)?)
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
                secret::in_a_file_of_ones_own(path)?;
            }
            return Ok(Some(password.clone()));
        }
    }
    Ok(None)
}

fn of_variable(source: &Source, flag: &'static str, variable: &'static str) -> &'static str {
    match source.origin {
        Origin::Variables => variable,
        _ => flag,
    }
}

/// A session or `Authorization` value that was handed in; `None` where an account that was typed, or its password, is
/// more important.
fn ready_credentials(chosen: &Chosen) -> Result<Option<Credentials>, ConfigError> {
    for source in &chosen.sources {
        let read = |file: &Option<PathBuf>, value: &Option<SecretString>, flag, variable| {
            let flag = of_variable(source, flag, variable);
            let of_file = file.as_ref().map(|path| secret::from_file(flag, path));
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
        if source.origin.is_typed() && has_account {
            return Ok(None);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
