//! `--exec`: a command of the user's own for each task that ends.
//!
//! The command goes to the shell exactly as the user wrote it. What the server sent is handed over in environment
//! variables only: it never becomes a part of what the shell reads.

use std::process::Stdio;

use jiff::SignedDuration;
use tokio::process::Command;

/// Variables that may hold secrets: of no use to who is only told that a task ended. (A URL may have a password in it.)
const SECRET_VARIABLES: [&str; 6] = [
    "VTASK_PASSWORD",
    "VTASK_SESSION",
    "VTASK_AUTHORIZATION",
    "VTASK_URL",
    "GOVC_PASSWORD",
    "GOVC_URL",
];

/// What is told of a task that ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FinishedTask {
    /// The moId.
    pub mo_id: String,
    /// What the operation is called.
    pub operation: String,
    /// What it was done to.
    pub target: String,
    /// `success`, `failed`, `cancelled` or `unknown`.
    pub outcome: &'static str,
    /// How long it ran, where that is known.
    pub duration: Option<SignedDuration>,
    /// Why it failed, or why its outcome is not known.
    pub error: String,
    /// Who or what started it.
    pub started_by: String,
    /// The server.
    pub endpoint: String,
}

impl FinishedTask {
    /// The variables that the command finds in its environment.
    pub fn variables(&self) -> [(&'static str, String); 8] {
        let seconds = self.duration.map(|span| span.as_secs().to_string());
        [
            ("VTASK_MOID", self.mo_id.clone()),
            ("VTASK_OPERATION", self.operation.clone()),
            ("VTASK_TARGET", self.target.clone()),
            ("VTASK_OUTCOME", self.outcome.to_owned()),
            ("VTASK_DURATION_SECONDS", seconds.unwrap_or_default()),
            ("VTASK_ERROR", self.error.clone()),
            ("VTASK_STARTED_BY", self.started_by.clone()),
            ("VTASK_ENDPOINT", self.endpoint.clone()),
        ]
        // A variable cannot hold the character that ends it.
        .map(|(name, value)| (name, value.replace('\0', "\u{fffd}")))
    }
}

/// Runs the command. Answers what it printed, and what is to be complained of.
pub async fn run(command: String, ended: FinishedTask) -> Vec<String> {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut to_run = Command::new(shell);
    for name in SECRET_VARIABLES {
        to_run.env_remove(name);
    }
    let output = to_run
        .args([flag, &command])
        .envs(ended.variables())
        // A vtask that the command starts is not to run it again.
        .env_remove("VTASK_EXEC")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let output = match output {
        Ok(output) => output,
        Err(error) => return vec![format!("the command of --exec cannot be run: {error}.")],
    };
    let printed = [output.stdout, output.stderr];
    let mut lines: Vec<String> = printed
        .iter()
        .flat_map(|bytes| {
            String::from_utf8_lossy(bytes)
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    if !output.status.success() {
        lines.push(format!(
            "the command of --exec failed for {} ({}).",
            ended.mo_id, output.status
        ));
    }
    lines
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn hostile() -> FinishedTask {
        FinishedTask {
            mo_id: "task-1".to_owned(),
            target: "$(touch /tmp/owned); `id`\0\"'".to_owned(),
            outcome: "failed",
            duration: Some(SignedDuration::from_millis(90_500)),
            ..FinishedTask::default()
        }
    }

    #[tokio::test]
    async fn what_the_server_sent_is_data_to_the_shell() {
        let command =
            "printf '%s|%s|%s\\n' \"$VTASK_TARGET\" \"$VTASK_OUTCOME\" \"$VTASK_DURATION_SECONDS\"";
        let lines = run(command.to_owned(), hostile()).await;
        assert_eq!(lines, ["$(touch /tmp/owned); `id`\u{fffd}\"'|failed|90"]);
    }

    #[tokio::test]
    async fn a_command_that_fails_is_complained_of() {
        let lines = run("echo oh; exit 7".to_owned(), hostile()).await;
        assert_eq!(lines[0], "oh");
        assert!(
            lines[1].contains('7') && lines[1].contains("task-1"),
            "{lines:?}"
        );
    }
}
