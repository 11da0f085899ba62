//! The known-hosts file: trusted certificates by server. A line has host, port and a SHA-256 fingerprint, as in
//! govc's file of that name; `#` begins a comment. Only its owner may have write permission.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use super::{ConfigError, Environment};
use crate::{
    files::{
        directories::data_directory,
        private_file::{self, Access},
        text_file,
    },
    vim::Fingerprint,
};

/// Contents of the known-hosts file.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    /// Path of the file; `None` if no directory is known for it.
    pub path: Option<PathBuf>,
    lines: Vec<KnownHostsLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum KnownHostsLine {
    Comment(String),
    Host(String, Fingerprint),
}

impl KnownHosts {
    /// Loads the given file, or the default one: `vtask/known-hosts` in the data directory. A missing file counts as
    /// empty.
    ///
    /// # Errors
    /// Returns an error if it cannot be read or parsed, or if others can write it: skipping an invalid line could
    /// accept a changed certificate.
    pub fn load(named: Option<&Path>, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let Some(path) = named
            .map(Path::to_owned)
            .or_else(|| default_path(environment))
        else {
            return Ok(Self::default());
        };
        let text = text_file::read_or_empty(&path)
            .map_err(|error| failed(&path, "cannot be read", &error))?;
        if !text.is_empty() {
            check_not_writable_by_others(&path)?;
        }
        let lines = text.lines().enumerate().map(|(index, line)| {
            read_line(line).ok_or_else(|| {
                ConfigError(format!(
                    "the known-hosts file {}, line {}: expected `host:port SHA-256`. Fix or remove the line.",
                    path.display(),
                    index + 1
                ))
            })
        });
        Ok(Self {
            lines: lines.collect::<Result<_, _>>()?,
            path: Some(path),
        })
    }

    /// Iterates over hosts and fingerprints in file order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Fingerprint)> {
        self.lines.iter().filter_map(|line| match line {
            KnownHostsLine::Host(host, fingerprint) => Some((host.as_str(), *fingerprint)),
            KnownHostsLine::Comment(_) => None,
        })
    }

    /// Returns the trusted fingerprints of a host, given as `host:port`.
    pub fn of(&self, host: &str) -> Vec<Fingerprint> {
        let entries = self.entries().filter(|(known, _)| *known == host);
        entries.map(|(_, fingerprint)| fingerprint).collect()
    }

    /// Trusts one certificate for a host, replacing earlier ones.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn set(&mut self, host: &str, fingerprint: Fingerprint) -> Result<(), ConfigError> {
        self.lines.retain(|line| !is_of(line, host));
        self.lines
            .push(KnownHostsLine::Host(host.to_owned(), fingerprint));
        self.write()
    }

    /// Removes all certificates of a host and returns true if there were any.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn remove(&mut self, host: &str) -> Result<bool, ConfigError> {
        let before = self.lines.len();
        self.lines.retain(|line| !is_of(line, host));
        if self.lines.len() == before {
            return Ok(false);
        }
        self.write().map(|()| true)
    }

    /// Replaces the file atomically.
    fn write(&self) -> Result<(), ConfigError> {
        let Some(path) = &self.path else {
            return Err(ConfigError(
                "no directory for the known-hosts file. Set HOME, or name a file with --known-hosts.".to_owned(),
            ));
        };
        let lines = self.lines.iter().map(|line| match line {
            KnownHostsLine::Comment(comment) => format!("{comment}\n"),
            KnownHostsLine::Host(host, fingerprint) => format!("{host} {fingerprint}\n"),
        });
        let text = lines.collect::<Vec<_>>().concat();
        private_file::write(path, text.as_bytes())
            .map_err(|error| failed(path, "cannot be written", &error))
    }
}

/// Returns the fingerprints of a host in govc's known-hosts files, and the file that has them. Invalid lines are
/// skipped, as by govc, and so are SHA-1 fingerprints, which can be forged.
pub(super) fn of_govc(
    host: &str,
    environment: &dyn Environment,
) -> Option<(PathBuf, Vec<Fingerprint>)> {
    let files = environment.get("GOVC_TLS_KNOWN_HOSTS")?;
    env::split_paths(&files).find_map(|path| {
        let text = fs::read_to_string(&path).ok()?;
        let found: Vec<Fingerprint> = text
            .lines()
            .filter_map(|line| {
                let (known, fingerprint) = line.trim().split_once(' ')?;
                let known = known.to_ascii_lowercase();
                let is_it = known == host || host.strip_suffix(":443") == Some(&known);
                is_it.then(|| fingerprint.parse().ok()).flatten()
            })
            .collect();
        (!found.is_empty()).then_some((path, found))
    })
}

