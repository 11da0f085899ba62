//! Handles updates of the watchers in slices, so that a flood of them does not delay input.

use std::{
    collections::VecDeque,
    mem::replace,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ratatui::backend::Backend;

use super::{EventLoop, TerminalHost};
use crate::{
    app::{Event, ExitReason},
    task::ServerId,
    watch::Update,
};

/// Maximum time for updates before input is checked.
const UPDATE_SLICE: Duration = Duration::from_millis(4);
/// Maximum number of changes applied at once.
const CHANGE_BATCH: usize = 256;

impl<B: Backend, H: TerminalHost, C: Fn() -> Timestamp> EventLoop<'_, B, H, C> {
    /// Handles updates for a short time.
    pub(super) fn handle_updates(
        &mut self,
        updates: &mut VecDeque<(ServerId, Update)>,
    ) -> Result<(), ExitReason> {
        let end = Instant::now() + UPDATE_SLICE;
        while let Some((server, mut update)) = updates.pop_front() {
            if let Update::Tasks { changes, since } = &mut update {
                let since = *since;
                if changes.len() > CHANGE_BATCH {
                    let changes = changes.split_off(CHANGE_BATCH);
                    updates.push_front((server, Update::Tasks { changes, since }));
                }
                self.metrics.changed(since, changes.len());
            }
            let event = Event::ServerUpdate(server, update);
            if let Some(live) = self.live.take() {
                // The session so far is shown, and the live screen is kept up to date behind it.
                let shown = replace(&mut self.screen, live);
                let (player, wants_frame) = (self.player.take(), self.wants_frame);
                let result = self.dispatch(event, self.now());
                self.live = Some(replace(&mut self.screen, shown));
                (self.player, self.wants_frame) = (player, wants_frame);
                result?;
            } else {
                self.dispatch(event, self.now())?;
            }
            if Instant::now() >= end {
                break;
            }
        }
        if !self.wants_frame {
            self.metrics.discard_pending();
        }
        Ok(())
    }
}
