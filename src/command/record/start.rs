//! Starts records: `--record FILE`, and the directory of records in the config file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::super::{CommandError, io_context::CommandIo};
use crate::{
    config::Defaults,
    recording::{Header, Limits, Recorder, Redactor},
};

/// Flags of a command that can be recorded.
#[derive(Debug, Clone, Default, Args)]
pub struct RecordArgs {
    /// Record for vtask replay; --redact replaces names by stand-ins
    ///
    /// Everything that arrives is written. The file is plain NDJSON if its name ends in .ndjson, else compressed by zstd.
    #[arg(long, hide_short_help = true, env = "VTASK_RECORD", value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// In the record, replace names by stand-ins
    ///
    /// Those of machines, users, vCenters and paths; the same name by the same stand-in.
    #[arg(id = "redact_record", long = "redact", hide_short_help = true)]
    pub redact: bool,
}

/// Creates a record of these vCenters.
///
/// # Errors
/// Fails if the file exists or cannot be created.
pub(super) fn create(
    file: &Path,
    names: Vec<String>,
    is_redacted: bool,
) -> Result<Recorder, CommandError> {
    let header = Header::new(Timestamp::now(), names);
    let redactor = is_redacted.then(Redactor::default);
    Ok(Recorder::create(file, header, redactor)?)
}

/// Starts the record of `--record`, else that of the config file, if any.
///
/// # Errors
/// Fails if the file exists or cannot be created.
pub(in crate::command) fn start_if_configured(
    args: &RecordArgs,
    defaults: &Defaults,
    names: Vec<String>,
) -> Result<Option<Recorder>, CommandError> {
    if let Some(file) = &args.record {
        return create(file, names, args.redact).map(Some);
    }
    let Some(directory) = &defaults.record else {
        return Ok(None);
    };
    let limits = Limits {
        size: defaults.record_max_mb.unwrap_or(DEFAULT_MAX_MB) << 20,
        age: defaults
            .record_max_age
            .map_or(DEFAULT_MAX_AGE, SignedDuration::unsigned_abs),
    };
    let header = Header::new(Timestamp::now(), names);
    let redactor = args.redact.then(Redactor::default);
    let recorder = Recorder::create_in(directory, limits, header, redactor)?;
    Ok(Some(recorder))
}

/// Limits of the directory of records.
const DEFAULT_MAX_MB: u64 = 256;
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(14 * 86_400);

/// Ends a record and reports a failure that was not reported before.
pub(in crate::command) fn end(recorder: Option<Recorder>, io: &mut CommandIo<'_>) {
    if let Some(Err(problem)) = recorder.map(|recorder| recorder.finish()) {
        io.eprint(&problem);
    }
}
