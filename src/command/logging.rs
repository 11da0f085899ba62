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

use tracing_subscriber::{
    Layer, filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::{CommandError, global_args::GlobalArgs};
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
        .with_writer(writer)
        .with_filter(filter);
    // It fails if there is a log already, as in tests that run several commands.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
}

/// Returns the filter: that of the variable, else by the number of `-v`; `None` disables logging.
fn filter(global: &GlobalArgs, variable: Option<&str>) -> Result<Option<Targets>, CommandError> {
    if let Some(text) = variable {
        let filter = text.parse::<Targets>().map_err(|error| {
            CommandError::Usage(format!(
                "VTASK_LOG: {error}. Write a level (error, warn, info, debug, trace) or TARGET=LEVEL,…, such as \
                 vtask::http=debug."
            ))
        })?;
        return Ok(Some(filter));
    }
    let level = match (global.verbose, &global.log_file) {
        (0, None) => return Ok(None),
        (0 | 2, _) => tracing::Level::DEBUG,
        (1, _) => tracing::Level::INFO,
        _ => tracing::Level::TRACE,
    };
    Ok(Some(Targets::new().with_target("vtask", level)))
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
    use tracing::Level;

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
        let wrong = filter(&GlobalArgs::default(), Some("vtask::http=loud"));
        assert!(wrong.unwrap_err().to_string().contains("VTASK_LOG"));
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
