//! Progress curves of finished runs, kept between runs in `vtask/progress-curves` below `$XDG_STATE_HOME` or
//! `~/.local/state`. One line per run, newest last: `v1`, base URL of the vCenter, operation, curve. Mode 0600. Read
//! errors, invalid lines and lines of other versions are ignored.

use std::{collections::HashMap, io};

use crate::{
    files::state_file::StateFile,
    task::{MAX_CURVES, ProgressCurve},
};

/// Version of the format of a line.
const VERSION: &str = "v1";
/// Maximum number of curves over all vCenters.
const MAX_LINES: usize = 4096;
/// Maximum length of the identifier of an operation; longer ones are not kept.
const MAX_OPERATION_BYTES: usize = 200;

/// The progress curve of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCurve {
    /// Base URL of the server.
    pub server: String,
    /// `descriptionId`.
    pub operation: String,
    /// The curve.
    pub curve: ProgressCurve,
}

impl KnownCurve {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(4, ' ');
        let is_known = fields.next()? == VERSION;
        let (server, operation) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        let curve = fields.next()?.parse().ok()?;
        let curve = Self {
            server,
            operation,
            curve,
        };
        (is_known && curve.is_valid()).then_some(curve)
    }

    /// True if the fields fit in a line.
    fn is_valid(&self) -> bool {
        let odd = |text: &str| {
            text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        let is_short = self.operation.len() <= MAX_OPERATION_BYTES;
        is_short && !odd(&self.server) && !odd(&self.operation)
    }

    fn line(&self) -> String {
        format!(
            "{VERSION} {} {} {}\n",
            self.server, self.operation, self.curve
        )
    }
}

/// The file of the curves.
#[derive(Debug, Clone, Default)]
pub struct ProgressCurveFile(StateFile);

impl ProgressCurveFile {
    /// Locates the file from `XDG_STATE_HOME` and `HOME`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self(StateFile::new("progress-curves", variable))
    }

    /// Returns the curves, newest last.
    pub fn read(&self) -> Vec<KnownCurve> {
        let text = self.0.text();
        newest(text.lines().filter_map(KnownCurve::parse).collect())
    }

    /// Appends curves. Reads the file again first, as other instances may have changed it.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save(&self, curves: Vec<KnownCurve>) -> io::Result<()> {
        if curves.is_empty() {
            return Ok(());
        }
        let mut all = self.read();
        all.extend(curves.into_iter().filter(KnownCurve::is_valid));
        let text: String = newest(all).iter().map(KnownCurve::line).collect();
        self.0.write(&text)
    }
}

/// Removes the oldest curves beyond the limits.
fn newest(mut curves: Vec<KnownCurve>) -> Vec<KnownCurve> {
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let mut left = MAX_LINES;
    curves.reverse();
    curves.retain(|known| {
        let count = counts.entry((known.server.clone(), known.operation.clone()));
        let count = count.or_default();
        *count += 1;
        let is_kept = *count <= MAX_CURVES && left > 0;
        left -= usize::from(is_kept);
        is_kept
    });
    curves.reverse();
    curves
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn known(operation: &str, seconds: usize) -> KnownCurve {
        KnownCurve {
            server: "https://vc01.lab".to_owned(),
            operation: operation.to_owned(),
            curve: format!("{seconds}.0 47 95 142 190 237 285 332 380 427 95 451 1000")
                .parse()
                .unwrap(),
        }
    }

    #[test]
    fn curves_are_persistent_private_and_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let file = || {
            ProgressCurveFile::from_environment(|name| {
                (name == "XDG_STATE_HOME").then(|| path.clone())
            })
        };
        assert_eq!(file().read(), []);
        for seconds in 100..150 {
            file().save(vec![known("x.clone", seconds)]).unwrap();
        }
        file()
            .save(vec![known("x.relocate", 60), known("with space", 60)])
            .unwrap();
        let kept = file().read();
        assert_eq!(kept.len(), MAX_CURVES + 1);
        assert_eq!(kept[0], known("x.clone", 150 - MAX_CURVES));
        assert_eq!(kept[MAX_CURVES], known("x.relocate", 60));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = directory.path().join("vtask/progress-curves");
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let many = (0..5000).map(|n| known(&format!("op-{n}"), 60)).collect();
        file().save(many).unwrap();
        assert_eq!(file().read().len(), MAX_LINES);
    }

    #[test]
    fn damaged_lines_are_skipped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("progress-curves");
        let valid = known("x.clone", 60);
        let line = valid.line();
        let mut bytes =
            b"\xff\xfe\x00\nv2 https://vc01.lab x.clone 60 later format\nv1 https://vc01.lab\n"
                .to_vec();
        for (from, to) in [
            ("60.0", "NaN"),
            ("60.0", "-5"),
            (" 427 ", " 42700 "),
            (" 47 ", " 990 "),
            (" 95 451", " 300 451"),
            (" 1000\n", "\n"),
        ] {
            assert!(line.contains(from), "{from}");
            bytes.extend(line.replacen(from, to, 1).bytes());
        }
        bytes.extend(line.bytes());
        bytes.extend(&line.as_bytes()[..line.len() / 2]);
        fs::write(&path, bytes).unwrap();
        let file = ProgressCurveFile(StateFile(Some(path)));
        assert_eq!(file.read(), std::slice::from_ref(&valid));
        file.save(vec![known("x.clone", 70)]).unwrap();
        assert_eq!(file.read(), [valid, known("x.clone", 70)]);
        let none = ProgressCurveFile::default();
        none.save(vec![known("x.clone", 70)]).unwrap();
        assert_eq!(none.read(), []);
    }
}
