//! Sends updates to the consumer.

use tokio::sync::mpsc;

use super::{Link, Update, stop_reason::StopReason};
use crate::task::EndpointId;

/// The channel of updates.
#[derive(Debug)]
pub(super) struct Outbox {
    id: EndpointId,
    updates: mpsc::Sender<(EndpointId, Update)>,
    /// The state of the connection sent last.
    link: Option<Link>,
}

impl Outbox {
    pub(super) fn new(id: EndpointId, updates: mpsc::Sender<(EndpointId, Update)>) -> Self {
        Self {
            id,
            updates,
            link: None,
        }
    }

    /// Sends an update. An error ends the loop: the receiver was dropped.
    pub(super) async fn send(&self, update: Update) -> Result<(), StopReason> {
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
