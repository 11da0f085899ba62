//! Time at which each vCenter was last looked at, kept between runs in `vtask/last-seen` below `$XDG_STATE_HOME` or
//! `~/.local/state`. One line per vCenter, newest last: local time, server time, base URL. Mode 0600. Read errors and
//! invalid lines are ignored.

use std::io;

use jiff::Timestamp;

use crate::files::state_file::StateFile;

/// Maximum number of vCenters.
const MAX_SERVERS: usize = 100;

/// Time at which the user last looked at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    /// Base URL of the server.
    pub server: String,
    /// By the local clock.
    pub local_time: Timestamp,
    /// By the server's clock.
    pub server_time: Timestamp,
}

impl LastSeen {
    /// Reads a line. Further fields are left to later versions.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let local_time = fields.next()?.parse().ok()?;
        let server_time = fields.next()?.parse().ok()?;
        Some(Self {
            local_time,
            server_time,
            server: fields.next()?.to_owned(),
        })
    }

    fn line(&self) -> String {
        format!("{} {} {}\n", self.local_time, self.server_time, self.server)
    }
}

/// The file of the times.
#[derive(Debug, Clone, Default)]
pub struct LastSeenFile(StateFile);

impl LastSeenFile {
    /// Locates the file from `XDG_STATE_HOME` and `HOME`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self(StateFile::new("last-seen", variable))
    }

    /// Returns the times, newest last.
    pub fn read(&self) -> Vec<LastSeen> {
        let mut kept = Vec::new();
        for seen in self.0.text().lines().filter_map(LastSeen::parse) {
            push(&mut kept, seen);
        }
        kept
    }

    /// Replaces the times of these servers. Reads the file again first, as other instances may have changed it.
    pub fn save(&self, seen: Vec<LastSeen>) -> io::Result<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let mut kept = self.read();
        for seen in seen {
            push(&mut kept, seen);
        }
        let text: String = kept.iter().map(LastSeen::line).collect();
        self.0.write(&text)
    }
}

/// Appends a time, removes the earlier one of the same server and drops the oldest entries beyond the limit.
fn push(kept: &mut Vec<LastSeen>, seen: LastSeen) {
    kept.retain(|known| known.server != seen.server);
    kept.push(seen);
    let surplus = kept.len().saturating_sub(MAX_SERVERS);
    kept.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::task::fixture::at;

    fn seen(server: &str, second: i64) -> LastSeen {
        LastSeen {
            server: server.to_owned(),
            local_time: at(second),
            server_time: at(second + 7),
        }
    }

    #[test]
    fn times_are_persistent_private_and_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let file = || {
            LastSeenFile::from_environment(|name| (name == "XDG_STATE_HOME").then(|| path.clone()))
        };
        assert_eq!(file().read(), []);
        for number in 0..150 {
            let server = format!("https://vc{number}.lab");
            file().save(vec![seen(&server, number)]).unwrap();
        }
        let both = vec![seen("https://vc149.lab", 200), seen("https://vc7.lab", 201)];
        file().save(both.clone()).unwrap();
        let kept = file().read();
        assert_eq!(kept.len(), MAX_SERVERS);
        assert_eq!(kept[MAX_SERVERS - 2..], both);
        let path = directory.path().join("vtask/last-seen");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let valid = seen("https://vc1.lab", 3);
        let odd = format!(
            "\u{0}garbage\n2 3\nnever soon https://x\n{} later field\n",
            valid.line().trim()
        );
        fs::write(&path, odd).unwrap();
        assert_eq!(file().read(), [valid]);
        fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
        assert_eq!(file().read(), []);
    }

    #[test]
    fn without_a_file_nothing_is_saved() {
        let file = LastSeenFile::default();
        file.save(vec![seen("https://vc1.lab", 1)]).unwrap();
        assert_eq!(file.read(), []);
    }
}
