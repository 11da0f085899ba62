//! Sources of connection settings in order of precedence, and the choice of the server.
//!
//! A source that names a server applies to that server only: its other settings, above all credentials, are never
//! used for another one.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{
    super::{ConfigError, ConfigFile, Environment, Profile, RedactedUrl, env_flag},
    args::{ConnectionArgs, expanded, variable_profiles},
};
use crate::vim::{Address, Fingerprint};

/// User name and password from a URL.
type UserInfo = (String, Option<SecretString>);

/// Kind of a source. Settings typed for this run take precedence over stored ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::config) enum SourceKind {
    /// Command-line flags.
    #[default]
    Flags,
    /// Profile selected by `--profile`.
    TypedProfile,
    /// `VTASK_…` variables.
    Variables,
    /// Profile selected by `VTASK_PROFILE`.
    VariableProfile,
    /// govc's `GOVC_…` variables.
    Govc,
    /// Profile used if none is selected.
    DefaultProfile,
}

impl SourceKind {
    /// Returns true if the source was typed for this run.
    pub(in crate::config) fn is_typed(self) -> bool {
        matches!(self, Self::Flags | Self::TypedProfile)
    }
}

/// One source of settings.
#[derive(Debug, Default)]
pub(in crate::config) struct SettingsSource {
    pub kind: SourceKind,
    /// Server named by the source.
    server: Option<Result<Address, ConfigError>>,
    /// Servers that the settings apply to if the source names none itself.
    servers: Vec<Address>,
    pub username: Option<String>,
    pub password: Option<SecretString>,
    pub password_file: Option<PathBuf>,
    pub session: Option<SecretString>,
    pub session_file: Option<PathBuf>,
    pub authorization: Option<SecretString>,
    pub authorization_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub thumbprint: Option<Fingerprint>,
    pub insecure: bool,
    pub release: Option<String>,
    pub allow_plain_http: bool,
    /// The underlying profile, for settings that only profiles have.
    pub profile: Option<Profile>,
    /// User name and password from the source's URL.
    pub user_info: Option<UserInfo>,
}

impl SettingsSource {
    /// Creates a source without settings, for the server of `url` if given.
    fn of(kind: SourceKind, url: Option<&RedactedUrl>) -> Self {
        let url = url.filter(|url| !url.is_empty());
        let (server, user_info) = match url.map(|url| parse(kind, url)) {
            None => (None, None),
            Some(Ok((address, user_info))) => (Some(Ok(address)), user_info),
            Some(Err(error)) => (Some(Err(error)), None),
        };
        Self {
            kind,
            server,
            user_info,
            ..Self::default()
        }
    }

    fn flags(args: &ConnectionArgs) -> Self {
        Self {
            username: args.username.clone(),
            password: args.password.clone(),
            password_file: args.password_file.clone(),
            session_file: args.session_file.clone(),
            authorization_file: args.authorization_file.clone(),
            ca_file: args.ca_file.clone(),
            thumbprint: args.thumbprint,
            insecure: args.insecure,
            release: args.release.clone(),
            allow_plain_http: args.allow_plain_http,
            ..Self::of(SourceKind::Flags, args.url.as_ref())
        }
    }

    fn variables(environment: &dyn Environment) -> Result<Self, ConfigError> {
        let path = |name: &str| environment.get(name).map(PathBuf::from);
        let secret = |name: &str| environment.get(name).map(SecretString::from);
        let is_on = |name: &str| match env_flag(&environment.get(name).unwrap_or_default()) {
            Ok(is_on) => Ok(is_on),
            Err(expected) => Err(ConfigError(format!("{name}: {expected}."))),
        };
        let thumbprint = environment.get("VTASK_THUMBPRINT").map(|text| {
            let wrong = |error| ConfigError(format!("VTASK_THUMBPRINT: {error}"));
            text.parse::<Fingerprint>().map_err(wrong)
        });
        let url = environment.get("VTASK_URL").map(RedactedUrl::from);
        Ok(Self {
            username: environment.get("VTASK_USERNAME"),
            password: secret("VTASK_PASSWORD"),
            password_file: path("VTASK_PASSWORD_FILE"),
            session: secret("VTASK_SESSION"),
            session_file: path("VTASK_SESSION_FILE"),
            authorization: secret("VTASK_AUTHORIZATION"),
            authorization_file: path("VTASK_AUTHORIZATION_FILE"),
            ca_file: path("VTASK_CA_FILE"),
            thumbprint: thumbprint.transpose()?,
            insecure: is_on("VTASK_INSECURE")?,
            release: environment.get("VTASK_RELEASE"),
            allow_plain_http: is_on("VTASK_ALLOW_PLAIN_HTTP")?,
            ..Self::of(SourceKind::Variables, url.as_ref())
        })
    }

