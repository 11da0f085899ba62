//! Resolves the trust policy from flags, environment, profile and known hosts.

use std::path::Path;

use super::{
    ConfigError, ConnectionArgs, Environment,
    connection::{SelectedServer, SettingsSource, SourceKind},
    known_hosts::{self, KnownHosts},
};
use crate::{
    files::text_file,
    vim::{Address, Fingerprint, Pin, PinSource, TrustPolicy},
};

/// Returns the trust policy of the server. The most specific setting wins: a fingerprint, then no verification, then
/// the user's CA file; flags and variables come before files.
///
/// # Errors
/// Returns an error if the CA file or the known-hosts file cannot be read.
pub(super) fn trust_policy(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    chosen: &SelectedServer,
) -> Result<TrustPolicy, ConfigError> {
    if !chosen.address.is_tls() {
        return Ok(TrustPolicy::System);
    }
    let pinned = |fingerprint: Fingerprint| {
        TrustPolicy::Pinned(Pin {
            fingerprints: vec![fingerprint],
            by: PinSource::Thumbprint,
        })
    };
    let is_explicit =
        |source: &&SettingsSource| source.kind.is_typed() || source.kind == SourceKind::Variables;
    for source in chosen.sources.iter().filter(is_explicit) {
        if let Some(fingerprint) = source.thumbprint {
            return Ok(pinned(fingerprint));
        }
        if source.insecure {
            return Ok(TrustPolicy::Insecure);
        }
        // A profile's CA file comes after the known hosts.
        if let (Some(path), None) = (&source.ca_file, &source.profile) {
            return authority(path);
        }
    }
    if let Some(fingerprint) = chosen.first(|source| source.thumbprint) {
        return Ok(pinned(fingerprint));
    }
    if chosen.sources.iter().any(|source| source.insecure) {
        return Ok(TrustPolicy::Insecure);
    }
    if let Some(pin) = known_hosts_pin(args, environment, &chosen.address)? {
        return Ok(TrustPolicy::Pinned(pin));
    }
    match chosen.first(|source| source.ca_file.clone()) {
        Some(path) => authority(&path),
        None => Ok(TrustPolicy::System),
    }
}

/// Returns the policy of the known-hosts files for a server.
fn known_hosts_pin(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    address: &Address,
) -> Result<Option<Pin>, ConfigError> {
    let host = address.authority();
    let known = KnownHosts::load(args.known_hosts.as_deref(), environment)?;
    let fingerprints = known.of(&host);
    if !fingerprints.is_empty() {
        let by = PinSource::KnownHosts(known.path.unwrap_or_default());
        return Ok(Some(Pin { fingerprints, by }));
    }
    let of_govc = known_hosts::of_govc(&host, environment);
    Ok(of_govc.map(|(path, fingerprints)| Pin {
        fingerprints,
        by: PinSource::Govc(path),
    }))
}

fn authority(path: &Path) -> Result<TrustPolicy, ConfigError> {
    let wrong = |why: String| ConfigError(format!("CA file {}: {why}.", path.display()));
    let pem = text_file::read(path)
        .map(String::into_bytes)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    TrustPolicy::of_authorities(pem).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{ConfigFile, Profile};

    fn args() -> ConnectionArgs {
        ConnectionArgs::default()
    }

    fn by(trust: &TrustPolicy) -> &'static str {
        match trust {
            TrustPolicy::System => "system",
            TrustPolicy::AdditionalRoots(_) => "ca-file",
            TrustPolicy::Pinned(pin) => match pin.by {
                PinSource::Thumbprint => "thumbprint",
                PinSource::KnownHosts(_) => "known-hosts",
                PinSource::Govc(_) => "govc",
            },
            TrustPolicy::Insecure => "anything",
        }
    }

    #[test]
    fn most_specific_value_wins() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let fingerprint = Fingerprint::of(b"1");
        let pem = file(
            "ca.pem",
            "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n".to_owned(),
        );
        let known = file("known-hosts", format!("vc01.lab:443 {fingerprint}\n"));
        let (address, other) = ("vc01.lab", "vc02.lab");
        let mut profile = Profile::default();
        let mut connection = args();
        let insecure = |name: &str| (name == "GOVC_INSECURE").then(|| "1".to_owned());
        let quiet = |_: &str| None;

        let by = |connection: &ConnectionArgs,
                  environment: &dyn Environment,
                  profile: &Profile,
                  url: &str| {
            let mut connection = connection.clone();
            connection.url = Some(url.into());
            let mut file = ConfigFile::default();
            file.profiles.insert("lab".to_owned(), profile.clone());
            let chosen = SelectedServer::new(&connection, environment, &file).unwrap();
            by(&trust_policy(&connection, environment, &chosen).unwrap())
        };
        let trusted = |connection: &ConnectionArgs, profile: &Profile, url: &str| {
            by(connection, &quiet, profile, url)
        };
        assert_eq!(trusted(&connection, &profile, address), "system");
        profile.ca_file = Some(pem.clone());
        assert_eq!(trusted(&connection, &profile, address), "ca-file");
        connection.known_hosts = Some(known);
        assert_eq!(trusted(&connection, &profile, address), "known-hosts");
        assert_eq!(trusted(&connection, &profile, other), "ca-file");
        assert_eq!(by(&connection, &insecure, &profile, address), "anything");
        profile.thumbprint = Some(fingerprint);
        assert_eq!(trusted(&connection, &profile, other), "thumbprint");
        connection.ca_file = Some(pem);
        assert_eq!(trusted(&connection, &profile, address), "ca-file");
        connection.insecure = true;
        assert_eq!(trusted(&connection, &profile, address), "anything");
        connection.thumbprint = Some(fingerprint);
        assert_eq!(trusted(&connection, &profile, address), "thumbprint");
        assert_eq!(trusted(&connection, &profile, "http://vc01.lab"), "system");
    }
}
