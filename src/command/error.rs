//! Error of a command, its exit code and its message.

use std::{fmt::Display, io};

use color_eyre::eyre::eyre;

use super::{Outcome, signals::StopSignal};
use crate::{
    config::ConfigError,
    recording,
    text::{sanitize, sanitize_lines},
    vim,
};

/// Error that ends a command.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Wrong usage or configuration.
    #[error("{0}")]
    Usage(String),
    /// The server is unreachable, or refused the request.
    #[error(transparent)]
    Server(#[from] vim::Error),
    /// The login succeeded, but a request was refused.
    #[error(transparent)]
    Denied(vim::Error),
    /// The user did not accept the certificate of this server.
    #[error("the certificate of {0} was not accepted; nothing was sent there.")]
    Untrusted(String),
    /// The user or the system interrupted the program.
    #[error("interrupted")]
    Interrupted(StopSignal),
    /// Standard output was closed.
    #[error("standard output is closed")]
    OutputClosed,
    /// The deadline of the command passed; what was being done.
    #[error("{0}")]
    TimedOut(String),
    /// Standard input was to have task IDs and is empty.
    #[error("standard input names no task. Give at least one, separated by spaces or line breaks.")]
    EmptyInput,
    /// There is no such task.
    #[error("{0}")]
    NothingFound(String),
    /// A part of the program panicked; its report was printed.
    #[error("internal error; the report above says where. Please report it.")]
    Panicked,
    /// Something on this machine failed.
    #[error(transparent)]
    Local(#[from] color_eyre::Report),
}

impl CommandError {
    /// Returns the error of a file that cannot be written.
    pub(super) fn unwritable(file: impl Display, error: &io::Error) -> Self {
        Self::Local(eyre!("{file} cannot be written: {error}."))
    }

    /// The process's exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Server(error) if error.is_auth_failure() => 5,
            Self::Server(_) | Self::Denied(_) | Self::NothingFound(_) | Self::Untrusted(_) => 4,
            Self::TimedOut(_) => 124,
            Self::Interrupted(signal) => signal.exit_code(),
            // As if SIGPIPE had ended it.
            Self::OutputClosed => 141,
            Self::Panicked => 101,
            Self::Usage(_) | Self::EmptyInput | Self::Local(_) => 2,
        }
    }

    /// The fault that a server answered with.
    pub(crate) fn fault(&self) -> Option<&vim::types::Fault> {
        match self {
            Self::Server(error) | Self::Denied(error) => error.fault(),
            _ => None,
        }
    }

    /// Returns an error of a server with its outcome if there are others, whose tasks are handled all the same.
    ///
    /// # Errors
    /// Returns any other error.
    pub(super) fn tolerated(self, is_only_server: bool) -> Result<(Self, Outcome), Self> {
        let outcome = match &self {
            Self::Server(error) if !is_only_server => Outcome::of_error(error),
            Self::Denied(_) if !is_only_server => Outcome::Unknown,
            _ => return Err(self),
        };
        Ok((self, outcome))
    }

    /// Returns the message, safe to print. Only usage errors may take several lines.
    pub fn message(&self) -> String {
        match self {
            Self::Usage(text) => sanitize_lines(text).collect::<Vec<_>>().join("\n"),
            Self::Local(report) => sanitize(&with_causes(report)).into_owned(),
            other => sanitize(&other.to_string()).into_owned(),
        }
    }

    /// Returns true if the message should be printed; false after an interruption or a closed output.
    pub fn is_reported(&self) -> bool {
        !matches!(self, Self::Interrupted(_) | Self::OutputClosed)
    }
}

/// Returns the error's text followed by those of its causes that it does not mention itself.
fn with_causes(report: &color_eyre::Report) -> String {
    report.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        if text.is_empty() {
            cause
        } else if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.0)
    }
}

impl From<recording::ReadError> for CommandError {
    fn from(error: recording::ReadError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<recording::RecordError> for CommandError {
    fn from(error: recording::RecordError) -> Self {
        Self::Usage(error.to_string())
    }
}
