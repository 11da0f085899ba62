//! Checks README.md and docs/: commands run, config files are valid, messages and keys exist, links are not broken.

use std::{
    collections::BTreeSet,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use regex::Regex;
use tokio::time::timeout;
use vtask::{
    cli::Cli,
    config::ConfigFile,
    recording::{FORMAT_VERSION, Reader},
    simulator::{Options, Simulator, scenario::Scenario},
};

use crate::support::command::{SCENARIO, config, line};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Programs other than vtask that the guides use.
const OTHER_PROGRAMS: [&str; 4] = ["cargo", "echo", "jq", "source"];
/// Commands that need a terminal, a keyring, another machine or a file: only their arguments are checked.
const PARSED_ONLY: [&str; 10] = [
    "--from",
    "exporter",
    "record",
    "replay",
    "demo",
    "simulate",
    "trust",
    "logout",
    "set-password",
    "forget-password",
];

fn guides() -> Vec<PathBuf> {
    let docs = fs::read_dir(format!("{ROOT}/docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut guides: Vec<_> = docs
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    guides.push(format!("{ROOT}/README.md").into());
    guides.sort();
    guides
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Returns the fenced code blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// A command of a shell line.
#[derive(Debug)]
struct Command {
    words: Vec<String>,
    /// True if it reads the output of the previous command.
    is_piped: bool,
}

/// Splits a shell line into commands at quotes, pipes, lists, comments and redirections to a file.
fn commands(line: &str) -> Vec<Command> {
    let mut all = vec![Command {
        words: Vec::new(),
        is_piped: false,
    }];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut is_target = false;
    for letter in line.chars().chain([' ']) {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '|' | ';' | '&' | '>') => {
                let last = all.last_mut().unwrap();
                if let Some(word) = word.take()
                    && !std::mem::take(&mut is_target)
                {
                    last.words.push(word);
                }
                is_target |= letter == '>';
                if matches!(letter, '|' | ';' | '&') && !last.words.is_empty() {
                    let is_piped = letter == '|';
                    all.push(Command {
                        words: Vec::new(),
                        is_piped,
                    });
                }
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert_eq!(quote, None, "{line}");
    all.retain(|command| !command.words.is_empty());
    all
}

#[test]
fn shell_lines_are_parsed() {
    let split: Vec<_> =
        commands("vtask list --user '*\\ops' | vtask wait - > a.txt && echo \"x y\" # no")
            .into_iter()
            .map(|command| (command.words.join("~"), command.is_piped))
            .collect();
    let expected = [
        ("vtask~list~--user~*\\ops", false),
        ("vtask~wait~-", true),
        ("echo~x y", false),
    ];
    assert_eq!(
        split,
        expected.map(|(words, is_piped)| (words.to_owned(), is_piped))
    );
}

/// Tasks that start later, for `wait --new`.
const LATER_TASKS: &str = r#"
[[task]]
at = "4s"
what = { operation = "VirtualMachine.relocate", on = "b", takes = "4s", by = { user = "LAB\\terraform" } }
[[task]]
at = "5s"
what = { operation = "VirtualMachine.relocate", on = "b", takes = "4s", by = { user = "LAB\\kim" } }
"#;

async fn simulator() -> Simulator {
    let scenario = format!("{SCENARIO}{LATER_TASKS}")
        .replace("first_task = 1", "first_task = 4711")
        .replace("\"1h\"", "\"40s\"")
        .replace("\"a\"", "\"db-prod-01\"");
    let options = Options::new(Scenario::parse("test", &scenario).unwrap()).manual();
    let simulator = Simulator::start(options).await.unwrap();
    simulator.control().advance(Duration::from_millis(500));
    simulator
}

/// Runs the commands of a line against two vCenters with the tasks of the guides.
async fn run(guide: &str, line_text: &str) {
    let (lab, branch) = (simulator().await, simulator().await);
    let directory = tempfile::tempdir().unwrap();
    let path = config(directory.path(), &[("lab", &lab), ("branch", &branch)]);
    let text = format!("default-profile = \"lab\"\n{}", read(Path::new(&path)));
    fs::write(&path, text).unwrap();
    let mut previous_output: &'static str = "";
    for command in commands(line_text) {
        let [program, arguments @ ..] = &command.words[..] else {
            unreachable!()
        };
        if program != "vtask" {
            let is_known = OTHER_PROGRAMS.contains(&program.as_str());
            assert!(is_known, "{guide}: unknown program: {line_text}");
            continue;
        }
        let parsed = Cli::try_parse_from(&command.words)
            .unwrap_or_else(|error| panic!("{guide}: {line_text}\n{error}"));
        let is_parsed_only = parsed.command.is_none()
            || arguments
                .iter()
                .any(|word| PARSED_ONLY.contains(&word.as_str()) || word.ends_with(".ndjson.zst"));
        if is_parsed_only {
            continue;
        }
        let mut words = arguments.to_vec();
        for flag in ["--url", "--username"] {
            if let Some(at) = words.iter().position(|word| word == flag) {
                words.drain(at..at + 2);
            }
        }
        for flag in ["--html", "--markdown", "--cursor", "--output-file"] {
            let file = words.iter().position(|word| word == flag);
            if let Some(file) = file.and_then(|flag| words.get_mut(flag + 1))
                && file != "-"
            {
                *file = directory.path().join(&*file).display().to_string();
            }
        }
        let takes_config = !["man", "completions"].contains(&words[0].as_str());
        let words = words.into_iter().chain(
            takes_config
                .then(|| ["--config".to_owned(), path.clone()])
                .into_iter()
                .flatten(),
        );
        let mut run = line("").variable("HOME", directory.path().to_str().unwrap());
        for word in words {
            run = run.word(&word);
        }
        if command.is_piped {
            run = run.input(previous_output);
        }
        if !line_text.contains("--yes") {
            run = run
                .type_input(if command.is_piped {
                    previous_output
                } else {
                    "y\n"
                })
                .terminal(100, 30);
        }
        let runs_forever =
            arguments[0] == "stream" || command.words.iter().any(|word| word == "--watch");
        if runs_forever {
            run = run.interrupt_after(Duration::from_secs(1));
        }
        let output = timeout(Duration::from_secs(40), run.on_servers(&[&lab, &branch])).await;
        let output = output.unwrap_or_else(|_| panic!("{guide}: timed out: {line_text}"));
        // Failed and cancelled tasks are part of the scenario; usage and connection errors are not.
        assert!(
            [0, 1, 3].contains(&output.code) || runs_forever && output.code == 130,
            "{guide}: {line_text}\nexit code {}\n{}\n{}",
            output.code,
            output.out,
            output.err
        );
        previous_output = Box::leak(output.out.into_boxed_str());
    }
}

#[tokio::test]
async fn every_command_runs() {
    let mut count = 0;
    let in_tables = Regex::new(r"\| `(vtask(?: [^`]*)?)`").unwrap();
    for guide in guides() {
        let name = guide.file_name().unwrap().to_str().unwrap();
        let text = read(&guide);
        let cells = in_tables
            .captures_iter(&text)
            .map(|cell| cell[1].to_owned());
        let lines = blocks(&text, "sh")
            .into_iter()
            .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
        let mut all: BTreeSet<String> = lines.chain(cells).collect();
        all.retain(|line| !line.trim().is_empty() && !line.contains("$task"));
        for line in all {
            count += 1;
            run(name, &line).await;
        }
    }
    assert!(count > 40, "only {count} commands found");
}

#[test]
fn the_lines_of_the_record_format_are_valid() {
    let text = read(Path::new(&format!("{ROOT}/docs/recording.md")));
    let record = blocks(&text, "json").concat();
    let mut reader = Reader::new(Cursor::new(record.clone()), "docs").unwrap();
    assert_eq!(reader.header().vtask_record, FORMAT_VERSION);
    let lines: Vec<_> = reader.by_ref().collect();
    assert_eq!(reader.damage().to_string(), "");
    assert_eq!(lines.len() + 1, record.lines().count());
    for (line, text) in lines.iter().zip(record.lines().skip(1)) {
        let text: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(line).unwrap(), text);
        let entry = text.as_object().unwrap().keys().next_back().unwrap();
        assert!(
            read(Path::new(&format!("{ROOT}/docs/recording.md"))).contains(&format!("`{entry}`"))
        );
    }
}

#[test]
fn every_config_file_is_valid() {
    for guide in guides() {
        for block in blocks(&read(&guide), "toml") {
            let file = ConfigFile::parse(&block).unwrap_or_else(|error| panic!("{error}\n{block}"));
            let problems = [file.filter_problems(), file.list.problems].concat();
            assert_eq!(problems, [""; 0], "{block}");
        }
    }
}

#[test]
fn every_key_of_the_config_file_is_described() {
    let text = read(Path::new(&format!("{ROOT}/docs/configuration.md")));
    for section in ["", "[defaults]\n", "[profiles.a]\n"] {
        let error = ConfigFile::parse(&format!("{section}no-such-key = 1\n")).unwrap_err();
        let (_, keys) = error.0.split_once("The keys here are ").unwrap();
        for key in keys.trim_end_matches('.').split(", ") {
            assert!(text.contains(&format!("`{key}`")), "{section}{key}");
        }
    }
}

#[test]
fn headings_of_the_troubleshooting_page_are_messages() {
    let guide = read(Path::new(&format!("{ROOT}/docs/troubleshooting.md")));
    let mut source = String::new();
    let mut directories = vec![PathBuf::from(format!("{ROOT}/src"))];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                source.push_str(&read(&path));
            }
        }
    }
    // Long messages continue after a backslash.
    let source = Regex::new(r"\\\n\s*")
        .unwrap()
        .replace_all(&source, "")
        .into_owned();
    let headings: Vec<_> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert!(headings.len() > 20);
    for heading in headings {
        assert!(
            source.contains(heading),
            "docs/troubleshooting.md: no message contains “{heading}”"
        );
    }
}

#[test]
fn links_point_to_existing_files() {
    let link = Regex::new(r#"(?:\]\(|srcset="|src=")([^)#"]+)"#).unwrap();
    for guide in guides() {
        let text = read(&guide);
        for found in link
            .captures_iter(&text)
            .filter(|found| !found[1].contains("://"))
        {
            let target = guide.parent().unwrap().join(&found[1]);
            assert!(target.exists(), "{}: {}", guide.display(), &found[1]);
        }
    }
    let summary = read(Path::new(&format!("{ROOT}/docs/SUMMARY.md")));
    for guide in guides() {
        let name = guide.file_name().unwrap().to_str().unwrap();
        let is_listed = summary.contains(&format!("({name})"));
        assert!(
            is_listed || ["README.md", "SUMMARY.md"].contains(&name),
            "{name}"
        );
    }
}
