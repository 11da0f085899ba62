//! A line that was played.

use jiff::Timestamp;

use crate::{task::EndpointId, watch::recording_codec::RecordedUpdate};

/// A line that was played.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) t: Timestamp,
    pub(super) endpoint: EndpointId,
    /// The update; `None` if the screen has no use for the line.
    pub(super) update: Option<RecordedUpdate>,
    /// Size in bytes as JSON; 0 if it does not count.
    pub(super) size: usize,
}
