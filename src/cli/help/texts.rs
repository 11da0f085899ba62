//! Usage lines, examples and exit codes of one command, and their format.

use std::fmt::Write as _;

/// The command that lists the global options.
pub(super) const OPTIONS: &str = "options";

/// The texts of a command in addition to its options.
#[derive(Debug)]
pub struct Texts {
    /// Words of the command, such as `config set`; empty for vtask itself.
    pub name: &'static str,
    /// Usage lines, without the name of the program.
    pub usage: &'static [&'static str],
    /// Examples, in the form `command  # purpose`.
    pub(super) examples: &'static [&'static str],
    /// Exit codes in addition to 0.
    pub exit_codes: &'static [(u8, &'static str)],
    /// Further paragraphs, for the manual.
    pub notes: &'static str,
    /// The global options that apply, by ID; empty for all.
    pub(super) globals: &'static [&'static str],
}

impl Texts {
    /// Returns the examples as command and purpose.
    pub fn examples(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let split = |example: &&'static str| example.split_once("  # ").unwrap_or((*example, ""));
        self.examples.iter().map(split)
    }

    /// Formats the examples, a line each, with aligned purposes.
    pub fn example_lines(&self) -> String {
        let widths = self.examples().map(|(line, _)| line.len());
        let width = widths.filter(|width| *width < 60).max().unwrap_or(0);
        self.examples()
            .fold(String::new(), |mut text, (line, purpose)| {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "  {line:width$}  # {purpose}");
                text
            })
    }

    /// Formats the exit codes as a table, in two columns.
    fn exit_code_table(&self) -> String {
        let codes: Vec<&(u8, &str)> = std::iter::once(&(0, "success"))
            .chain(self.exit_codes)
            .collect();
        let (left, right) = codes.split_at(codes.len().div_ceil(2));
        let paired = left.iter().zip(right);
        let width = paired.map(|((_, meaning), _)| meaning.len()).max();
        let width = width.unwrap_or(0);
        let mut text = String::new();
        for (at, (code, meaning)) in left.iter().enumerate() {
            let _ = match right.get(at) {
                Some((other, other_meaning)) => writeln!(
                    text,
                    "  {code:<3}  {meaning:width$}  {other:<3}  {other_meaning}"
                ),
                None => writeln!(text, "  {code:<3}  {meaning}"),
            };
        }
        text
    }

    /// Formats examples, exit codes and the line about global options, for the end of `--help`.
    pub(super) fn after_long_help(&self) -> String {
        let mut text = format!("Examples:\n{}\n", self.example_lines());
        // The command whose exit code is its purpose has the table with all codes.
        if self.name == "wait" {
            let _ = writeln!(text, "Exit codes:\n{}", self.exit_code_table());
        } else if !self.exit_codes.is_empty() {
            let codes = self.exit_codes.iter();
            let codes = codes.map(|(code, meaning)| format!("; {code} {meaning}"));
            let _ = writeln!(text, "Exit codes: 0 success{}", codes.collect::<String>());
        }
        let _ = match (self.name, self.globals) {
            (OPTIONS, _) => write!(text, "\n{}", self.notes),
            ("", _) => write!(
                text,
                "Options of all commands, such as --profile, --url, --timeout, -v: vtask options; version: -V"
            ),
            (_, []) => write!(
                text,
                "Options of all commands, such as --profile, --url, --timeout, -v: vtask options"
            ),
            (_, globals) => {
                let flags = globals
                    .iter()
                    .map(|id| format!("--{}", id.replace('_', "-")));
                let flags = flags.collect::<Vec<_>>().join(", ");
                write!(
                    text,
                    "Options of all commands that apply: {flags}; see vtask options"
                )
            }
        };
        text
    }
}
