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
    for texts in COMMANDS {
        let first = texts.name.split(' ').next().unwrap();
        assert!(names.iter().any(|name| name == first), "{}", texts.name);
    }
}

#[test]
fn examples_are_valid_command_lines() {
    for (line, _) in COMMANDS.iter().flat_map(|texts| texts.examples) {
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

#[test]
fn help_of_every_command() {
    let mut command = full(definition()).term_width(100);
    command.build();
    let mut texts = Vec::new();
    let mut open = vec![command];
    while let Some(mut command) = open.pop() {
        texts.push(format!("{}", command.render_help()));
        let subcommands = command
            .get_subcommands()
            .filter(|command| command.get_name() != "help");
        let mut subcommands: Vec<_> = subcommands.cloned().collect();
        subcommands.reverse();
        open.extend(subcommands);
    }
    insta::assert_snapshot!(texts.join(&format!("\n{}\n", "=".repeat(100))));
}

#[test]
fn a_summary_fits_on_a_screen() {
    let mut command = definition().term_width(80);
    command.build();
    let subcommands: Vec<Command> = command.get_subcommands().cloned().collect();
    for mut command in std::iter::once(command).chain(subcommands) {
        if command.get_name() == "help" {
            continue;
        }
        let text = command.render_help().to_string();
        let lines = text.lines().count();
        // The first summary has a line for each command.
        let most = if command.has_subcommands() { 30 } else { 25 };
        assert!(
            lines <= most,
            "{}: {lines} lines\n{text}",
            command.get_name()
        );
    }
}
