//! `vtask man`: the manual pages, generated from the definition of `--help`.

use std::{fmt::Write as _, fs, path::PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use super::{CommandError, Outcome, io_context::CommandIo};
use crate::cli::help;

/// Print the manual page
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Print the page of this command, such as wait or config set
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,

    /// Write all pages to this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Variables that are not the variable of an option.
const VARIABLES: &[(&str, &str)] = &[
    (
        "VTASK_URL, VTASK_USERNAME, VTASK_CA_FILE, …",
        "The connection options, one variable each.",
    ),
    ("VTASK_PASSWORD", "The password."),
    (
        "VTASK_SESSION, VTASK_AUTHORIZATION",
        "ID of an existing session, or an Authorization header value.",
    ),
    ("VTASK_LOG", "Filter of the log, such as vtask::http=debug."),
    (
        "GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD, GOVC_INSECURE, GOVC_TLS_CA_CERTS, GOVC_TLS_KNOWN_HOSTS",
        "As for govc.",
    ),
    ("NO_COLOR", "No colors."),
];
const FILES: &[(&str, &str)] = &[
    (
        "~/.config/vtask/config.toml",
        "Config file; see vtask-config(1).",
    ),
    ("~/.config/vtask/themes/NAME.toml", "Themes."),
    ("~/.local/share/vtask/known-hosts", "Trusted certificates."),
    (
        "~/.local/state/vtask/",
        "Saved filters and the history of typed filters.",
    ),
    (
        "$XDG_RUNTIME_DIR/vtask/sessions",
        "Sessions kept by --keep-session.",
    ),
];

/// Runs `vtask man`.
///
/// # Errors
/// Fails if there is no such command or the output cannot be written.
pub fn run(
    args: &ManArgs,
    definition: Command,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let mut definition = definition.disable_help_subcommand(true);
    definition.build();
    if let Some(directory) = &args.dir {
        for (file, page) in pages(&definition) {
            fs::write(directory.join(&file), page).map_err(|error| {
                CommandError::Usage(format!(
                    "{file} cannot be written to {}: {error}. Does the directory exist?",
                    directory.display()
                ))
            })?;
        }
        return Ok(Outcome::Success);
    }
    let mut command = &definition;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            CommandError::Usage(format!(
                "there is no command “{}”; see vtask --help.",
                args.command.join(" ")
            ))
        })?;
    }
    let text = page(command, &args.command.join(" "))?;
    io.print(&text)?;
    Ok(Outcome::Success)
}

/// Returns the pages of all commands with their file names.
fn pages(definition: &Command) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut open = vec![(String::new(), definition)];
    while let Some((name, command)) = open.pop() {
        let file = format!("vtask {name}").trim_end().replace(' ', "-") + ".1";
        if let Ok(page) = page(command, &name) {
            pages.push((file, page));
        }
        open.extend(command.get_subcommands().map(|command| {
            let name = format!("{name} {}", command.get_name());
            (name.trim_start().to_owned(), command)
        }));
    }
    pages.sort();
    pages
}

/// Returns the page of a command.
fn page(command: &Command, name: &str) -> Result<String, CommandError> {
    let man = Man::new(command.clone());
    let mut bytes = Vec::new();
    let local = |error: std::io::Error| CommandError::Local(error.into());
    man.render_title(&mut bytes).map_err(local)?;
    man.render_name_section(&mut bytes).map_err(local)?;
    let texts = help::texts(name);
    if texts.is_none() {
        man.render_synopsis_section(&mut bytes).map_err(local)?;
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    bytes.clear();
    if let Some(texts) = texts {
        text.push_str(".SH SYNOPSIS\n");
        for usage in texts.usage {
            let _ = writeln!(
                text,
                "\\fB{}\\fR {}\n.br",
                escaped(format!("vtask {name}").trim_end()),
                escaped(usage)
            );
        }
    }
    man.render_description_section(&mut bytes).map_err(local)?;
    man.render_options_section(&mut bytes).map_err(local)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut bytes).map_err(local)?;
    }
    text.push_str(&String::from_utf8_lossy(&bytes));
    // A command of a command has the examples and codes of the one above.
    let above = name.split(' ').next().unwrap_or_default();
    if let Some(texts) = texts.or_else(|| help::texts(above)) {
        if !texts.notes.is_empty() {
            text.push_str(".SH NOTES\n");
            for paragraph in texts.notes.split("\n\n") {
                let _ = writeln!(text, ".PP\n{}", escaped(paragraph));
            }
        }
        text.push_str(".SH EXAMPLES\n");
        for (line, purpose) in texts.examples() {
            let _ = write!(
                text,
                ".TP\n{}\n.nf\n{}\n.fi\n",
                escaped(purpose),
                escaped(line)
            );
        }
        text.push_str(".SH EXIT STATUS\n");
        let codes = texts
            .exit_codes
            .iter()
            .map(|(code, meaning)| (code.to_string(), *meaning));
        text.push_str(&list(
            std::iter::once(("0".to_owned(), "success")).chain(codes),
        ));
    }
    text.push_str(".SH ENVIRONMENT\n");
    let own = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set())
        .filter_map(|arg| {
            let name = arg.get_env()?.to_str()?;
            Some((
                name.to_owned(),
                format!("The option --{}.", arg.get_long()?),
            ))
        });
    let others = VARIABLES
        .iter()
        .map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned()));
    text.push_str(&list(own.chain(others)));
    text.push_str(".SH FILES\n");
    text.push_str(&list(
        FILES
            .iter()
            .map(|(name, meaning)| ((*name).to_owned(), *meaning)),
    ));
    if !name.is_empty() {
        text.push_str(".SH SEE ALSO\nvtask(1)\n");
    }
    Ok(text)
}

/// Formats terms with their meaning.
fn list(items: impl Iterator<Item = (String, impl AsRef<str>)>) -> String {
    items.fold(String::new(), |mut text, (name, meaning)| {
        let _ = write!(
            text,
            ".TP\n\\fB{}\\fR\n{}\n",
            escaped(&name),
            escaped(meaning.as_ref())
        );
        text
    })
}

/// Escapes text for roff.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text.lines().map(|line| {
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn all() -> Vec<(String, String)> {
        let mut definition = cli::definition().disable_help_subcommand(true);
        definition.build();
        pages(&definition)
    }

    #[test]
    fn every_command_has_a_page_and_help_has_none() {
        let pages = all();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "vtask.1",
            "vtask-wait.1",
            "vtask-config-set.1",
            "vtask-trust-add.1",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
    }

    #[test]
    fn every_page_has_its_sections() {
        for (name, page) in all() {
            for section in [
                "NAME",
                "SYNOPSIS",
                "OPTIONS",
                "EXAMPLES",
                "\"EXIT STATUS\"",
                "ENVIRONMENT",
                "FILES",
            ] {
                let plain = section.trim_matches('"');
                assert!(
                    page.contains(&format!(".SH {plain}\n")),
                    "{name}: {section}"
                );
            }
        }
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped(".x\n'y --a\\b"), "\\&.x\n\\&'y \\-\\-a\\eb");
    }
}
