//! `vtask replay`: shows a record in the full-screen view.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::super::{CommandError, screen_args::ScreenArgs, simulate::parse_speed};
use super::serve::vcenter_index;
use crate::{
    recording::Source,
    replay::Replay,
    task::{ServerId, TimeExpr},
    tui::{MAX_SPEED, PlaybackController},
};

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

fn replay_speed(text: &str) -> Result<f64, String> {
    let speed = parse_speed(text)?;
    if speed <= MAX_SPEED {
        Ok(speed)
    } else {
        Err("expected a number above 0, at most 600".to_owned())
    }
}

impl ReplayArgs {
    /// Returns the shown vCenters and the record.
    ///
    /// # Errors
    /// Fails if the record cannot be read or has no such vCenter.
    pub(in crate::command) fn open(
        &self,
    ) -> Result<(Vec<(ServerId, String)>, PlaybackController), CommandError> {
        let source = match &self.file {
            Some(path) => Source::File(path.clone()),
            None => Source::Memory(DEMO.into()),
        };
        let reader = source.open()?;
        let names = &reader.header().vcenters;
        let only = match &self.vcenter {
            Some(name) => Some(vcenter_index(names, Some(name))?),
            None => None,
        };
        let shown = (0..).zip(names.iter().cloned());
        let shown = shown.filter(|(vc, _)| only.is_none_or(|only| only == *vc));
        let names = shown.map(|(vc, name)| (ServerId(vc), name)).collect();
        let replay = Replay::open(source, only)?;
        let end = replay.known_end().unwrap_or(replay.start());
        let at = self.at.map(|at| at.resolve(end, &TimeZone::system()));
        Ok((names, PlaybackController::new(replay, self.speed, at)))
    }
}