fn default_path(environment: &dyn Environment) -> Option<PathBuf> {
    Some(data_directory(|name| environment.get(name))?.join("known-hosts"))
}

fn read_line(line: &str) -> Option<KnownHostsLine> {
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Some(KnownHostsLine::Comment(line.to_owned()));
    }
    let (host, fingerprint) = trimmed.split_once(char::is_whitespace)?;
    let (_, port) = host.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    Some(KnownHostsLine::Host(
        host.to_ascii_lowercase(),
        fingerprint.parse().ok()?,
    ))
}

fn is_of(line: &KnownHostsLine, host: &str) -> bool {
    matches!(line, KnownHostsLine::Host(known, _) if known == host)
}

fn failed(path: &Path, what: &str, error: &io::Error) -> ConfigError {
    ConfigError(format!(
        "the known-hosts file {} {what}: {error}. Check its permissions, or name another with --known-hosts.",
        path.display()
    ))
}

/// Returns an error if others can write the file.
fn check_not_writable_by_others(path: &Path) -> Result<(), ConfigError> {
    match private_file::is_exposed(path, Access::Write) {
        Ok(false) => Ok(()),
        _ => Err(ConfigError(format!(
            "others can write the known-hosts file {}, so it is not trusted. Check its contents and {}.",
            path.display(),
            private_file::protection_advice(path)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn stored_value_is_read_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/er/known-hosts");
        let load = || KnownHosts::load(Some(&path), &nothing).unwrap();
        let [one, two] = [b"1", b"2"].map(|bytes| Fingerprint::of(bytes));
        load().set("vc01.lab:443", one).unwrap();
        load().set("[::1]:8443", two).unwrap();
        fs::write(
            &path,
            format!("# mine\n{}", fs::read_to_string(&path).unwrap()),
        )
        .unwrap();
        let mut known = load();
        assert_eq!(known.of("vc01.lab:443"), [one]);
        assert_eq!(known.of("vc01.lab:8443"), []);
        known.set("vc01.lab:443", two).unwrap();
        assert!(known.remove("[::1]:8443").unwrap() && !known.remove("[::1]:8443").unwrap());
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("# mine\nvc01.lab:443 {two}\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn invalid_known_hosts_line_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("known-hosts");
        for line in [
            "vc01.lab:443",
            "vc01.lab:443 abc",
            &format!("vc01.lab {}", Fingerprint::of(b"1")),
        ] {
            fs::write(&path, format!("\n{line}\n")).unwrap();
            let error = KnownHosts::load(Some(&path), &nothing).unwrap_err();
            assert!(error.0.contains("line 2"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_write_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("known-hosts");
        fs::write(&path, "# nothing\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        let error = KnownHosts::load(Some(&path), &nothing).unwrap_err();
        assert!(error.0.contains("chmod 600"), "{error}");
    }

    #[test]
    fn invalid_lines_of_govc_files_are_skipped() {
        let directory = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| directory.path().join(name));
        let [fingerprint, other] = [b"1", b"2"].map(|bytes| Fingerprint::of(bytes));
        fs::write(
            &one,
            "nonsense\nvc01.lab:443 A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D\n",
        )
        .unwrap();
        fs::write(
            &two,
            format!("vc02.lab:443 {other}\nVC01.lab {fingerprint}\n"),
        )
        .unwrap();
        let files = env::join_paths([&one, &two]).unwrap();
        let environment = |name: &str| {
            (name == "GOVC_TLS_KNOWN_HOSTS").then(|| files.to_str().unwrap().to_owned())
        };
        let found = of_govc("vc01.lab:443", &environment);
        assert_eq!(found, Some((two.clone(), vec![fingerprint])));
        assert_eq!(of_govc("vc01.lab:8443", &environment), None);
        assert_eq!(of_govc("vc01.lab:443", &nothing), None);
    }

    #[test]
    fn without_a_file_no_host_is_known_and_saving_fails() {
        let mut known = KnownHosts::load(None, &nothing).unwrap();
        assert_eq!(known.entries().count(), 0);
        let error = known
            .set("vc01.lab:443", Fingerprint::of(b"1"))
            .unwrap_err();
        assert!(error.0.contains("--known-hosts"), "{error}");
    }
}
