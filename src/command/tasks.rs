//! The TASK arguments: any form people have at hand, and standard input.

use std::io::BufRead;

use serde_json::Value;

use super::CommandError;

/// A text that is to name a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) text: String,
    /// The server, where the line of `--json` that it comes from tells it.
    pub(super) endpoint: Option<String>,
}

impl From<&str> for Named {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            endpoint: None,
        }
    }
}

/// The texts that are to name tasks, those of standard input in the place of `-`.
///
/// # Errors
/// When standard input has none.
pub(super) fn texts(
    arguments: &[String],
    stdin: impl FnOnce() -> Box<dyn BufRead>,
) -> Result<Vec<Named>, CommandError> {
    let mut texts = Vec::new();
    let mut stdin = Some(stdin);
    for argument in arguments {
        if argument != "-" {
            texts.push(argument.as_str().into());
            continue;
        }
        let Some(stdin) = stdin.take() else { continue };
        let lines: Result<Vec<String>, _> = stdin().lines().collect();
        let lines = lines.map_err(|error| {
            CommandError::Usage(format!("standard input cannot be read: {error}."))
        })?;
        let before = texts.len();
        texts.extend(lines.iter().filter_map(|line| of_line(line)));
        if texts.len() == before {
            let why = "standard input names no task: give one per line.";
            return Err(CommandError::Usage(why.to_owned()));
        }
    }
    Ok(texts)
}

/// What a line of standard input names: the whole line, the first column of a table (its heading names nothing), or
/// the task of a line of `--json`.
fn of_line(line: &str) -> Option<Named> {
    let line = line.trim();
    if line.starts_with('{')
        && let Ok(object) = serde_json::from_str::<Value>(line)
    {
        let places = [&object["moId"], &object["task"]["value"], &object["value"]];
        let text = places.into_iter().find_map(Value::as_str);
        return Some(Named {
            text: text.unwrap_or(line).to_owned(),
            endpoint: object["endpoint"].as_str().map(str::to_owned),
        });
    }
    let first = line.split_whitespace().next()?;
    (first != "TASK").then(|| first.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::task::TaskRef;

    fn read_from(arguments: &[&str], stdin: &'static str) -> Result<Vec<Arc<str>>, CommandError> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let texts = texts(&arguments, || Box::new(stdin.as_bytes()))?;
        let read = texts.into_iter().map(|named| {
            let read = named.text.parse::<TaskRef>();
            read.map(|task| task.0)
                .map_err(|error| CommandError::Usage(error.to_string()))
        });
        read.collect()
    }

    #[test]
    fn standard_input_takes_its_place() {
        let tasks = read_from(&["task-1", "-", "-"], "Task:task-2\n\n task-1\n").unwrap();
        assert_eq!(tasks, ["task-1", "task-2", "task-1"].map(Arc::from));
    }

    #[test]
    fn what_other_commands_print_can_be_piped_in() {
        let stdin = "TASK    STATE\ntask-1  running  42%\n{\"version\":1,\"moId\":\"task-2\"}\n\
                     {\"task\":{\"type\":\"Task\",\"value\":\"task-3\"}}\n\
                     {\"type\":\"Task\",\"value\":\"task-4\"}\n";
        let tasks = read_from(&["-"], stdin).unwrap();
        assert_eq!(
            tasks,
            ["task-1", "task-2", "task-3", "task-4"].map(Arc::from)
        );
    }

    #[test]
    fn an_empty_list_is_wrong_usage() {
        for stdin in ["\n", "", "TASK  STATE\n"] {
            let error = read_from(&["-"], stdin).unwrap_err();
            assert_eq!(error.code(), 2);
        }
        assert!(read_from(&["vm:1"], "").is_err());
        assert!(read_from(&["-"], "{\"no\":1}\n").is_err());
    }
}
