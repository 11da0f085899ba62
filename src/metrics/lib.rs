//! Performance metrics of vtask itself: requests, bytes, frames and latencies. Always on, because they cost next to
//! nothing.

mod latency;
mod process;
mod report;
mod requests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub use latency::{Latency, Quantiles};
pub use process::{cpu_time, resident_memory};
pub use report::MetricsReport;
pub use requests::{RequestCounts, RequestMetrics};

/// Performance metrics of one screen.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    traffic: Vec<Arc<RequestMetrics>>,
    changes: u64,
    frames: u64,
    draw: Latency,
    change_to_frame: Latency,
    key_to_frame: Latency,
    /// Changes that no frame has shown yet: time and count.
    pending_changes: Vec<(Instant, u64)>,
    /// Arrival times of keys that no frame has answered yet.
    pending_keys: Vec<Instant>,
}

impl Metrics {
    /// Starts measuring; `traffic` holds the request metrics of all endpoints.
    pub fn new(traffic: Vec<Arc<RequestMetrics>>) -> Self {
        Self {
            started: Instant::now(),
            traffic,
            changes: 0,
            frames: 0,
            draw: Latency::new(),
            change_to_frame: Latency::new(),
            key_to_frame: Latency::new(),
            pending_changes: Vec::new(),
            pending_keys: Vec::new(),
        }
    }

    /// Records `count` applied changes, the oldest of which may have happened at `since`.
    pub fn changed(&mut self, since: Instant, count: usize) {
        self.changes += count as u64;
        self.pending_changes.push((since, count as u64));
    }

    /// Records a key or other user input that arrived at `since` or later.
    pub fn key(&mut self, since: Instant) {
        self.pending_keys.push(since);
    }

    /// Records a frame that took `took` to draw and shows all pending changes and keys.
    pub fn frame(&mut self, took: Duration) {
        let now = Instant::now();
        self.frames += 1;
        self.draw.add(took, 1);
        for (since, count) in self.pending_changes.drain(..) {
            self.change_to_frame.add(now.duration_since(since), count);
        }
        for key in self.pending_keys.drain(..) {
            self.key_to_frame.add(now.duration_since(key), 1);
        }
    }

    /// Discards pending changes and keys that need no frame because they change nothing visible.
    pub fn discard_pending(&mut self) {
        self.pending_changes.clear();
        self.pending_keys.clear();
    }

    pub fn report(&self) -> MetricsReport {
        let mut traffic = RequestCounts::default();
        for endpoint in &self.traffic {
            traffic.add(&endpoint.counts());
        }
        MetricsReport {
            seconds: self.started.elapsed().as_secs_f64(),
            total_requests: traffic.total_requests(),
            requests: traffic.requests,
            raw_bytes: traffic.raw_bytes,
            decoded_bytes: traffic.decoded_bytes,
            changes: self.changes,
            frames: self.frames,
            draw: self.draw.quantiles(),
            change_to_frame: self.change_to_frame.quantiles(),
            key_to_frame: self.key_to_frame.quantiles(),
            resident_bytes: resident_memory(),
            cpu_seconds: cpu_time().map(|time| time.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_delay_counts_each_change_and_key_once() {
        let mut metrics = Metrics::new(Vec::new());
        let start = Instant::now();
        metrics.changed(start, 3);
        metrics.changed(start, 2);
        metrics.key(start);
        metrics.frame(Duration::from_micros(100));
        metrics.frame(Duration::from_micros(300));
        let report = metrics.report();
        assert_eq!((report.changes, report.frames), (5, 2));
        assert_eq!((report.draw.count, report.change_to_frame.count), (2, 5));
        assert_eq!(report.key_to_frame.count, 1);
    }
}
