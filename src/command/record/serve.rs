//! `--from FILE`: serves a record in the process, so that commands read it with the real client.

use std::path::{Path, PathBuf};

use clap::Args;
use color_eyre::Report;
use jiff::{Timestamp, tz::TimeZone};
use secrecy::SecretString;

use super::super::{CommandError, io_context::CommandIo};
use super::{Incidents, incidents};
use crate::{
    config::{ConnectionArgs, Environment},
    record::{Overview, ReadError, Source},
    simulator::{Options, Recording, Simulator, scenario::Scenario},
    task::TimeExpr,
};

/// The record to read instead of a server.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Record")]
pub struct FromArgs {
    /// Read a record instead of a server
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub from: Option<PathBuf>,

    /// Time in the record: 2026-01-31T02:30, or 10m before its end
    #[arg(long, hide_short_help = true, value_name = "TIME", requires = "from")]
    pub at: Option<TimeExpr>,

    /// vCenter of the record, if there are several
    #[arg(long, hide_short_help = true, value_name = "NAME", requires = "from")]
    pub vcenter: Option<String>,
}

/// Starts a server with the state of the record, whose clock stands still, and returns it with its connection.
///
/// # Errors
/// Fails if the record cannot be read or has no such vCenter.
pub(in crate::command) async fn serve(
    args: &FromArgs,
    path: &Path,
    given: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<(Simulator, ConnectionArgs), CommandError> {
    let source = Source::File(path.to_owned());
    let overview = Overview::of_whole(&source).map_err(|error| usage(&error))?;
    let damage = overview.damage.to_string();
    if !damage.is_empty() {
        io.say(&format!("{}: {damage}.", path.display()));
    }
    let zone = TimeZone::system();
    let at = args
        .at
        .map_or(overview.end, |at| at.resolve(overview.end, &zone));
    let vc = place(&overview.header.vcenters, args.vcenter.as_deref())?;
    let recording = recording(&source, &overview, vc, at);
    let mut options = empty_server()?.manual();
    options.recording = Some(recording);
    let simulator = Simulator::start(options)
        .await
        .map_err(|error| CommandError::Local(Report::new(error)))?;
    let connection = ConnectionArgs {
        url: Some(simulator.url().into()),
        username: Some("record".to_owned()),
        password: Some(SecretString::from("record")),
        read_only: true,
        config: given.config.clone(),
        ..ConnectionArgs::default()
    };
    io.environment = Box::leak(Box::new(WithoutConnection(io.environment)));
    Ok((simulator, connection))
}

impl FromArgs {
    /// Returns the name of the vCenter in the record, and its outages and cancel requests; `None` without a record.
    ///
    /// # Errors
    /// Fails if the record cannot be read or has no such vCenter.
    pub(in crate::command) fn incidents(
        &self,
    ) -> Result<Option<(String, Incidents)>, CommandError> {
        let Some(path) = &self.from else {
            return Ok(None);
        };
        let source = Source::File(path.clone());
        let reader = source.open().map_err(|error| usage(&error))?;
        let header = reader.header();
        let vc = place(&header.vcenters, self.vcenter.as_deref())?;
        let name = header.vcenters.get(usize::from(vc)).cloned();
        let until = match self.at {
            None => Timestamp::MAX,
            Some(at) => {
                let end = Overview::of_whole(&source)
                    .map_err(|error| usage(&error))?
                    .end;
                at.resolve(end, &TimeZone::system())
            }
        };
        let found = incidents(&source, vc, until).map_err(|error| usage(&error))?;
        Ok(Some((name.unwrap_or_default(), found)))
    }
}

/// Returns the options of a server without tasks of its own.
pub(in crate::command) fn empty_server() -> Result<Options, CommandError> {
    let scenario =
        Scenario::load("empty").map_err(|error| CommandError::Local(Report::new(error)))?;
    Ok(Options::new(scenario))
}

/// Returns the number of a vCenter in a record.
///
/// # Errors
/// Fails if the record has no such vCenter, or several and none is named.
pub(in crate::command) fn place(
    names: &[String],
    vcenter: Option<&str>,
) -> Result<u16, CommandError> {
    let place = match vcenter {
        None if names.len() < 2 => Some(0),
        None => {
            return Err(CommandError::Usage(format!(
                "the record has several vCenters: {}. --vcenter NAME selects one.",
                names.join(", ")
            )));
        }
        Some(name) => names.iter().position(|known| known == name),
    };
    let vc = place.and_then(|place| u16::try_from(place).ok());
    vc.ok_or_else(|| {
        let name = vcenter.unwrap_or_default();
        let known = names.join(", ");
        CommandError::Usage(format!("the record has no vCenter {name}; it has {known}."))
    })
}

/// Returns the part of a record to serve, from a time on.
pub(in crate::command) fn recording(
    source: &Source,
    overview: &Overview,
    vc: u16,
    at: Timestamp,
) -> Recording {
    Recording {
        source: source.clone(),
        vc,
        at,
        clock_offset: overview.clock_offset(vc),
    }
}

pub(super) fn usage(error: &ReadError) -> CommandError {
    CommandError::Usage(error.to_string())
}

/// The environment without the variables that name a server or an account.
struct WithoutConnection<'a>(&'a dyn Environment);

impl Environment for WithoutConnection<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let is_hidden = name.starts_with("VTASK_") || name.starts_with("GOVC_");
        self.0.get(name).filter(|_| !is_hidden)
    }
}
