//! `vtask replay`: the full screen over a record.

use std::path::PathBuf;

use clap::Args;

use super::super::{screen_args::ScreenArgs, simulate::parse_speed};
use super::serve::{empty_server, place, recording, usage};
use crate::{
    command::CommandError,
    record::{Overview, Source},
    simulator::{ClockMode, Options},
    task::TimeExpr,
};
use jiff::tz::TimeZone;

/// A record of the demo.
const DEMO: &[u8] = include_bytes!("../../../assets/demo.ndjson.zst");

/// Show a record in the full-screen view
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Record to show
    #[arg(value_name = "FILE", required_unless_present = "demo")]
    pub file: Option<PathBuf>,

    /// Show the record that comes with vtask
    #[arg(long, conflicts_with = "file")]
    pub demo: bool,

    /// Speed relative to the recorded one, up to 600
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = replay_speed)]
    pub speed: f64,

    /// Begin at this time: 2026-01-31T02:30, or 10m before the end
    #[arg(long, value_name = "TIME")]
    pub at: Option<TimeExpr>,

    /// vCenter of the record [default: all]
    #[arg(long, value_name = "NAME")]
    pub vcenter: Option<String>,

    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// Display name and options of a server.
pub(in crate::command) type NamedServer = (String, Options);

/// Highest speed of a replay.
const MAX_SPEED: f64 = 600.0;

fn replay_speed(text: &str) -> Result<f64, String> {
    let speed = parse_speed(text)?;
    if speed <= MAX_SPEED {
        Ok(speed)
    } else {
        Err("expected a number above 0, at most 600".to_owned())
    }
}

impl ReplayArgs {
    /// Returns a name and the options of a server for each vCenter of the record, and a warning about its damage.
    ///
    /// # Errors
    /// Fails if the record cannot be read or has no such vCenter.
    pub(in crate::command) fn servers(
        &self,
    ) -> Result<(Vec<NamedServer>, Vec<String>), CommandError> {
        let source = match &self.file {
            Some(path) => Source::File(path.clone()),
            None => Source::BuiltIn(DEMO),
        };
        let overview = match self.at {
            Some(_) => Overview::of_whole(&source),
            None => Overview::of_beginning(&source),
        };
        let overview = overview.map_err(|error| usage(&error))?;
        let at = self.at.map_or(overview.header.started, |at| {
            at.resolve(overview.end, &TimeZone::system())
        });
        let names = overview.header.vcenters.clone();
        let names = match &self.vcenter {
            Some(name) => vec![name.clone()],
            None => names,
        };
        let mut servers = Vec::new();
        for name in names {
            let place = place(&overview, Some(&name))?;
            let mut options = empty_server()?;
            options.clock = ClockMode::Real { speed: self.speed };
            options.recording = Some(recording(&source, &overview, place, at));
            servers.push((name, options));
        }
        let damage = Some(overview.damage.to_string()).filter(|damage| !damage.is_empty());
        Ok((servers, damage.into_iter().collect()))
    }
}
