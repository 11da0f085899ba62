//! `--from FILE`: serves a record in the process, so that commands read it with the real client.

use std::path::{Path, PathBuf};

use clap::Args;
use color_eyre::Report;
use jiff::{Timestamp, tz::TimeZone};
use secrecy::SecretString;

use super::super::{CommandError, io_context::CommandIo};
use super::Incidents;
use crate::{
    config::{ConnectionArgs, Environment},
    recording::{Player, ReadError, Source},
    simulator::{Options, Recording, Simulator, scenario::Scenario},
    task::{TaskRef, TimeExpr},
};

/// The record to read instead of a server.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Record")]
pub struct FromArgs {
    /// Read a record instead of a server
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub from: Option<PathBuf>,

    /// Time in the record: 2026-01-31T02:30, or 10m before its end
    #[arg(long, hide_short_help = true, value_name = "TIME")]
    pub at: Option<TimeExpr>,

    /// vCenter of the record, if there are several
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub vcenter: Option<String>,
}

/// A record that is served.
#[derive(Debug)]
pub(in crate::command) struct RecordServer {
    /// Serves until it is dropped.
    _simulator: Simulator,
    pub(in crate::command) connection: ConnectionArgs,
    pub(in crate::command) incidents: Incidents,
}

/// Starts a server with the state of the record. Its clock does not advance.
///
/// # Errors
/// Fails if the record cannot be read or has no such vCenter.
pub(in crate::command) async fn serve(
    args: &FromArgs,
    path: &Path,
    connection_args: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<RecordServer, CommandError> {
    let source = Source::File(path.to_owned());
    let reader = source.open()?;
    let header = reader.header().clone();
    let vc = vcenter_index(&header.vcenters, args.vcenter.as_deref())?;
    let until = args.at.map(|at| {
        let end = source.last_time(&header).unwrap_or(header.started);
        at.resolve(end, &TimeZone::system())
    });
    let name = header.vcenters.get(usize::from(vc)).cloned();
    let mut incidents = Incidents::new(name.unwrap_or_default());
    let mut player = Player::new(reader);
    let limit = until.unwrap_or(Timestamp::MAX);
    let state = player.state_at(vc, limit, |line| incidents.observe(line));
    let damage = player.damage().to_string();
    if !damage.is_empty() {
        io.eprint(&format!("{}: {damage}.", path.display()));
    }
    let at = until.unwrap_or(player.now());
    let mut options = empty_simulator_options()?.manual();
    options.recording = Some(Recording {
        source: Source::Memory(state.to_record(&header, at).into()),
        vc,
        at,
        clock_offset: state.clock_offset(vc),
    });
    drop(state);
    let simulator = Simulator::start(options)
        .await
        .map_err(|error| CommandError::Local(Report::new(error)))?;
    let connection = ConnectionArgs {
        url: Some(simulator.url().into()),
        username: Some("record".to_owned()),
        password: Some(SecretString::from("record")),
        read_only: true,
        config: connection_args.config.clone(),
        ..ConnectionArgs::default()
    };
    io.environment = Box::leak(Box::new(WithoutConnection(io.environment)));
    Ok(RecordServer {
        _simulator: simulator,
        connection,
        incidents,
    })
}

impl FromArgs {
    /// Moves the name of a record from `tasks` to [`from`](Self::from). Words that end in `.ndjson` or `.zst` and names of
    /// files are records; a file that is not a record is a task if its name can be one.
    ///
    /// # Errors
    /// Fails if a record cannot be read, or if there are several.
    pub(in crate::command) fn take_record_path(
        &mut self,
        tasks: &mut Vec<String>,
    ) -> Result<(), CommandError> {
        let mut others = Vec::new();
        for word in std::mem::take(tasks) {
            let path = PathBuf::from(&word);
            let extension = path.extension();
            let has_record_extension = extension.is_some_and(|it| it == "ndjson" || it == "zst");
            let is_record = (has_record_extension || path.is_file())
                && match Source::File(path.clone()).open() {
                    Ok(_) => true,
                    Err(ReadError::NotARecord(_))
                        if !has_record_extension && word.parse::<TaskRef>().is_ok() =>
                    {
                        false
                    }
                    Err(error) => return Err(error.into()),
                };
            if !is_record {
                others.push(word);
            } else if let Some(first) = self.from.replace(path) {
                return Err(CommandError::Usage(format!(
                    "two records are given, {} and {word}. Give one of them.",
                    first.display()
                )));
            }
        }
        *tasks = others;
        Ok(())
    }

    /// Checks that `--at` and `--vcenter` are given only with a record.
    ///
    /// # Errors
    /// Returns a usage error if there is no record.
    pub(in crate::command) fn check(&self) -> Result<(), CommandError> {
        let option = match (&self.from, self.at, &self.vcenter) {
            (None, Some(_), _) => "--at",
            (None, None, Some(_)) => "--vcenter",
            _ => return Ok(()),
        };
        Err(CommandError::Usage(format!(
            "{option} is about a record. Give its file with --from FILE."
        )))
    }
}

/// Returns the options of a server without tasks of its own.
pub(in crate::command) fn empty_simulator_options() -> Result<Options, CommandError> {
    let scenario =
        Scenario::load("empty").map_err(|error| CommandError::Local(Report::new(error)))?;
    Ok(Options::new(scenario))
}

/// Returns the index of a vCenter in a record.
///
/// # Errors
/// Fails if the record has no such vCenter, or several and none is named.
pub(in crate::command) fn vcenter_index(
    names: &[String],
    vcenter: Option<&str>,
) -> Result<u16, CommandError> {
    let index = match vcenter {
        None if names.len() < 2 => Some(0),
        None => {
            return Err(CommandError::Usage(format!(
                "the record has several vCenters: {}. --vcenter NAME selects one.",
                names.join(", ")
            )));
        }
        Some(name) => names.iter().position(|known| known == name),
    };
    let vc = index.and_then(|index| u16::try_from(index).ok());
    vc.ok_or_else(|| {
        let name = vcenter.unwrap_or_default();
        let known = names.join(", ");
        CommandError::Usage(format!("the record has no vCenter {name}; it has {known}."))
    })
}

/// The environment without the variables that name a server or an account.
struct WithoutConnection<'a>(&'a dyn Environment);

impl Environment for WithoutConnection<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let is_hidden = name.starts_with("VTASK_") || name.starts_with("GOVC_");
        self.0.get(name).filter(|_| !is_hidden)
    }
}
