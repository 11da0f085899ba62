//! Performance report, written by `--stats FILE` and shown in the metrics panel.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Quantiles;

/// Performance report. Times are in microseconds unless named otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsReport {
    /// Run time.
    pub seconds: f64,
    pub total_requests: u64,
    /// Requests by kind, such as `Task/info`.
    pub requests: BTreeMap<&'static str, u64>,
    /// Response bytes as received, before decompression.
    pub raw_bytes: u64,
    /// Response bytes after decompression.
    pub decoded_bytes: u64,
    /// Applied task changes.
    pub changes: u64,
    pub frames: u64,
    pub draw: Quantiles,
    /// Time from a change on the server to the frame that shows it. An upper bound: a polled change is counted from
    /// the previous poll.
    pub change_to_frame: Quantiles,
    /// Time from a key to the frame that answers it. An upper bound: a key that arrived while something else was handled
    /// is counted from the beginning of that.
    pub key_to_frame: Quantiles,
    /// Resident memory, if the system reports it.
    pub resident_bytes: Option<u64>,
    /// Processor time, if the system reports it.
    pub cpu_seconds: Option<f64>,
}
