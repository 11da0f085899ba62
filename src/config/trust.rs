//! From flags, environment, profile and known hosts to the certificates that are accepted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    ConfigError, ConnectionArgs, Environment, Profile,
    known_hosts::{self, KnownHosts},
};
use crate::vim::{Address, Fingerprint, Pin, PinnedBy, Trust};

/// Which certificates are accepted. What is said most exactly counts: a fingerprint before no check at all, and that
/// before an authority of the user's; flags before files.
///
/// # Errors
/// When the authority's file or the known-hosts file cannot be read.
pub(super) fn trust(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    profile: &Profile,
    address: &Address,
) -> Result<Trust, ConfigError> {
    if !address.is_tls() {
        return Ok(Trust::System);
    }
    let pinned = |fingerprint: Fingerprint| {
        Trust::Pinned(Pin {
            fingerprints: vec![fingerprint],
            by: PinnedBy::Thumbprint,
        })
    };
    if let Some(fingerprint) = args.thumbprint {
        return Ok(pinned(fingerprint));
    }
    let insecure = args.insecure
        || profile.insecure
        || environment
            .get("GOVC_INSECURE")
            .is_some_and(|value| is_true(&value));
    if args.insecure {
        return Ok(Trust::Anything);
    }
    if let Some(path) = &args.ca_file {
        return authority(path);
    }
    if let Some(fingerprint) = profile.thumbprint {
        return Ok(pinned(fingerprint));
    }
    if insecure {
        return Ok(Trust::Anything);
    }
    if let Some(pin) = known(args, environment, address)? {
        return Ok(Trust::Pinned(pin));
    }
    let of_govc = environment.get("GOVC_TLS_CA_CERTS").map(PathBuf::from);
    match of_govc.or_else(|| profile.ca_file.clone()) {
        Some(path) => authority(&path),
        None => Ok(Trust::System),
    }
}

/// What the known-hosts files have for a server.
fn known(
    args: &ConnectionArgs,
    environment: &dyn Environment,
    address: &Address,
) -> Result<Option<Pin>, ConfigError> {
    let host = address.authority();
    let known = KnownHosts::load(args.known_hosts.as_deref(), environment)?;
    let fingerprints = known.of(&host);
    if !fingerprints.is_empty() {
        let by = PinnedBy::KnownHosts(known.path.unwrap_or_default());
        return Ok(Some(Pin { fingerprints, by }));
    }
    let of_govc = known_hosts::of_govc(&host, environment);
    Ok(of_govc.map(|(path, fingerprints)| Pin {
        fingerprints,
        by: PinnedBy::Govc(path),
    }))
}

fn authority(path: &Path) -> Result<Trust, ConfigError> {
    fs::read(path).map(Trust::Also).map_err(|error| {
        ConfigError(format!(
            "the file of --ca-file, {}, cannot be read: {error}.",
            path.display()
        ))
    })
}

fn is_true(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "on" | "t" | "y"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> ConnectionArgs {
        ConnectionArgs::default()
    }

    fn by(trust: &Trust) -> &'static str {
        match trust {
            Trust::System => "system",
            Trust::Also(_) => "ca-file",
            Trust::Pinned(pin) => match pin.by {
                PinnedBy::Thumbprint => "thumbprint",
                PinnedBy::KnownHosts(_) => "known-hosts",
                PinnedBy::Govc(_) => "govc",
            },
            Trust::Anything => "anything",
        }
    }

    #[test]
    fn what_is_said_most_exactly_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let fingerprint = Fingerprint::of(b"1");
        let pem = file("ca.pem", "-".to_owned());
        let known = file("known-hosts", format!("vc01.lab:443 {fingerprint}\n"));
        let address: Address = "vc01.lab".parse().unwrap();
        let other: Address = "vc02.lab".parse().unwrap();
        let mut profile = Profile::default();
        let mut given = args();
        let insecure = |name: &str| (name == "GOVC_INSECURE").then(|| "1".to_owned());
        let quiet = |_: &str| None;

        let trusted = |given: &ConnectionArgs, profile: &Profile, address: &Address| {
            by(&trust(given, &quiet, profile, address).unwrap())
        };
        assert_eq!(trusted(&given, &profile, &address), "system");
        profile.ca_file = Some(pem.clone());
        assert_eq!(trusted(&given, &profile, &address), "ca-file");
        given.known_hosts = Some(known);
        assert_eq!(trusted(&given, &profile, &address), "known-hosts");
        assert_eq!(trusted(&given, &profile, &other), "ca-file");
        let of_govc = trust(&given, &insecure, &profile, &address).unwrap();
        assert_eq!(by(&of_govc), "anything");
        profile.thumbprint = Some(fingerprint);
        assert_eq!(trusted(&given, &profile, &other), "thumbprint");
        given.ca_file = Some(pem);
        assert_eq!(trusted(&given, &profile, &address), "ca-file");
        given.insecure = true;
        assert_eq!(trusted(&given, &profile, &address), "anything");
        given.thumbprint = Some(fingerprint);
        assert_eq!(trusted(&given, &profile, &address), "thumbprint");
        let plain: Address = "http://vc01.lab".parse().unwrap();
        assert_eq!(trusted(&given, &profile, &plain), "system");
    }
}
