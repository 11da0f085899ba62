//! Reads TASK arguments, from the command line and from standard input.

use std::{borrow::Cow, io::BufRead};

use serde_json::Value;

use super::CommandError;
use crate::text::without_user_info;

/// The heading of the first column of the tables printed by `get` and `list`.
const TABLE_HEADING: &str = "TASK";

/// The text of a TASK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaskArg {
    pub(super) text: String,
    /// The server, if the TASK comes from a `--json` line.
    pub(super) server: Option<String>,
}

impl TaskArg {
    /// Returns the text for messages, without user name and password.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        without_user_info(&self.text)
    }
}

impl From<&str> for TaskArg {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            server: None,
        }
    }
}

/// Returns the TASKs, with those of standard input in place of `-`.
///
/// # Errors
/// Fails if standard input cannot be read, is empty, or has a JSON object without a task.
pub(super) fn texts(
    arguments: &[String],
    stdin: impl FnOnce() -> Box<dyn BufRead>,
) -> Result<Vec<TaskArg>, CommandError> {
    let mut texts = Vec::new();
    let mut stdin = Some(stdin);
    for argument in arguments {
        if argument != "-" {
            texts.push(argument.as_str().into());
            continue;
        }
        let Some(stdin) = stdin.take() else { continue };
        let mut input = String::new();
        stdin().read_to_string(&mut input).map_err(|error| {
            CommandError::Usage(format!("standard input cannot be read: {error}."))
        })?;
        let named = parse_input(&input)?;
        if named.is_empty() {
            return Err(CommandError::EmptyInput);
        }
        texts.extend(named);
    }
    Ok(texts)
}

/// Returns the TASKs of standard input: every word and every JSON value; after the table heading `TASK`, the first word
/// of each line.
fn parse_input(input: &str) -> Result<Vec<TaskArg>, CommandError> {
    let mut named = Vec::new();
    let mut rest = input.trim_start_matches('\u{feff}').trim_start();
    let mut is_table = false;
    while !rest.is_empty() {
        rest = if rest.starts_with(['{', '[']) {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match values.next() {
                Some(Ok(value)) => parse_json(&value, &mut named)?,
                Some(Err(error)) => {
                    let why = format!("standard input contains invalid JSON: {error}.");
                    return Err(CommandError::Usage(why));
                }
                None => {}
            }
            &rest[values.byte_offset()..]
        } else {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            if word == TABLE_HEADING {
                is_table = true;
            } else {
                named.push(word.into());
            }
            if is_table {
                let line_end = rest.find('\n').unwrap_or(rest.len());
                &rest[line_end..]
            } else {
                after
            }
        }
        .trim_start();
    }
    Ok(named)
}

/// Reads the task of a `--json` object, of a reference, or of each item of an array.
fn parse_json(value: &Value, named: &mut Vec<TaskArg>) -> Result<(), CommandError> {
    if let Some(items) = value.as_array() {
        return items.iter().try_for_each(|item| parse_json(item, named));
    }
    let candidates = [
        value,
        &value["moId"],
        &value["task"]["value"],
        &value["value"],
    ];
    let Some(text) = candidates.into_iter().find_map(Value::as_str) else {
        let why = "standard input contains JSON without a moId.";
        return Err(CommandError::Usage(why.to_owned()));
    };
    named.push(TaskArg {
        text: text.to_owned(),
        server: value["endpoint"].as_str().map(str::to_owned),
    });
    Ok(())
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
    fn dash_is_replaced_by_standard_input() {
        let tasks = read_from(&["task-1", "-", "-"], "Task:task-2\n\n task-1\n").unwrap();
        assert_eq!(tasks, ["task-1", "task-2", "task-1"].map(Arc::from));
    }

    #[test]
    fn output_of_other_commands_is_accepted() {
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
    fn every_word_is_a_task() {
        let words = ["task-1", "task-2", "task-3", "task-4"].map(Arc::from);
        for stdin in [
            "task-1 task-2 task-3 task-4",
            "task-1\ttask-2\r\nTask:task-3\u{a0}task-4\n",
            "\u{feff}task-1 task-2\n\n  task-3 task-4  ",
            "task-1 {\"moId\":\"task-2\"} {\"moId\":\"task-3\"}\ntask-4",
            "[{\"moId\":\"task-1\"},\n {\"moId\": \"task-2\"},\n\"task-3\",\n{\n\"moId\":\n\"task-4\"\n}\n]\n",
            "TASK    STATE\ntask-1  running\ntask-2\n\ntask-3  9\n{\"moId\":\"task-4\"}",
        ] {
            assert_eq!(read_from(&["-"], stdin).unwrap(), words, "{stdin:?}");
        }
    }

    #[test]
    fn json_without_task_is_refused() {
        for stdin in ["{\"moId\":\"task-1\"", "task-1 {\"no\":1}", "[1]", "[{}]"] {
            let error = read_from(&["-"], stdin).unwrap_err();
            assert_eq!(error.code(), 2, "{stdin}");
            assert!(error.to_string().contains("standard input"), "{error}");
        }
    }

    #[test]
    fn an_empty_list_is_wrong_usage() {
        for stdin in ["\n", "", " \t\r\n", "[]", "TASK  STATE\n"] {
            let error = read_from(&["-"], stdin).unwrap_err();
            assert_eq!(error.code(), 2);
        }
        assert!(read_from(&["vm:1"], "").is_err());
        assert!(read_from(&["-"], "{\"no\":1}\n").is_err());
    }
}
