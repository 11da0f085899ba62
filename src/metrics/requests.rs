//! Counters of requests and bytes, cheap enough to be always on.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Counts requests and bytes of all users of a client.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    counts: Mutex<RequestCounts>,
    /// First request that was dropped before its response arrived.
    unfinished: Mutex<Option<String>>,
}

/// Requests and bytes so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests by kind, such as `Task/info`.
    pub requests: BTreeMap<&'static str, u64>,
    /// Response bytes as received, before decompression.
    pub raw_bytes: u64,
    /// Response bytes after decompression.
    pub decoded_bytes: u64,
}

impl RequestMetrics {
    pub fn request(&self, kind: &'static str) {
        self.with(|counts| *counts.requests.entry(kind).or_default() += 1);
    }

    pub fn answer(&self, raw: usize, decoded: usize) {
        self.with(|counts| {
            counts.raw_bytes += raw as u64;
            counts.decoded_bytes += decoded as u64;
        });
    }

    pub fn given_up(&self, action: impl FnOnce() -> String) {
        let mut unfinished = self
            .unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unfinished.get_or_insert_with(action);
    }

    /// Returns the first request that was dropped before its response arrived, as `reading task-4711 (vc01.lab)`.
    pub fn unfinished(&self) -> Option<String> {
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns a copy of the counters.
    pub fn counts(&self) -> RequestCounts {
        self.with(|counts| counts.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut RequestCounts) -> T) -> T {
        act(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RequestCounts {
    /// Adds the counters of another client.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.requests {
            *self.requests.entry(kind).or_default() += count;
        }
        self.raw_bytes += other.raw_bytes;
        self.decoded_bytes += other.decoded_bytes;
    }

    /// Returns the number of all requests.
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }
}
