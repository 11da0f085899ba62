//! Jobs on this machine that may block, such as writing a file. They run beside the event loop.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
    process::Stdio,
};

use tokio::{io::AsyncWriteExt, process::Command, task::spawn_blocking};

use crate::{app::Severity, shell_command};

/// Notification to show when a background job ends, if any.
pub(super) type JobResult = Option<(Severity, String)>;

/// Pipes text to a clipboard command such as `wl-copy`.
pub(super) async fn copy(command: String, text: String) -> JobResult {
    let outcome = pipe_to_command(&command, &text).await;
    let why = outcome.err()?;
    let text = format!("Cannot copy: “{command}” {why}");
    Some((Severity::Warning, text))
}

async fn pipe_to_command(command: &str, text: &str) -> Result<(), String> {
    let child = Command::from(shell_command::command(command))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(|error| format!("cannot be run: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read its input is judged by its exit code.
        let _ = input.write_all(text.as_bytes()).await;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed ({status})")),
        Err(error) => Err(format!("failed: {error}")),
    }
}

/// Writes a new file; an existing one is never overwritten.
pub(super) async fn save(path: String, text: String, what: String) -> JobResult {
    let expanded_path = expand_home(&path);
    let written = spawn_blocking(move || -> io::Result<()> {
        File::create_new(expanded_path)?.write_all(text.as_bytes())
    });
    Some(match written.await {
        Ok(Ok(())) => (Severity::Info, format!("Saved {what} to {path}")),
        Ok(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => (
            Severity::Warning,
            format!("{path} already exists; choose another name"),
        ),
        Ok(Err(error)) => (Severity::Warning, format!("Cannot write {path}: {error}")),
        Err(_) => (Severity::Warning, format!("Cannot write {path}")),
    })
}

/// Replaces a leading `~/` by the home directory.
fn expand_home(path: &str) -> PathBuf {
    let below_home = path.strip_prefix("~/").or_else(|| {
        let windows = cfg!(windows).then(|| path.strip_prefix("~\\"));
        windows.flatten()
    });
    match (below_home, std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn existing_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let name = path.to_str().unwrap().to_owned();
        let message = save(name.clone(), "one".into(), "2 tasks".into()).await;
        assert_eq!(
            message,
            Some((Severity::Info, format!("Saved 2 tasks to {name}")))
        );
        let (severity, text) = save(name, "two".into(), "2 tasks".into()).await.unwrap();
        assert!(severity == Severity::Warning && text.contains("already exists"));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one");
        let missing = folder.path().join("missing/x.csv");
        let missing = missing.to_str().unwrap().to_owned();
        let nowhere = save(missing, String::new(), String::new()).await;
        assert!(nowhere.unwrap().1.contains("Cannot write"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn clipboard_command_gets_the_text_and_failures_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip");
        let text = "it's \"x\"\n".repeat(50_000);
        let command = format!("cat > '{}'", path.display());
        assert_eq!(copy(command, text.clone()).await, None);
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        let (severity, message) = copy("exit 3".into(), text).await.unwrap();
        assert!(severity == Severity::Warning && message.contains("exit 3"));
    }
}
