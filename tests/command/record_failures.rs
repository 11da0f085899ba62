//! Records that end early: the process is killed, the disk is full, the directory vanishes.

use std::{fs, path::Path, process::Stdio, time::Duration};

use vtask::recording::{Reader, RecordedState};

use crate::support::built::{command_on, start, stderr, wait_for_output};
use crate::support::command::{SharedBuffer, drive, line, run_from_record, server, wait_until};

/// Returns the state of a task in a record that is being written.
fn recorded_state(file: &Path, task: &str) -> Option<String> {
    let (state, _) = RecordedState::at_end(Reader::open(file).ok()?);
    let info = state.task(0, task)?;
    // Changes are recorded as sent, in boxes.
    let state = &info["state"];
    let state = state.as_str().or(state["_value"].as_str());
    state.map(str::to_owned)
}

#[tokio::test]
async fn a_killed_recording_is_read_up_to_its_last_second() {
    let simulator = server().await;
    let control = simulator.control();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night.ndjson.zst");
    let mut child = start(command_on(
        &simulator,
        &format!("record {}", file.display()),
    ));
    wait_until(|| control.pending_waits() > 0).await;
    control.advance(Duration::from_secs(10));
    wait_until(|| recorded_state(&file, "task-2").as_deref() == Some("error")).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let output = run_from_record("list --state failed --ids", &file).await;
    assert_eq!(
        (output.code, &*output.out, &*output.err),
        (0, "task-2\n", "")
    );

    // A frame that was not written in full is skipped.
    let bytes = fs::read(&file).unwrap();
    let truncated = directory.path().join("truncated.ndjson.zst");
    fs::write(&truncated, &bytes[..bytes.len() - 3]).unwrap();
    let output = run_from_record("list --ids", &truncated).await;
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.contains("task-1\n"), "{}", output.out);
    assert!(
        output.err.contains("the end of the record is missing"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn a_full_disk_is_reported_once_and_waiting_continues() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wait.ndjson");
    let wait = command_on(
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
    wait_until(|| fs::metadata(&file).is_ok_and(|file| file.len() >= 512)).await;
    let control = simulator.control();
    let output = tokio::select! {
        output = wait_for_output(child) => output,
        () = drive(&control) => unreachable!("the clock advances without end"),
    };
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("Recording stopped").count(), 1, "{text}");
    assert!(
        text.contains(file.to_str().unwrap()) && text.contains("too large"),
        "{text}"
    );
    let output = run_from_record("list", &file).await;
    assert!(
        output.err.contains("the end of the record is missing"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn a_vanished_directory_is_reported_once_and_waiting_continues() {
    let simulator = server().await;
    let control = simulator.control();
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().join("records");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("wait.ndjson");
    let words = format!("wait task-3 --timeout 50m --record {}", file.display());
    let messages = SharedBuffer::default();
    let waiting = line(&words).stderr_to(messages.clone()).on(&simulator);
    let driving = async {
        wait_until(|| recorded_state(&file, "task-3").is_some()).await;
        fs::remove_dir_all(&directory).unwrap();
        let is_reported = || messages.text().contains("Recording stopped");
        while !is_reported() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            control.advance(Duration::from_secs(1));
        }
        control.advance(Duration::from_secs(3600));
    };
    let (output, ()) = tokio::join!(waiting, driving);
    assert_eq!(output.code, 0, "{}", output.err);
    assert_eq!(
        output.err.matches("Recording stopped").count(),
        1,
        "{}",
        output.err
    );
    assert!(output.err.contains("is no longer there"), "{}", output.err);
}