    fn govc(environment: &dyn Environment) -> Self {
        let url = environment.get("GOVC_URL").map(RedactedUrl::from);
        let insecure = environment.get("GOVC_INSECURE");
        Self {
            username: environment.get("GOVC_USERNAME"),
            password: environment.get("GOVC_PASSWORD").map(SecretString::from),
            ca_file: environment.get("GOVC_TLS_CA_CERTS").map(PathBuf::from),
            insecure: insecure.is_some_and(|value| env_flag(&value) == Ok(true)),
            ..Self::of(SourceKind::Govc, url.as_ref())
        }
    }

    fn profile(kind: SourceKind, profile: Profile) -> Self {
        let source = Self::of(kind, profile.url.as_ref());
        Self {
            username: profile.username.clone(),
            ca_file: profile.ca_file.clone(),
            thumbprint: profile.thumbprint,
            insecure: profile.insecure,
            release: profile.release.clone(),
            profile: Some(profile),
            ..source
        }
    }

    /// Returns the user name, if the source has one.
    pub(super) fn account(&self) -> Option<&str> {
        let of_url = self.user_info.as_ref().map(|(user, _)| user.as_str());
        let named = [self.username.as_deref(), of_url];
        named.into_iter().flatten().find(|user| !user.is_empty())
    }

    /// Returns the setting that gives the server, such as `VTASK_URL` or `the default profile lab`.
    fn server_setting(&self) -> String {
        let profile = self.profile.as_ref();
        let profile = profile.map_or("", |profile| profile.name.as_str());
        match self.kind {
            SourceKind::Flags => "--url".to_owned(),
            SourceKind::TypedProfile => format!("--profile {profile}"),
            SourceKind::Variables => "VTASK_URL".to_owned(),
            SourceKind::VariableProfile => format!("VTASK_PROFILE={profile}"),
            SourceKind::Govc => "GOVC_URL".to_owned(),
            SourceKind::DefaultProfile => format!("the default profile {profile}"),
        }
    }

    /// Returns the location of the account: `the flags`, `the variables VTASK_…` or `the profile lab`.
    fn account_location(&self) -> String {
        match (self.kind, &self.profile) {
            (_, Some(profile)) => format!("the profile {}", profile.name),
            (SourceKind::Variables, _) => "the variables VTASK_…".to_owned(),
            (SourceKind::Govc, _) => "the variables GOVC_…".to_owned(),
            (_, None) => "the flags".to_owned(),
        }
    }

    /// Returns true if the settings may be used for a server.
    fn applies_to(&self, address: &Address) -> bool {
        match &self.server {
            Some(Ok(server)) => server == address,
            Some(Err(_)) => false,
            None => self.servers.is_empty() || self.servers.contains(address),
        }
    }

    fn has_credentials(&self) -> bool {
        let has_secret = [&self.password, &self.session, &self.authorization]
            .into_iter()
            .any(Option::is_some);
        let has_file = [
            &self.password_file,
            &self.session_file,
            &self.authorization_file,
        ];
        has_secret
            || has_file.into_iter().any(Option::is_some)
            || self.account().is_some()
            || self.user_info.is_some()
    }

    /// Returns the names of the servers that the settings apply to.
    fn servers(&self) -> String {
        let own = self.server.iter().flatten();
        let names: Vec<String> = own.chain(&self.servers).map(Address::name).collect();
        if names.is_empty() {
            "another server".to_owned()
        } else {
            names.join(" and ")
        }
    }
}

/// Parses the URL of a source.
fn parse(kind: SourceKind, url: &RedactedUrl) -> Result<(Address, Option<UserInfo>), ConfigError> {
    let (address, user_info) =
        Address::parse(url).map_err(|error| ConfigError(error.to_string()))?;
    if user_info.is_none() && url.contains('@') {
        return Err(ConfigError(format!(
            "the address of {} contains an @ that does not end a user name. In a password, write / as %2F, ? as %3F, \
             # as %23 and @ as %40.",
            match kind {
                SourceKind::Flags => "--url",
                SourceKind::Variables => "VTASK_URL",
                SourceKind::Govc => "GOVC_URL",
                _ => "the profile",
            }
        )));
    }
    let has_password = user_info
        .as_ref()
        .is_some_and(|(_, password)| password.is_some());
    if kind == SourceKind::Flags && has_password {
        return Err(ConfigError(
            "--url contains a password, which all users can see in the process list. Give the password by \
             --password-file, VTASK_PASSWORD or at the prompt, and change it if others use this machine."
                .to_owned(),
        ));
    }
    Ok((address, user_info))
}

