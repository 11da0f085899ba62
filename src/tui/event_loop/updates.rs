//! Handles updates of the watchers in slices, so that a flood of them does not delay input.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use ratatui::backend::Backend;

use super::{Clock, EventLoop, TerminalHost};
use crate::{
    app::{Event, ExitReason},
    task::EndpointId,
    watch::Update,
};

/// Time after which input is looked at between two updates.
const UPDATE_SLICE: Duration = Duration::from_millis(4);
/// Maximum number of changes applied at once.
const CHANGE_BATCH: usize = 256;

impl<B: Backend, H: TerminalHost, C: Clock> EventLoop<'_, B, H, C> {
    /// Handles updates for a short time.
    pub(super) fn handle_updates(
        &mut self,
        updates: &mut VecDeque<(EndpointId, Update)>,
    ) -> Result<(), ExitReason> {
        let end = Instant::now() + UPDATE_SLICE;
        while let Some((endpoint, mut update)) = updates.pop_front() {
            if let Update::Tasks { changes, since } = &mut update {
                let since = *since;
                if changes.len() > CHANGE_BATCH {
                    let changes = changes.split_off(CHANGE_BATCH);
                    updates.push_front((endpoint, Update::Tasks { changes, since }));
                }
                self.metrics.changed(since, changes.len());
            }
            self.dispatch_live(Event::ServerUpdate(endpoint, update))?;
            if Instant::now() >= end {
                break;
            }
        }
        if !self.wants_frame {
            self.metrics.nothing_to_show();
        }
        Ok(())
    }
}
