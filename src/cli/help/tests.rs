use super::*;
use crate::cli::{definition, parse};

/// Splits a line of the shell into words; quotes are removed.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(mark) if letter == mark => quote = None,
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            None if letter == ' ' => words.push(String::new()),
            _ => words.extend_last(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

trait ExtendLast {
    fn extend_last(&mut self, letter: char);
}

impl ExtendLast for Vec<String> {
    fn extend_last(&mut self, letter: char) {
        self.last_mut().unwrap().push(letter);
    }
}

#[test]
fn every_command_has_texts_and_every_text_a_command() {
    let command = definition();
    let mut names = vec![String::new()];
    names.extend(
        command
            .get_subcommands()
            .map(|command| command.get_name().to_owned()),
    );
    for name in &names {
        let texts = texts(name).unwrap_or_else(|| panic!("{name} has no texts"));
        assert!((3..=6).contains(&texts.examples.len()), "{name}");
    }
    for texts in command_texts::all() {
        let first = texts.name.split(' ').next().unwrap();
        assert!(names.iter().any(|name| name == first), "{}", texts.name);
    }
}

#[test]
fn examples_are_valid_command_lines() {
    for (line, purpose) in command_texts::all().flat_map(Texts::examples) {
        assert!(!purpose.is_empty(), "{line}");
        let mut found = 0;
        for part in line.split(" | ").flat_map(|part| part.split("&&")) {
            let part = part
                .trim()
                .trim_start_matches("source <(")
                .trim_start_matches("eval (");
            let part = part.trim_end_matches(')');
            if part.starts_with("vtask") {
                found += 1;
                if let Err(error) = parse(words(part)) {
                    panic!("{part}: {error}");
                }
            }
        }
        assert!(found > 0, "{line}");
    }
}

/// Returns the help of a command and of its subcommands, each after its parent.
fn helps(command: Command, width: usize) -> Vec<String> {
    let mut command = command.term_width(width);
    command.build();
    let mut texts = Vec::new();
    let mut open = vec![command];
    while let Some(mut command) = open.pop() {
        texts.push(command.render_help().to_string());
        let subcommands = command
            .get_subcommands()
            .filter(|command| command.get_name() != "help");
        let mut subcommands: Vec<_> = subcommands.cloned().collect();
        subcommands.reverse();
        open.extend(subcommands);
    }
    texts
}

#[test]
fn help_of_every_command() {
    let texts = helps(full(definition()), 100);
    insta::assert_snapshot!(texts.join(&format!("\n{}\n", "=".repeat(100))));
}

#[test]
fn help_fits_one_screen() {
    let is_complete = |texts: &[String]| texts.len() > 20;
    let summary = summary(definition());
    for (command, width, limit) in [(summary, 80, 25), (full(definition()), 100, 50)] {
        let texts = helps(command, width);
        assert!(is_complete(&texts), "{} texts", texts.len());
        for text in texts {
            let lines = text.lines().count();
            assert!(lines <= limit, "{lines} lines of {limit}\n{text}");
            let widest = text.lines().map(crate::text::width).max();
            assert!(widest <= Some(width), "{widest:?} of {width}\n{text}");
        }
    }
}

#[test]
fn global_options_are_listed_by_one_command() {
    let options = global_options(definition());
    for flag in ["--url", "--profile", "--fetch", "--log-file", "--timeout"] {
        assert!(options.contains(flag), "{flag}\n{options}");
        let others = helps(full(definition()), 100);
        let named = others.iter().filter(|text| {
            let mut lines = text.lines().map(str::trim_start);
            lines.any(|line| line.starts_with(&format!("{flag} ")))
        });
        assert_eq!(named.count(), 1, "{flag}");
    }
}
