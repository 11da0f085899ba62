//! Sends updates to the consumer.

use jiff::Timestamp;
use tokio::sync::mpsc;
use vtask_recording::{Entry, Recorder};
use vtask_task::ServerId;

use super::{ConnectionState, Update, recording_codec, stop_reason::StopReason};

/// The channel of updates.
#[derive(Debug)]
pub(super) struct UpdateSender {
    id: ServerId,
    updates: mpsc::Sender<(ServerId, Update)>,
    /// The state of the connection sent last.
    connection: Option<ConnectionState>,
    recorder: Option<Recorder>,
}

impl UpdateSender {
    pub(super) fn new(
        id: ServerId,
        updates: mpsc::Sender<(ServerId, Update)>,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            id,
            updates,
            connection: None,
            recorder,
        }
    }

    /// Records and sends an update. An error ends the loop: the receiver was dropped.
    pub(super) async fn send(&self, update: Update) -> Result<(), StopReason> {
        let problem = self.recorder.as_ref().and_then(|recorder| {
            let now = Timestamp::now();
            recording_codec::encode(&update, |entry| recorder.add(now, self.id.0, entry));
            recorder.take_problem()
        });
        let stopped = problem.map(|problem| Update::RecordingStopped(problem.into()));
        for update in stopped.into_iter().chain([update]) {
            let sent = self.updates.send((self.id, update)).await;
            sent.map_err(|_| StopReason::Stopped)?;
        }
        Ok(())
    }

    /// Records that a cancellation is requested.
    pub(super) fn record_cancel_request(&self, mo_id: &str) {
        if let Some(recorder) = &self.recorder {
            let task = mo_id.to_owned();
            recorder.add(Timestamp::now(), self.id.0, Entry::CancelRequest { task });
        }
    }

    /// Sends the state of the connection if it changed.
    pub(super) async fn send_connection(
        &mut self,
        connection: ConnectionState,
    ) -> Result<(), StopReason> {
        if self.connection.as_ref() == Some(&connection) {
            return Ok(());
        }
        tracing::info!(state = ?connection, "connection");
        self.connection = Some(connection.clone());
        self.send(Update::Connection(connection)).await
    }
}
