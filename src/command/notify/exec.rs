//! `--exec`: runs a command of the user for each finished task.
//!
//! The shell gets the command as the user wrote it. Values sent by the server are passed in environment variables
//! only, so the shell never parses them. (`cmd` on Windows does, so its special characters are replaced.)

use std::process::Stdio;

use tokio::process::Command;

use crate::{shell_command, task::FinishedTask};

/// Variables that may contain secrets (a URL may contain a password); removed from the command's environment.
const SECRET_VARIABLES: [&str; 6] = [
    "VTASK_PASSWORD",
    "VTASK_SESSION",
    "VTASK_AUTHORIZATION",
    "VTASK_URL",
    "GOVC_PASSWORD",
    "GOVC_URL",
];

/// Returns the environment variables that describe a task to the command.
fn variables(task: &FinishedTask) -> [(&'static str, String); 8] {
    let seconds = task.duration.map(|span| span.as_secs().to_string());
    [
        ("VTASK_MOID", task.mo_id.clone()),
        ("VTASK_OPERATION", task.operation.clone()),
        ("VTASK_TARGET", task.target.clone()),
        ("VTASK_OUTCOME", task.outcome.to_owned()),
        ("VTASK_DURATION_SECONDS", seconds.unwrap_or_default()),
        ("VTASK_ERROR", task.error.clone()),
        ("VTASK_STARTED_BY", task.started_by.clone()),
        ("VTASK_ENDPOINT", task.server.clone()),
    ]
    .map(|(name, value)| (name, shell_command::variable_value(&value)))
}

/// Runs the command. Returns the lines that it printed, and an error message if it failed.
pub async fn run(command: String, task: FinishedTask) -> Vec<String> {
    let mut child = Command::from(shell_command::command(&command));
    for name in SECRET_VARIABLES {
        child.env_remove(name);
    }
    let output = child
        .envs(variables(&task))
        // A vtask started by the command must not run it again.
        .env_remove("VTASK_EXEC")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let output = match output {
        Ok(output) => output,
        Err(error) => return vec![format!("cannot run command: {error}.")],
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
            "command failed for {} ({}).",
            task.mo_id, output.status
        ));
    }
    lines
}

#[cfg(all(test, unix))]
mod tests {
    use jiff::SignedDuration;

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
    async fn server_values_are_not_parsed_by_the_shell() {
        let command =
            "printf '%s|%s|%s\\n' \"$VTASK_TARGET\" \"$VTASK_OUTCOME\" \"$VTASK_DURATION_SECONDS\"";
        let lines = run(command.to_owned(), hostile()).await;
        assert_eq!(lines, ["$(touch /tmp/owned); `id`\u{fffd}\"'|failed|90"]);
    }

    #[tokio::test]
    async fn failed_command_is_reported() {
        let lines = run("echo oh; exit 7".to_owned(), hostile()).await;
        assert_eq!(lines[0], "oh");
        assert!(
            lines[1].contains('7') && lines[1].contains("task-1"),
            "{lines:?}"
        );
    }
}