/// The chosen server and the sources that apply to it, in order of precedence.
#[derive(Debug)]
pub(in crate::config) struct SelectedServer {
    pub address: Address,
    pub sources: Vec<SettingsSource>,
    /// Message about stored sources that name different servers, if none was typed.
    pub conflict: Option<String>,
    /// Message about sources with credentials for another server; empty if there is none.
    pub hint: String,
}

impl SelectedServer {
    /// Collects the sources, takes the server from the first source that names one, and drops sources for other
    /// servers.
    ///
    /// # Errors
    /// Returns an error if no server is named, its address is invalid, or two typed sources name different servers.
    pub(in crate::config) fn new(
        args: &ConnectionArgs,
        environment: &dyn Environment,
        file: &ConfigFile,
    ) -> Result<Self, ConfigError> {
        let sources = collect(args, environment, file)?;
        let mut named = sources
            .iter()
            .filter_map(|source| Some((source, source.server.clone()?)));
        let Some((used, address)) = named.next() else {
            return Err(ConfigError(
                "no vCenter specified. Give --url, set VTASK_URL (or GOVC_URL), or try `vtask demo`, which needs none."
                    .to_owned(),
            ));
        };
        let address = match &used.profile {
            Some(profile) => address?.of_profile(&profile.name),
            None => address?,
        };
        let first = format!("{} names {}", used.server_setting(), address.name());
        let others: Vec<_> = named
            .filter(|(_, other)| other.as_ref() != Ok(&address))
            .map(|(source, other)| {
                let server = other.map_or("an invalid address".to_owned(), |server| server.name());
                (
                    source.kind,
                    format!("{} names {server}", source.server_setting()),
                )
            })
            .collect();
        let typed = others.iter().find(|(kind, _)| kind.is_typed());
        if let Some((_, other)) = typed {
            return Err(ConfigError(format!(
                "{first}, but {other}. Give one of them."
            )));
        }
        let conflict = (!used.kind.is_typed() && !others.is_empty()).then(|| {
            let others: Vec<_> = others.iter().map(|(_, other)| other.as_str()).collect();
            format!(
                "{first}, but {}. Using {}; give --url or --profile to choose.",
                others.join(" and "),
                address.name(),
            )
        });
        let (sources, left_out): (Vec<_>, Vec<_>) = sources
            .into_iter()
            .partition(|source| source.applies_to(&address));
        let hints = left_out.iter().filter(|source| source.has_credentials());
        let hints = hints.map(|source| {
            let (location, servers) = (source.account_location(), source.servers());
            format!(" The account of {location} is for {servers} and is not used here.")
        });
        Ok(Self {
            hint: hints.collect(),
            address,
            sources,
            conflict,
        })
    }

    /// Returns the first value that a source has.
    pub(in crate::config) fn first<T>(
        &self,
        of: impl FnMut(&SettingsSource) -> Option<T>,
    ) -> Option<T> {
        self.sources.iter().find_map(of)
    }

    /// Returns the profile in use.
    pub(in crate::config) fn profile(&self) -> Option<&Profile> {
        self.sources
            .iter()
            .find_map(|source| source.profile.as_ref())
    }
}

fn collect(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    file: &ConfigFile,
) -> Result<Vec<SettingsSource>, ConfigError> {
    let is_typed = !args.profile.is_empty();
    let names = args.profiles(environment);
    let profile = file.profile(args.one_profile(environment)?.as_deref())?;
    let kind = match (is_typed, names.is_empty()) {
        (true, _) => SourceKind::TypedProfile,
        (false, false) => SourceKind::VariableProfile,
        (false, true) => SourceKind::DefaultProfile,
    };
    let mut variables = SettingsSource::variables(environment)?;
    if is_typed {
        // With VTASK_PROFILE and without VTASK_URL, the variables apply to the servers of those profiles.
        let names = expanded(variable_profiles(environment), file);
        let servers = names.into_iter().map(|name| {
            let profile = file.profile(Some(&name))?;
            let source = SettingsSource::of(SourceKind::VariableProfile, profile.url.as_ref());
            source.server.transpose()
        });
        let servers: Vec<_> = servers.filter_map(Result::ok).flatten().collect();
        variables.servers = servers;
    }
    let mut sources = vec![
        SettingsSource::flags(args),
        variables,
        SettingsSource::govc(environment),
    ];
    let index = match kind {
        SourceKind::TypedProfile => 1,
        SourceKind::VariableProfile => 2,
        _ => 3,
    };
    sources.insert(index, SettingsSource::profile(kind, profile));
    Ok(sources)
}
