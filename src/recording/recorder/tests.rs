use std::{
    fs,
    io::{self, Write},
    time::Instant,
};

use super::*;
use crate::{ConnectionState, Reader};

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn header() -> Header {
    Header::new(time(0), vec!["vc01".to_owned()])
}

fn gone(number: i64) -> Entry {
    Entry::Gone {
        task: format!("task-{number}"),
        at: time(number),
    }
}

/// Waits for a condition, with a generous limit.
fn until(mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30));
        thread::yield_now();
    }
}

/// A writer that fails.
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn recorder(output: impl Write + Send + 'static) -> Recorder {
    let frames = OutputFile {
        output: Box::new(output),
        compressor: None,
        path: None,
        size: 0,
    };
    Recorder::start(frames, None, None)
}

#[test]
fn recorded_lines_round_trip() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.ndjson.zst", "b.ndjson"] {
        let path = directory.path().join(name);
        let recorder = Recorder::create(&path, header(), None).unwrap();
        for number in 0..5000 {
            recorder.add(time(number), 0, gone(number));
        }
        assert_eq!(recorder.finish(), Ok(5000));
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(*reader.header(), header());
        let lines: Vec<Line> = reader.by_ref().collect();
        assert_eq!(lines.len(), 5000);
        assert_eq!(lines[4999].entry, gone(4999));
        assert!(reader.damage().rest.is_none());
    }
    let sizes = ["a.ndjson.zst", "b.ndjson"].map(|name| {
        let path = directory.path().join(name);
        fs::metadata(path).unwrap().len()
    });
    assert!(sizes[0] * 5 < sizes[1], "{sizes:?}");
}

#[test]
fn lines_are_written_within_the_flush_interval() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zst");
    let recorder = Recorder::create(&path, header(), None).unwrap();
    recorder.add(time(1), 0, Entry::Link(ConnectionState::Live));
    // As after kill -9: the record is not ended.
    until(|| Reader::open(&path).unwrap().count() == 1);
    recorder.add(time(2), 0, gone(1));
    until(|| Reader::open(&path).unwrap().count() == 2);
}

#[test]
fn a_record_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zst");
    fs::write(&path, "mine").unwrap();
    let error = Recorder::create(&path, header(), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let nowhere = directory.path().join("no/a.zst");
    let error = Recorder::create(&nowhere, header(), None).unwrap_err();
    assert!(error.to_string().starts_with("cannot create the record"));
}

#[test]
fn a_full_disk_is_reported_once_and_ends_the_record() {
    let recorder = recorder(Failing(io::ErrorKind::StorageFull));
    recorder.add(time(1), 0, gone(1));
    let mut problem = None;
    until(|| {
        problem = recorder.take_problem();
        problem.is_some()
    });
    let problem = problem.unwrap();
    assert!(problem.starts_with("Recording stopped: "), "{problem}");
    recorder.add(time(2), 0, gone(2));
    assert_eq!(recorder.take_problem(), None);
    assert!(recorder.finish().is_ok());
}

#[test]
fn a_removed_directory_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zst");
    let recorder = Recorder::create(&path, header(), None).unwrap();
    fs::remove_file(&path).unwrap();
    drop(directory);
    let mut problem = None;
    until(|| {
        problem = recorder.take_problem();
        problem.is_some()
    });
    assert!(problem.unwrap().contains("is no longer there"));
}

/// Writes nothing until the lock is free.
struct Slow(Arc<Mutex<Vec<u8>>>);

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_disk_costs_lines_but_no_memory() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let recorder = recorder(Slow(written.clone()));
    let blocked = lock(&written);
    let mut number = 0;
    while lock(&recorder.shared.buffer).dropped < 10 {
        recorder.add(time(number), 0, gone(number));
        number += 1;
    }
    let capacity = lock(&recorder.shared.buffer).bytes.capacity();
    assert!(capacity <= 2 * MAX_BUFFER + FRAME_BYTES, "{capacity}");
    drop(blocked);
    until(|| lock(&recorder.shared.buffer).bytes.is_empty());
    recorder.add(time(number), 0, gone(number));
    let lines = recorder.finish().unwrap();
    let text = String::from_utf8(lock(&written).clone()).unwrap();
    assert_eq!(text.lines().count() as u64, lines);
    let lost = text
        .lines()
        .filter(|line| line.contains("\"lost\""))
        .count();
    assert_eq!(lost, 1);
    assert_eq!(lines, u64::try_from(number).unwrap() + 2 - 10);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_record() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.zst");
    Recorder::create(&path, header(), None).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
