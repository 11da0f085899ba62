//! The figures at a moment: what `--stats FILE` writes and the figures panel shows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Quantiles;

/// The figures at a moment. Times are microseconds unless they are named otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsReport {
    /// How long it has run.
    pub seconds: f64,
    /// All requests.
    pub total_requests: u64,
    /// Requests by kind.
    pub requests: BTreeMap<&'static str, u64>,
    /// Bytes of answers' bodies as they travelled.
    pub raw_bytes: u64,
    /// Bytes of answers' bodies after decompression.
    pub decoded_bytes: u64,
    /// Changes of tasks that were applied.
    pub changes: u64,
    /// Frames that were drawn.
    pub frames: u64,
    /// How long a frame took to draw.
    pub draw: Quantiles,
    /// From a change on the server to the frame that shows it: never too low, for a change that waited for its poll is
    /// counted from the poll before.
    pub change_to_frame: Quantiles,
    /// From a key to the frame that answers it.
    pub key_to_frame: Quantiles,
    /// Resident memory, where the system tells.
    pub resident_bytes: Option<u64>,
    /// Processor time, where the system tells.
    pub cpu_seconds: Option<f64>,
}
