//! `vtask wait --from FILE`: waits by the clock of a record, as fast as it can be read.

use std::{path::Path, sync::Arc, time::Instant};

use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    args::WaitArgs,
    bar::BarStyle,
    report::{OutputMode, ReportOptions, Reporter},
    tracker::{TrackerChanges, WaitCondition, WaitResult, WaitTracker},
};
use crate::{
    command::{
        CommandError, Outcome, io_context::CommandIo, record, selector::CompiledSelector, task_args,
    },
    recording::{Player, Source},
    task::{Saved, ServerId, TaskRef},
    watch::{
        Update,
        recording_codec::{self, RecordedUpdate},
    },
};

/// Maximum time between two checks for warnings and stalled tasks.
const TICK: SignedDuration = SignedDuration::from_secs(1);
/// Maximum number of changes in one update.
const MAX_CHANGES: usize = 4096;
/// Time after the first task in which a record contains the other tasks that were active when it began.
const INITIAL_LOAD: SignedDuration = SignedDuration::from_secs(2);

/// Runs `vtask wait --from`.
///
/// # Errors
/// Fails on wrong usage, if the record cannot be read or has no task to wait for, and if standard output cannot be
/// written.
pub(super) fn run(
    args: &WaitArgs,
    path: &Path,
    saved: &Saved,
    condition: WaitCondition,
    output: (OutputMode, BarStyle),
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let source = Source::File(path.to_owned());
    let mut updates = RecordedUpdates::open(&source, args.vcenter.as_deref())?;
    let name = updates.name();
    let tasks = tasks(args, io)?;
    let selector = CompiledSelector::new(&args.choice, saved, name.clone())?;
    if !args.new {
        selector.check_single_reading()?;
    }
    let header = updates.player.header();
    let begin = match args.at {
        None => header.started,
        Some(at) => {
            let end = source.last_time(header).unwrap_or(header.started);
            at.resolve(end, &TimeZone::system())
        }
    };
    let mut tracker = WaitTracker::new(condition, begin);
    let new = args.new.then(|| selector.clone());
    let server = tracker.add_server(&name, None, &tasks, new);
    let mut now = begin;
    while let Some((_, update)) = updates.next(begin) {
        tracker.handle(server, update, begin);
    }
    if !args.new && !args.choice.is_empty() {
        now = add_active(&mut tracker, &mut updates, server, &selector, begin);
        tracker.began = now;
    }
    if tracker.tasks.is_empty() && !args.new {
        return Err(CommandError::NothingFound(format!(
            "no task in the record that is queued or running at {now:.0} matches {}. `vtask list --from` shows the tasks; \
             --at TIME begins at another time.",
            selector.as_flags()
        )));
    }
    let result = follow(args, output, &mut tracker, &mut updates, now, io)?;
    let damage = updates.player.damage().to_string();
    if !damage.is_empty() {
        io.eprint(&format!("{}: {damage}.", path.display()));
    }
    Ok(result.outcome)
}

fn tasks(args: &WaitArgs, io: &CommandIo<'_>) -> Result<Vec<Arc<str>>, CommandError> {
    let texts = task_args::texts(&args.tasks, || (io.input)().0)?;
    let tasks = texts.into_iter().map(|named| {
        let task = named.text.parse::<TaskRef>();
        task.map(|task| task.0)
            .map_err(|error| CommandError::Usage(error.to_string()))
    });
    tasks.collect()
}

/// Adds the tasks that are active at `begin` or, if the record has no task by then, when its first tasks have been read.
/// Returns the time at which the wait begins.
fn add_active(
    tracker: &mut WaitTracker,
    updates: &mut RecordedUpdates,
    server: ServerId,
    selector: &CompiledSelector,
    begin: Timestamp,
) -> Timestamp {
    let mut now = begin;
    tracker.add_active(server, selector, now);
    if !tracker.store.is_empty() {
        return now;
    }
    let mut until = Timestamp::MAX;
    while let Some((at, update)) = updates.next(until) {
        now = at;
        tracker.handle(server, update, now);
        if !tracker.store.is_empty() {
            until = until.min(now.checked_add(INITIAL_LOAD).unwrap_or(now));
            tracker.add_active(server, selector, now);
        }
    }
    now
}

