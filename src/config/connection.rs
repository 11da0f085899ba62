//! From flags, environment and profile to a connection.

use std::{env, path::PathBuf, sync::Arc};

use secrecy::SecretString;

use super::{ConfigError, Defaults, Profile, file::ConfigFile, secret, trust::trust};
use crate::vim::{Address, ConnectOptions, Credentials, Fingerprint, Trust};

/// How to reach the vCenter.
#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Address of the vCenter; without a scheme it means https [also: GOVC_URL]
    #[arg(long, env = "VTASK_URL", hide_env_values = true)]
    pub url: Option<String>,

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
    #[arg(
        long,
        global = true,
        env = "VTASK_AUTHORIZATION_FILE",
        value_name = "FILE"
    )]
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

    /// Connection of the config file to use
    #[arg(long, env = "VTASK_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,

    /// Config file to read instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

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
    let file = ConfigFile::load(args.config.as_deref(), environment)?;
    let profile = file.profile(args.profile.as_deref())?;
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
    let user = first([
        args.username.clone(),
        url_user,
        args.profile.as_ref().and(profile.username.clone()),
        environment.get("GOVC_USERNAME"),
        profile.username.clone(),
    ]);
    let credentials = if let Some(ready) = ready_credentials(args, environment)? {
        ready
    } else {
        let user = user.ok_or_else(|| {
            ConfigError(format!(
                "no account for {}. Give --username or set VTASK_USERNAME (or GOVC_USERNAME).",
                address.name()
            ))
        })?;
        let given = match &args.password_file {
            Some(path) => Some(secret::from_file("--password-file", path)?),
            None => environment
                .get("VTASK_PASSWORD")
                .map(SecretString::from)
                .or(url_password),
        };
        let of_govc = || environment.get("GOVC_PASSWORD").map(SecretString::from);
        let of_profile = || secret::of_profile(&profile, file.path.as_deref());
        let found = match (given, &args.profile) {
            (Some(given), _) => Some(given),
            (None, Some(_)) => of_profile()?.or_else(of_govc),
            (None, None) => match of_govc() {
                Some(password) => Some(password),
                None => of_profile()?,
            },
        };
        let password = match found {
            Some(password) => password,
            None => secret::prompt(&user, &address.name())?,
        };
        Credentials::Password { user, password }
    };
    let trust = trust(args, environment, &profile, &address)?;
    Ok(ConnectOptions {
        address,
        trust,
        credentials,
        release: args.release.clone().or(profile.release),
        traffic: Arc::default(),
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
    let profile = file.profile(args.profile.as_deref())?;
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
    let url = first([
        args.url.clone(),
        // A profile that was asked for by name wins over another tool's environment.
        args.profile.as_ref().and(profile.url.clone()),
        environment.get("GOVC_URL"),
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

fn first<const N: usize>(candidates: [Option<String>; N]) -> Option<String> {
    candidates
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Environment + use<> {
        let pairs: HashMap<String, String> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        move |name: &str| pairs.get(name).cloned()
    }

    fn account(options: &ConnectOptions) -> (String, String) {
        match &options.credentials {
            Credentials::Password { user, password } => {
                (user.clone(), password.expose_secret().to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn govcs_variables_work_as_they_are() {
        let environment = environment(&[
            ("GOVC_URL", "https://ops:pw@vc01.lab/sdk"),
            ("GOVC_INSECURE", "true"),
        ]);
        let options = resolve(&ConnectionArgs::default(), &environment).unwrap();
        assert_eq!(options.address.name(), "vc01.lab");
        assert_eq!(account(&options), ("ops".to_owned(), "pw".to_owned()));
        assert!(options.trust.is_insecure());
    }

    #[test]
    fn flags_win_over_the_environment() {
        let environment = environment(&[
            ("GOVC_URL", "https://ops:pw@vc01.lab/sdk"),
            ("VTASK_PASSWORD", "mine"),
        ]);
        let args = ConnectionArgs {
            url: Some("vc02.lab".to_owned()),
            username: Some("kim".to_owned()),
            ..ConnectionArgs::default()
        };
        let options = resolve(&args, &environment).unwrap();
        assert_eq!(options.address.name(), "vc02.lab");
        assert_eq!(account(&options), ("kim".to_owned(), "mine".to_owned()));
    }

    #[test]
    fn ready_sessions_need_no_account_and_exclude_each_other() {
        let url = ("VTASK_URL_UNUSED", "");
        let args = ConnectionArgs {
            url: Some("vc01.lab".to_owned()),
            ..ConnectionArgs::default()
        };
        let session = environment(&[url, ("VTASK_SESSION", "abc")]);
        let options = resolve(&args, &session).unwrap();
        assert!(matches!(options.credentials, Credentials::Session(_)));
        assert!(
            !format!("{options:?}").contains("abc"),
            "secrets never show"
        );
        let both = environment(&[("VTASK_SESSION", "abc"), ("VTASK_AUTHORIZATION", "Basic x")]);
        assert!(resolve(&args, &both).is_err());
    }

    #[test]
    fn credentials_do_not_travel_in_the_clear() {
        let environment = environment(&[("VTASK_PASSWORD", "pw")]);
        let mut args = ConnectionArgs {
            url: Some("http://vc01.lab".to_owned()),
            username: Some("ops".to_owned()),
            ..ConnectionArgs::default()
        };
        let refused = resolve(&args, &environment).unwrap_err();
        assert!(refused.0.contains("plain http"), "{refused}");
        args.allow_plain_http = true;
        assert!(resolve(&args, &environment).is_ok());
    }

    #[test]
    fn what_is_missing_is_said() {
        let nothing = environment(&[]);
        let error = resolve(&ConnectionArgs::default(), &nothing).unwrap_err();
        assert!(error.0.contains("--url"), "{error}");
        let args = ConnectionArgs {
            url: Some("vc01.lab".to_owned()),
            ..ConnectionArgs::default()
        };
        let error = resolve(&args, &nothing).unwrap_err();
        assert!(error.0.contains("--username"), "{error}");
        let args = ConnectionArgs {
            password_file: Some("/nonexistent/password".into()),
            username: Some("ops".to_owned()),
            ..args
        };
        let error = resolve(&args, &nothing).unwrap_err();
        assert!(error.0.contains("/nonexistent/password"), "{error}");
    }
}
