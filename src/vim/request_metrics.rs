//! Figures of what went over the wire: cheap enough to be always on.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Counts requests and bytes. Shared by all users of one client.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    figures: Mutex<RequestCounts>,
    /// The first request that was given up before its answer came.
    unfinished: Mutex<Option<String>>,
}

/// What went over the wire so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests by kind, such as `Task/info`.
    pub requests: BTreeMap<&'static str, u64>,
    /// Bytes of answers' bodies as they travelled (compressed, where they were).
    pub raw_bytes: u64,
    /// Bytes of answers' bodies after decompression.
    pub decoded_bytes: u64,
}

impl RequestMetrics {
    pub(super) fn request(&self, kind: &'static str) {
        self.with(|figures| *figures.requests.entry(kind).or_default() += 1);
    }

    pub(super) fn answer(&self, raw: usize, decoded: usize) {
        self.with(|figures| {
            figures.raw_bytes += raw as u64;
            figures.decoded_bytes += decoded as u64;
        });
    }

    pub(super) fn given_up(&self, doing: impl FnOnce() -> String) {
        let mut unfinished = self
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unfinished.get_or_insert_with(doing);
    }

    /// Returns the first request that was given up before its answer came, as `reading task-4711 (vc01.lab)`.
    pub fn unfinished(&self) -> Option<String> {
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The figures so far.
    pub fn figures(&self) -> RequestCounts {
        self.with(|figures| figures.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut RequestCounts) -> T) -> T {
        act(&mut self.figures.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RequestCounts {
    /// Adds another client's figures.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.requests {
            *self.requests.entry(kind).or_default() += count;
        }
        self.raw_bytes += other.raw_bytes;
        self.decoded_bytes += other.decoded_bytes;
    }

    /// All requests together.
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }
}
