//! A file that is played.

use jiff::Timestamp;

use crate::{
    recording::{Checkpoints, Header, Player, ReadError, Source},
    task::ServerId,
    watch::recording_codec::{self, RecordedUpdate},
};

/// Decompressed bytes that are played before the target of a jump. Records up to this size are always played from their
/// beginning, so that a position looks the same however it was reached.
const LEAD_BYTES: u64 = 64 << 20;

/// A line that was played.
#[derive(Debug)]
pub(super) struct PlayedLine {
    pub(super) t: Timestamp,
    pub(super) server: ServerId,
    /// The update; `None` if the screen has no use for the line.
    pub(super) update: Option<RecordedUpdate>,
    /// Size in bytes as JSON; 0 if it does not count.
    pub(super) size: usize,
}

/// A file that is played.
#[derive(Debug)]
pub(super) struct RecordingFile {
    source: Source,
    pub(super) header: Header,
    /// The only vCenter that is shown.
    only: Option<u16>,
    pub(super) player: Player,
    pub(super) checkpoints: Checkpoints,
    /// Time of a line near the end of the file.
    last_time: Option<Timestamp>,
}

impl RecordingFile {
    pub(super) fn open(source: Source, only: Option<u16>) -> Result<Self, ReadError> {
        let player = Player::new(source.open()?);
        Ok(Self {
            checkpoints: Checkpoints::start(&source)?,
            header: player.header().clone(),
            last_time: source.last_time(player.header()),
            source,
            only,
            player,
        })
    }

    pub(super) fn known_end(&self) -> Option<Timestamp> {
        let end = self.checkpoints.end().map(|(end, _)| end);
        end.or(self.last_time)
    }

    pub(super) fn next_until(&mut self, until: Timestamp) -> Option<PlayedLine> {
        let (_, size) = self.player.peek()?;
        let line = self.player.next_until(until)?;
        let is_shown = self.only.is_none_or(|only| only == line.vc)
            && usize::from(line.vc) < self.header.vcenters.len();
        Some(PlayedLine {
            t: line.t,
            server: ServerId(line.vc),
            update: is_shown
                .then(|| recording_codec::decode(line.entry))
                .flatten(),
            size,
        })
    }

    pub(super) fn next_change(&mut self) -> Option<ServerId> {
        let (line, _) = self.player.peek()?;
        line.entry.is_change().then_some(ServerId(line.vc))
    }

    pub(super) fn is_far(&self, from: Timestamp, to: Timestamp) -> bool {
        let start = self.checkpoints.before(to, LEAD_BYTES);
        start.is_some_and(|checkpoint| checkpoint.time() > from)
    }

    pub(super) fn rewind(&mut self, to: Timestamp) -> Timestamp {
        let checkpoint = self.checkpoints.before(to, LEAD_BYTES);
        let at_checkpoint = checkpoint.and_then(|checkpoint| {
            let player = Player::at(&self.source, &checkpoint, self.header.clone());
            Some((player.ok()?, checkpoint.time()))
        });
        if let Some((player, time)) = at_checkpoint {
            self.player = player;
            return time;
        }
        // A file that can no longer be opened ends here; it was reported when it was opened first.
        if let Ok(reader) = self.source.open() {
            self.player = Player::new(reader);
        }
        self.header.started
    }
}
