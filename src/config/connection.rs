//! From flags, environment and profile to a connection.

use std::{env, ops::Deref, path::PathBuf, sync::Arc};

use secrecy::SecretString;

use super::{
    ConfigError, Defaults, GivenUrl, KeptSession, KeyringEntry, Profile, file::ConfigFile, secret,
    trust::trust,
};
use crate::vim::{Address, ConnectOptions, Credentials, Fingerprint, Trust};

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

impl ConnectionArgs {
    /// The profile that is named, if one is.
    ///
    /// # Errors
    /// When there are several.
    pub(super) fn one_profile(&self) -> Result<Option<&str>, ConfigError> {
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

/// A connection but for what may have to be asked for.
#[derive(Debug)]
pub struct Draft {
    /// Where the server is.
    pub address: Address,
    trust: Trust,
    release: Option<String>,
    sign_in: SignIn,
}

#[derive(Debug)]
enum SignIn {
    Ready(Credentials),
    Account {
        user: String,
        password: Option<SecretString>,
        kept: Option<KeptSession>,
    },
}

impl Draft {
    /// The session of an earlier run, where it is wanted.
    pub fn kept(&self) -> Option<(&str, &KeptSession)> {
        match &self.sign_in {
            SignIn::Account { user, kept, .. } => kept.as_ref().map(|kept| (user.as_str(), kept)),
            SignIn::Ready(_) => None,
        }
    }

    /// Whether the password would have to be asked for.
    pub fn lacks_password(&self) -> bool {
        matches!(&self.sign_in, SignIn::Account { password: None, .. })
    }

    /// With a session that is open already.
    #[must_use]
    pub fn with_session(&self, session: SecretString) -> ConnectOptions {
        self.with(Credentials::Session(session))
    }

    /// Asks for the password on the terminal where nothing else gave it.
    ///
    /// # Errors
    /// When there is no terminal.
    pub fn finish(self) -> Result<ConnectOptions, ConfigError> {
        let credentials = match &self.sign_in {
            SignIn::Ready(credentials) => credentials.clone(),
            SignIn::Account {
                user,
                password,
                kept,
            } => {
                let password = match password {
                    Some(password) => password.clone(),
                    None => secret::prompt(user, &self.address.name())?,
                };
                let user = user.clone();
                match kept {
                    None => Credentials::Password { user, password },
                    Some(kept) => Credentials::Kept {
                        user,
                        password,
                        shelf: Arc::new(kept.clone()),
                    },
                }
            }
        };
        Ok(self.with(credentials))
    }

    fn with(&self, credentials: Credentials) -> ConnectOptions {
        ConnectOptions {
            address: self.address.clone(),
            trust: self.trust.clone(),
            credentials,
            release: self.release.clone(),
            patience: ConnectOptions::PATIENCE,
            traffic: Arc::default(),
        }
    }
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
            url: Some("vc02.lab".into()),
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
            url: Some("vc01.lab".into()),
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
            url: Some("http://vc01.lab".into()),
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
            url: Some("vc01.lab".into()),
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
