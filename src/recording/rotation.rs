//! A directory of records with limits on size and age.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    Header, Reader, RecordedState,
    output_file::{OutputFile, RecordError},
};

/// Number of files that the limits are divided among, so that removing one removes only the oldest part.
const SHARES: u32 = 8;
/// First and last part of the names of the files.
const PREFIX: &str = "vtask-";
const SUFFIX: &str = ".ndjson.zst";
/// Maximum number of records that may start in the same second.
const MAX_ATTEMPTS: u32 = 1000;

/// Limits of a directory of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of all files in bytes.
    pub size: u64,
    /// Time since the last change of a file.
    pub age: Duration,
}

/// A record that continues in new files.
#[derive(Debug)]
pub(super) struct RecordRotation {
    directory: PathBuf,
    limits: Limits,
    header: Header,
    began: Timestamp,
}

impl RecordRotation {
    pub(super) fn new(directory: PathBuf, limits: Limits, header: Header) -> Self {
        Self {
            directory,
            limits,
            began: header.started,
            header,
        }
    }

    /// Creates the first file and removes files beyond the limits.
    pub(super) fn first(&self) -> Result<OutputFile, RecordError> {
        let output_file = self.create()?;
        self.prune(&output_file);
        Ok(output_file)
    }

    /// Continues in a new file if the present one has reached its share of the limits.
    pub(super) fn rotate_if_due(&mut self, output_file: &mut OutputFile) -> Result<(), String> {
        let now = Timestamp::now();
        let age = now.duration_since(self.began).max(SignedDuration::ZERO);
        let share = self.limits.size / u64::from(SHARES);
        if output_file.size < share.max(1) && age.unsigned_abs() < self.limits.age / SHARES {
            return Ok(());
        }
        let Some(path) = &output_file.path else {
            return Ok(());
        };
        // The states are in the finished file, so they need not be kept in memory meanwhile.
        let reader = Reader::open(path).map_err(|error| format!("Recording stopped: {error}"))?;
        let (state, _) = RecordedState::at_end(reader);
        self.header.started = now;
        self.began = now;
        *output_file = self
            .create()
            .map_err(|error| format!("Recording stopped: {error}"))?;
        let mut lines = Vec::new();
        state.append_lines(&mut lines, now);
        output_file.append(&lines)?;
        self.prune(output_file);
        Ok(())
    }

    fn create(&self) -> Result<OutputFile, RecordError> {
        let started = self.header.started.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut path = self.directory.join(format!("{PREFIX}{started}{SUFFIX}"));
        for number in 2..MAX_ATTEMPTS {
            match OutputFile::create(&path, &self.header) {
                Err(RecordError::Exists(_)) => {}
                created => return created,
            }
            path = self
                .directory
                .join(format!("{PREFIX}{started}-{number}{SUFFIX}"));
        }
        Err(RecordError::Exists(path.display().to_string()))
    }

    /// Removes the oldest files beyond the limits, but not the present one. Files of other names are left alone.
    fn prune(&self, present: &OutputFile) {
        let mut files = records(&self.directory);
        files.sort_by_key(|(_, changed, _)| std::cmp::Reverse(*changed));
        let now = SystemTime::now();
        let mut total = present.size;
        for (path, changed, size) in files {
            if present.path.as_deref() == Some(&path) {
                continue;
            }
            total += size;
            let age = now.duration_since(changed).unwrap_or_default();
            if total > self.limits.size || age > self.limits.age {
                remove(&path);
            }
        }
    }
}

/// Returns path, time of the last change and size of each record in a directory.
fn records(directory: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let is_record = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        is_record.then_some((entry.path(), metadata.modified().ok()?, metadata.len()))
    });
    files.collect()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an old record");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Entry, Recorder};

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    const AGE: Duration = Duration::from_secs(3600);

    #[test]
    fn a_full_file_is_continued_with_the_state_of_all_tasks() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("records");
        let limits = Limits {
            size: 64 << 10,
            age: AGE,
        };
        let header = Header::new(time(0), vec!["vc01".to_owned()]);
        let recorder = Recorder::create_in(&directory, limits, header, None).unwrap();
        let info = json!({"key": "task-1", "task": {"type": "Task", "value": "task-1"}, "state": "running"});
        recorder.add(time(1), 0, Entry::Task { at: time(1), info });
        fs::write(directory.join("mine.txt"), "mine").unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        for number in 0..10_000 {
            let fields = [("progress".to_owned(), json!(random.u64(..)))];
            let change = Entry::Change {
                task: "task-1".to_owned(),
                at: time(number),
                fields: fields.into_iter().collect(),
            };
            recorder.add(time(number), 0, change);
            // The disk keeps up.
            while recorder.backlog() > 512 << 10 {
                std::thread::yield_now();
            }
        }
        recorder.finish().unwrap();
        let files = records(&directory);
        assert!(files.len() > 1, "{files:?}");
        let total: u64 = files.iter().map(|(_, _, size)| size).sum();
        // The present file may exceed its share by one frame.
        assert!(total <= (64 << 10) + (256 << 10), "{total}");
        for (path, _, _) in files {
            let (state, damage) = RecordedState::at_end(Reader::open(&path).unwrap());
            assert_eq!(damage.to_string(), "");
            assert_eq!(state.task(0, "task-1").unwrap()["state"], "running");
        }
        assert!(directory.join("mine.txt").exists());
    }

    #[test]
    fn old_records_are_removed_at_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(format!("{PREFIX}{name}{SUFFIX}"));
        let limits = Limits {
            size: 1 << 20,
            age: AGE,
        };
        for (name, age) in [("old", 2 * AGE), ("new", AGE / 2)] {
            let file = fs::File::create(path(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        let header = Header::new(time(0), Vec::new());
        for _ in 0..2 {
            let recorder =
                Recorder::create_in(directory.path(), limits, header.clone(), None).unwrap();
            recorder.finish().unwrap();
        }
        assert!(!path("old").exists() && path("new").exists());
        assert_eq!(records(directory.path()).len(), 3);
    }
}
