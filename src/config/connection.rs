//! From flags, environment and profile to a connection.

mod args;
mod draft;

use std::{env, ops::Deref, path::PathBuf};

use secrecy::SecretString;

use super::{
    ConfigError, Defaults, GivenUrl, KeptSession, KeyringEntry, Profile, file::ConfigFile, secret,
    trust::trust,
};
use crate::vim::{Address, ConnectOptions, Credentials, Trust};

pub use args::ConnectionArgs;
pub use draft::Draft;
use draft::SignIn;

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
pub fn draft(args: &ConnectionArgs, environment: &dyn Environment) -> Result<Draft, ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let named = args.one_profile()?;
    let profile = file.profile(named)?;
    let (address, user_info) = server(args, environment, &profile)?;
    if address.is_exposed() && !args.allow_plain_http {
        return Err(ConfigError(format!(
            "{} would get the credentials over plain http, where anyone on the way can read them. \
             Use https, or --allow-plain-http if you mean it.",
            address.name()
        )));
    }
    let (url_user, url_password) = match user_info {
        Some((user, password)) => (Some(user), password),
        None => (None, None),
    };
    let trust = trust(args, environment, &profile, &address)?;
    let sign_in = if let Some(ready) = ready_credentials(args, environment)? {
        SignIn::Ready(ready)
    } else {
        let user = account(args, environment, &profile, url_user, &address)?;
        let given = match &args.password_file {
            Some(path) => Some(secret::from_file("--password-file", path)?),
            None => environment
                .get("VTASK_PASSWORD")
                .map(SecretString::from)
                .or(url_password),
        };
        let of_govc = || environment.get("GOVC_PASSWORD").map(SecretString::from);
        let of_profile =
            || secret::of_profile(&profile, file.path.as_deref(), &user, &address.name());
        let password = match (given, named) {
            (Some(given), _) => Some(given),
            (None, Some(_)) => of_profile()?.or_else(of_govc),
            (None, None) => match of_govc() {
                Some(password) => Some(password),
                None => of_profile()?,
            },
        };
        let is_kept = profile.keep_session.unwrap_or(file.defaults.keep_session);
        let kept = (args.keep_session || is_kept)
            .then(|| KeptSession::of(&address, &user, environment))
            .transpose()?;
        SignIn::Account {
            user,
            password,
            kept,
        }
    };
    Ok(Draft {
        address,
        trust,
        release: args.release.clone().or(profile.release),
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
) -> Result<(Draft, String, KeptSession), ConfigError> {
    let (address, user, trust) = whom(args, environment)?;
    let kept = KeptSession::of(&address, &user, environment)?;
    let draft = Draft {
        address,
        trust,
        release: args.release.clone(),
        sign_in: SignIn::Account {
            user: user.clone(),
            password: None,
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
    let (address, user, _) = whom(args, environment)?;
    let server = address.name();
    Ok((
        KeyringEntry::of(&user, &server),
        format!("{user} on {server}"),
    ))
}

fn whom(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(Address, String, Trust), ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let profile = file.profile(args.one_profile()?)?;
    let (address, user_info) = server(args, environment, &profile)?;
    let url_user = user_info.map(|(user, _)| user);
    let user = account(args, environment, &profile, url_user, &address)?;
    let trust = trust(args, environment, &profile, &address)?;
    Ok((address, user, trust))
}

/// Which account is meant.
fn account(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    profile: &Profile,
    url_user: Option<String>,
    address: &Address,
) -> Result<String, ConfigError> {
    let of_profile = profile.username.clone();
    let of_named = if args.profile.is_empty() {
        None
    } else {
        of_profile.clone()
    };
    let user = first([
        args.username.clone(),
        url_user,
        of_named,
        environment.get("GOVC_USERNAME"),
        of_profile,
    ]);
    user.ok_or_else(|| {
        ConfigError(format!(
            "no account for {}. Give --username or set VTASK_USERNAME (or GOVC_USERNAME).",
            address.name()
        ))
    })
}

/// Which server is meant and which certificates of it are accepted, without asking for a password.
///
/// # Errors
/// As [`resolve`] has.
pub fn server_and_trust(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<(Address, Trust), ConfigError> {
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let profile = file.profile(args.one_profile()?)?;
    let (address, _) = server(args, environment, &profile)?;
    let trust = trust(args, environment, &profile, &address)?;
    Ok((address, trust))
}

/// Which server is meant, and who stood in its URL.
fn server(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    profile: &Profile,
) -> Result<(Address, Option<UserInfo>), ConfigError> {
    // A profile that was asked for by name wins over another tool's environment.
    let of_named = if args.profile.is_empty() {
        None
    } else {
        profile.url.clone()
    };
    let url = first([
        args.url.clone(),
        of_named,
        environment.get("GOVC_URL").map(GivenUrl::from),
        profile.url.clone(),
    ]);
    let url = url.ok_or_else(|| {
        ConfigError(
            "no vCenter is named. Give --url, set VTASK_URL (or GOVC_URL), or try `vtask demo`, which needs none."
                .to_owned(),
        )
    })?;
    Address::parse(&url).map_err(|error| ConfigError(error.to_string()))
}

/// User and password that stood in a URL.
type UserInfo = (String, Option<SecretString>);

/// A session or `Authorization` value that was handed in.
fn ready_credentials(
    args: &ConnectionArgs,
    environment: &dyn Environment,
) -> Result<Option<Credentials>, ConfigError> {
    let ready = |file: &Option<PathBuf>, flag: &str, variable: &str| match file {
        Some(path) => secret::from_file(flag, path).map(Some),
        None => Ok(environment.get(variable).map(SecretString::from)),
    };
    let session = ready(&args.session_file, "--session-file", "VTASK_SESSION")?;
    let authorization = ready(
        &args.authorization_file,
        "--authorization-file",
        "VTASK_AUTHORIZATION",
    )?;
    match (session, authorization) {
        (Some(_), Some(_)) => Err(ConfigError(
            "both a session and an Authorization value are given. Give one of them.".to_owned(),
        )),
        (Some(session), None) => Ok(Some(Credentials::Session(session))),
        (None, Some(value)) => Ok(Some(Credentials::Authorization(value))),
        (None, None) => Ok(None),
    }
}

fn first<T: Deref<Target = str>, const N: usize>(candidates: [Option<T>; N]) -> Option<T> {
    candidates
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
