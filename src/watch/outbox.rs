//! Sends updates to the consumer.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{Link, Update, recording, stop_reason::StopReason};
use crate::{
    record::{Entry, Recorder},
    task::EndpointId,
};

/// The channel of updates.
#[derive(Debug)]
pub(super) struct Outbox {
    id: EndpointId,
    updates: mpsc::Sender<(EndpointId, Update)>,
    /// The state of the connection sent last.
    link: Option<Link>,
    recorder: Option<Recorder>,
}

impl Outbox {
    pub(super) fn new(
        id: EndpointId,
        updates: mpsc::Sender<(EndpointId, Update)>,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            id,
            updates,
            link: None,
            recorder,
        }
    }

    /// Records and sends an update. An error ends the loop: the receiver was dropped.
    pub(super) async fn send(&self, update: Update) -> Result<(), StopReason> {
        if let Some(recorder) = &self.recorder {
            let now = Timestamp::now();
            recording::entries(&update, |entry| recorder.add(now, self.id.0, entry));
            if let Some(problem) = recorder.take_problem() {
                self.pass(Update::RecordingStopped(problem.into())).await?;
            }
        }
        self.pass(update).await
    }

    /// Records that a cancellation is requested.
    pub(super) fn record_cancel_request(&self, mo_id: &str) {
        if let Some(recorder) = &self.recorder {
            let task = mo_id.to_owned();
            recorder.add(Timestamp::now(), self.id.0, Entry::CancelRequest { task });
        }
    }

    async fn pass(&self, update: Update) -> Result<(), StopReason> {
        let sent = self.updates.send((self.id, update)).await;
        sent.map_err(|_| StopReason::Stopped)
    }

    /// Sends the state of the connection if it changed.
    pub(super) async fn send_link(&mut self, link: Link) -> Result<(), StopReason> {
        if self.link.as_ref() == Some(&link) {
            return Ok(());
        }
        tracing::info!(state = ?link, "connection");
        self.link = Some(link.clone());
        self.send(Update::Link(link)).await
    }
}
