//! Records that end early: the process is killed, the disk is full, the directory vanishes.

use std::{fs, path::Path, process::Stdio, time::Duration};

use vtask::recording::{Reader, RecordedState};

use crate::built_support::{ended, err, on, start};
use crate::command_support::{Ran, SharedBuffer, drive, line, server, until};

/// Returns the state of a task in a record that is being written.
fn state_of(file: &Path, task: &str) -> Option<String> {
    let (state, _) = RecordedState::at_end(Reader::open(file).ok()?);
    let info = state.task(0, task)?;
    // Changes are recorded as sent, in boxes.
    let state = &info["state"];
    let state = state.as_str().or(state["_value"].as_str());
    state.map(str::to_owned)
}

async fn from(words: &str, file: &Path) -> Ran {
    let line = line(words).word("--from").word(file.to_str().unwrap());
    line.at("").await
}

#[tokio::test]
async fn a_killed_recording_is_read_up_to_its_last_second() {
    let simulator = server().await;
    let control = simulator.control();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("night.ndjson.zst");
    let mut child = start(on(&simulator, &format!("record {}", file.display())));
    until(|| control.pending_waits() > 0).await;
    control.advance(Duration::from_secs(10));
    until(|| state_of(&file, "task-2").as_deref() == Some("error")).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = from("list --state failed --ids", &file).await;
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "task-2\n", ""));

    // A frame that was not written in full is skipped.
    let bytes = fs::read(&file).unwrap();
    let torn = folder.path().join("torn.ndjson.zst");
    fs::write(&torn, &bytes[..bytes.len() - 3]).unwrap();
    let ran = from("list --ids", &torn).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("task-1\n"), "{}", ran.out);
    assert!(
        ran.err.contains("the end of the record is missing"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_full_disk_is_reported_once_and_waiting_goes_on() {
    let simulator = server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wait.ndjson");
    let wait = on(
        &simulator,
        &format!("wait task-1 --record {}", file.display()),
    );
    // A limit of 512 or 1024 bytes, which has room for the header only.
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .arg(wait.get_program())
        .args(wait.get_args())
        .stdin(Stdio::null());
    for (name, value) in wait.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let child = start(limited);
    until(|| fs::metadata(&file).is_ok_and(|file| file.len() >= 512)).await;
    let control = simulator.control();
    let output = tokio::select! {
        output = ended(child) => output,
        () = drive(&control) => unreachable!("time does not end"),
    };
    let text = err(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("Recording stopped").count(), 1, "{text}");
    assert!(
        text.contains(file.to_str().unwrap()) && text.contains("too large"),
        "{text}"
    );
    let ran = from("list", &file).await;
    assert!(
        ran.err.contains("the end of the record is missing"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_vanished_directory_is_reported_once_and_waiting_goes_on() {
    let simulator = server().await;
    let control = simulator.control();
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("records");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("wait.ndjson");
    let words = format!("wait task-3 --timeout 50m --record {}", file.display());
    let messages = SharedBuffer::default();
    let waiting = line(&words).messages_into(messages.clone()).on(&simulator);
    let driving = async {
        until(|| state_of(&file, "task-3").is_some()).await;
        fs::remove_dir_all(&directory).unwrap();
        let is_reported = || messages.text().contains("Recording stopped");
        while !is_reported() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            control.advance(Duration::from_secs(1));
        }
        control.advance(Duration::from_secs(3600));
    };
    let (ran, ()) = tokio::join!(waiting, driving);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        ran.err.matches("Recording stopped").count(),
        1,
        "{}",
        ran.err
    );
    assert!(ran.err.contains("is no longer there"), "{}", ran.err);
}
