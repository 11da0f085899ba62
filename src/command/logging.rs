//! Log of what the program does, for `-v`, `--log-file` and `VTASK_LOG`.
//!
//! The client logs requests without headers and without bodies; bodies only at the level `trace`, and never those that
//! sign in.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{
    CommandError,
    global_args::{GlobalArgs, LogFormat},
};
use crate::{config::Environment, text::sanitize};

/// Starts logging if flags or environment ask for it. On the screen, the log goes to a file only.
///
/// # Errors
/// Fails if the filter is invalid, the file cannot be opened, or `-v` is given on the screen without a file.
pub(super) fn start(
    global: &GlobalArgs,
    is_screen: bool,
    environment: &dyn Environment,
) -> Result<(), CommandError> {
    let Some(filter) = filter(global, environment.get("VTASK_LOG").as_deref())? else {
        return Ok(());
    };
    let writer = match &global.log_file {
        Some(path) => LogWriter::File(Arc::new(Mutex::new(open(path)?))),
        None if !is_screen => LogWriter::StandardError,
        None if global.verbose > 0 => {
            let why = "-v needs --log-file FILE here: the screen has no room for a log.";
            return Err(CommandError::Usage(why.to_owned()));
        }
        None => return Ok(()),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    let layer = match global.log_format {
        LogFormat::Text => layer.with_filter(filter).boxed(),
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true);
            let layer = layer.with_current_span(false).with_span_list(false);
            layer.with_filter(filter).boxed()
        }
    };
    // It fails if there is a log already, as in tests that run several commands.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
}

/// Returns a message that is safe to print in the form of the log.
pub(crate) fn message_line(format: LogFormat, level: Level, text: &str) -> String {
    match format {
        LogFormat::Text => format!("vtask: {text}"),
        LogFormat::Json => json!({
            "timestamp": format!("{:.6}", Timestamp::now()),
            "level": level.as_str(),
            "message": text,
            "target": "vtask::message",
        })
        .to_string(),
    }
}

/// Returns the filter: that of the variable, else by the number of `-v`; `None` disables logging.
fn filter(global: &GlobalArgs, variable: Option<&str>) -> Result<Option<Targets>, CommandError> {
    if let Some(text) = variable {
        return parse_filter(text).map(Some);
    }
    let level = match (global.verbose, &global.log_file) {
        (0, None) => return Ok(None),
        (0 | 2, _) => Level::DEBUG,
        (1, _) => Level::INFO,
        _ => Level::TRACE,
    };
    Ok(Some(Targets::new().with_target("vtask", level)))
}

/// Parses a list of levels and `TARGET=LEVEL`. The parser of `tracing_subscriber` takes any word for a target.
fn parse_filter(text: &str) -> Result<Targets, CommandError> {
    let is_level = |text: &str| text.parse::<LevelFilter>().is_ok();
    let is_target = |text: &str| {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-:.".contains(letter);
        !text.is_empty() && text.chars().all(is_allowed)
    };
    let is_valid = |part: &&str| match part.split_once('=') {
        Some((target, level)) => is_target(target) && is_level(level),
        None => is_level(part) || is_target(part) && part.split("::").next() == Some("vtask"),
    };
    let refused = |part: &str| {
        CommandError::Usage(format!(
            "VTASK_LOG: “{part}” is not a filter. Write a level (error, warn, info, debug, trace, off) or \
             TARGET=LEVEL,…, such as vtask::http=debug."
        ))
    };
    let parts = text.split(',').map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    match parts.iter().find(|part| !is_valid(part)) {
        Some(part) => Err(refused(part)),
        None => parts.join(",").parse().map_err(|_| refused(text)),
    }
}

fn open(path: &Path) -> Result<File, CommandError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        CommandError::Usage(format!(
            "cannot open --log-file {}: {error}.",
            path.display()
        ))
    })
}

/// Destination of the log. Each record is one line that is safe to print.
#[derive(Debug, Clone)]
enum LogWriter {
    StandardError,
    File(Arc<Mutex<File>>),
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = format!("{}\n", sanitize(text.trim_end()));
        match self {
            Self::StandardError => io::stderr().write_all(line.as_bytes())?,
            Self::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(line.as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(verbose: u8, file: bool, variable: Option<&str>) -> Option<Level> {
        let global = GlobalArgs {
            verbose,
            log_file: file.then(|| "log".into()),
            ..GlobalArgs::default()
        };
        let filter = filter(&global, variable).unwrap()?;
        let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::ERROR];
        let mut levels = levels.into_iter();
        levels.find(|level| filter.would_enable("vtask::http", level))
    }

    #[test]
    fn the_level_follows_the_flags_and_the_variable_wins() {
        assert_eq!(level(0, false, None), None);
        assert_eq!(level(1, false, None), Some(Level::INFO));
        assert_eq!(level(2, true, None), Some(Level::DEBUG));
        assert_eq!(level(3, false, None), Some(Level::TRACE));
        assert_eq!(level(0, true, None), Some(Level::DEBUG));
        assert_eq!(
            level(3, false, Some("vtask::http=error")),
            Some(Level::ERROR)
        );
        assert_eq!(
            level(
                0,
                false,
                Some("vtask=warn, vtask::http=info,,hyper_util=off")
            ),
            Some(Level::INFO)
        );
        assert_eq!(level(0, false, Some("vtask::http")), Some(Level::TRACE));
    }

    #[test]
    fn the_wrong_part_of_the_variable_is_named() {
        for (text, part) in [
            ("vtask::http=loud", "vtask::http=loud"),
            ("[[", "[["),
            ("info,vtask[a]=debug", "vtask[a]=debug"),
            ("debgu", "debgu"),
            ("=debug", "=debug"),
            ("vtask==debug", "vtask==debug"),
        ] {
            let error = filter(&GlobalArgs::default(), Some(text)).unwrap_err();
            let start = format!("VTASK_LOG: “{part}” is not a filter.");
            assert!(error.to_string().starts_with(&start), "{error}");
        }
    }

    #[test]
    fn a_message_is_one_object_or_one_line() {
        let text = message_line(LogFormat::Text, Level::INFO, "vc01 answers again.");
        assert_eq!(text, "vtask: vc01 answers again.");
        let line = message_line(LogFormat::Json, Level::ERROR, "vc01 says \"no\"\n");
        assert!(!line.contains('\n'));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "vc01 says \"no\"\n");
        assert_eq!(line["level"], "ERROR");
        let time = line["timestamp"].as_str().unwrap();
        assert!(
            time.parse::<Timestamp>().is_ok() && time.ends_with('Z'),
            "{time}"
        );
    }

    #[test]
    fn other_crates_are_not_logged() {
        let global = GlobalArgs {
            verbose: 3,
            ..GlobalArgs::default()
        };
        let filter = filter(&global, None).unwrap().unwrap();
        assert!(!filter.would_enable("hyper_util::client", &Level::ERROR));
    }

    #[test]
    fn the_screen_needs_a_file() {
        let global = GlobalArgs {
            verbose: 1,
            ..GlobalArgs::default()
        };
        let refused = start(&global, true, &|_: &str| None).unwrap_err();
        assert!(refused.to_string().contains("--log-file"), "{refused}");
    }
}