/// Plays the record until the condition is met or cannot be met any more.
fn follow(
    args: &WaitArgs,
    (output_mode, style): (OutputMode, BarStyle),
    tracker: &mut WaitTracker,
    updates: &mut RecordedUpdates,
    begin: Timestamp,
    io: &mut CommandIo<'_>,
) -> Result<WaitResult, CommandError> {
    let CommandIo {
        out, err, signals, ..
    } = io;
    let options = ReportOptions {
        output_mode,
        json: args.json,
        log_every: args.log_every,
        ..ReportOptions::default()
    };
    let mut reporter = Reporter::new(options, style, out, err);
    let ids = tracker.tasks.iter().map(|task| task.id.clone());
    let initial = TrackerChanges {
        changed: ids.filter(|id| tracker.record(id).is_some()).collect(),
        ..TrackerChanges::default()
    };
    reporter.show(tracker, &initial, begin)?;
    let mut now = begin;
    let result = loop {
        if let Some(Some(signal)) = signals.next().now_or_never() {
            let outcome = Outcome::Interrupted(signal);
            break WaitResult {
                outcome,
                reason: None,
            };
        }
        let effect = tracker.tick(now);
        reporter.show(tracker, &effect, now)?;
        // Requests are not sent: the record contains the responses that there were.
        let _ = tracker.due(now);
        if let Some(result) = tracker.result(now) {
            break result;
        }
        if output_mode == OutputMode::Lines {
            reporter.redraw(tracker, now);
        }
        let Some(next) = updates.next_time() else {
            let (effect, result) = tracker.end_of_record(now);
            reporter.show(tracker, &effect, now)?;
            break result;
        };
        let scheduled = [tracker.next_time(), now.checked_add(TICK).ok()];
        let scheduled = scheduled.into_iter().flatten().filter(|time| *time > now);
        now = scheduled.chain([next]).min().unwrap_or(next).max(now);
        while let Some((_, update)) = updates.next(now) {
            let effect = tracker.handle(tracker.servers[0].id, update, now);
            reporter.show(tracker, &effect, now)?;
        }
    };
    reporter.end(tracker, &result, now)?;
    Ok(result)
}

/// The updates of one vCenter in a record.
struct RecordedUpdates {
    player: Player,
    vc: u16,
}

impl RecordedUpdates {
    /// # Errors
    /// Fails if the record cannot be read, or has no such vCenter.
    fn open(source: &Source, vcenter: Option<&str>) -> Result<Self, CommandError> {
        let reader = source.open()?;
        let vc = record::vcenter_index(&reader.header().vcenters, vcenter)?;
        let player = Player::new(reader);
        Ok(Self { player, vc })
    }

    /// Returns the name of the vCenter.
    fn name(&self) -> String {
        let names = &self.player.header().vcenters;
        names.get(usize::from(self.vc)).cloned().unwrap_or_default()
    }

    /// Returns the time of the next line; `None` at the end.
    fn next_time(&mut self) -> Option<Timestamp> {
        self.player.next_time()
    }

    /// Returns the next update that arrived by `until`, with its time. Changes that arrived together are one update.
    fn next(&mut self, until: Timestamp) -> Option<(Timestamp, Update)> {
        let mut changes = Vec::new();
        let mut time = None;
        while let Some(due) = self.player.next_time().filter(|due| *due <= until) {
            let is_change = |player: &mut Player, vc| {
                let next = player.peek();
                next.is_some_and(|(line, _)| line.vc == vc && line.entry.is_change())
            };
            if let Some(time) = time
                && (time != due
                    || changes.len() >= MAX_CHANGES
                    || !is_change(&mut self.player, self.vc))
            {
                break;
            }
            let line = self.player.next_until(due)?;
            if line.vc != self.vc {
                continue;
            }
            match recording_codec::decode(line.entry) {
                Some(RecordedUpdate::Task(change)) => {
                    time = Some(due);
                    changes.push(change);
                }
                Some(RecordedUpdate::Other(update)) => return Some((due, update)),
                None => {}
            }
        }
        let since = Instant::now();
        time.map(|time| (time, Update::Tasks { changes, since }))
    }
}
