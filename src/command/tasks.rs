//! The TASK arguments: any form people have at hand, and standard input.

use std::{io::BufRead, sync::Arc};

use super::CommandError;
use crate::task::TaskRef;

/// Reads TASK arguments; `-` stands for standard input, one per line. Each task comes once, in the order given.
///
/// # Errors
/// When a text names no task, or standard input has none.
pub(super) fn read(
    arguments: &[String],
    stdin: impl FnOnce() -> Box<dyn BufRead>,
) -> Result<Vec<Arc<str>>, CommandError> {
    let mut texts = Vec::new();
    let mut stdin = Some(stdin);
    for argument in arguments {
        if argument != "-" {
            texts.push(argument.clone());
            continue;
        }
        let Some(stdin) = stdin.take() else { continue };
        let lines: Result<Vec<String>, _> = stdin().lines().collect();
        let lines = lines.map_err(|error| {
            CommandError::Usage(format!("standard input cannot be read: {error}."))
        })?;
        let before = texts.len();
        texts.extend(lines.into_iter().filter(|line| !line.trim().is_empty()));
        if texts.len() == before {
            let why = "standard input names no task: give one per line.";
            return Err(CommandError::Usage(why.to_owned()));
        }
    }
    let mut tasks: Vec<Arc<str>> = Vec::new();
    for text in texts {
        let TaskRef(mo_id) = text
            .parse()
            .map_err(|error: crate::task::NotATask| CommandError::Usage(error.to_string()))?;
        if !tasks.contains(&mo_id) {
            tasks.push(mo_id);
        }
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(arguments: &[&str], stdin: &'static str) -> Result<Vec<Arc<str>>, CommandError> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        read(&arguments, || Box::new(stdin.as_bytes()))
    }

    #[test]
    fn standard_input_takes_its_place_and_doubles_fall_out() {
        let tasks = read_from(&["task-1", "-", "-"], "Task:task-2\n\n task-1\n").unwrap();
        assert_eq!(tasks, ["task-1".into(), "task-2".into()] as [Arc<str>; 2]);
    }

    #[test]
    fn an_empty_list_is_wrong_usage() {
        let error = read_from(&["-"], "\n").unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(read_from(&["vm:1"], "").is_err());
    }
}
