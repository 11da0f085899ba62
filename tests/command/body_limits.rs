//! Memory used for a response body is bounded, whatever its content.

#![cfg(target_os = "linux")]

use std::{
    fs,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use vtask::vim::types::limits;

use crate::{
    command::raw_server::{self, Reply, gzip, http},
    support::built::{start, stderr, vtask, wait_for_output},
};

const MEGABYTE: usize = 1 << 20;

/// Returns the peak resident memory of a process in bytes.
fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() << 10
}

/// Runs `vtask get` against a server that answers with this body, compressed. Returns the peak of its memory when it
/// signs out, and its standard error.
async fn get(words: &[&str], body: &[u8]) -> (u64, String) {
    let response = http("200 OK", &[("content-encoding", "gzip")], &gzip(body));
    let process: Arc<OnceLock<u32>> = Arc::default();
    let peak: Arc<AtomicU64> = Arc::default();
    let (process_id, measured) = (process.clone(), peak.clone());
    let url = raw_server::start(move |request| {
        if request.contains("/info") {
            return Reply::Bytes(response.clone());
        }
        if request.contains("/Logout") {
            measured.store(peak_memory(*process_id.wait()), Ordering::SeqCst);
        }
        Reply::Regular
    })
    .await;
    let mut command = vtask(words);
    command
        .args(["--url", &url, "--username", "ops"])
        .env("VTASK_PASSWORD", "secret");
    let child = start(command);
    process.set(child.id()).unwrap();
    let output = wait_for_output(child).await;
    (peak.load(Ordering::SeqCst), stderr(&output))
}

#[tokio::test]
async fn oversized_body_of_small_numbers_is_refused_within_memory_limit() {
    let numbers = format!("[{}1]", "1,".repeat(30 * MEGABYTE));
    for words in [&["get", "task-1"][..], &["get", "--json", "task-1"]] {
        let (peak, stderr) = get(words, numbers.as_bytes()).await;
        assert!(stderr.contains("far more JSON values"), "{stderr}");
        assert!(stderr.contains("reading task-1"), "{stderr}");
        assert!(
            (1..256 * MEGABYTE as u64).contains(&peak),
            "{words:?}: {peak}"
        );
    }
}

#[tokio::test]
async fn memory_for_allowed_bodies_is_a_small_multiple_of_their_size() {
    const BASE: u64 = 128 * MEGABYTE as u64;
    // Objects of one field need the most memory; objects with shorter names are refused.
    let object = r#"{"a_long_name":123456789},"#;
    for size in [MEGABYTE, limits::MAX_WEIGHT] {
        let objects = format!("[{}1]", object.repeat(size / object.len()));
        let (peak, stderr) = get(&["get", "task-1"], objects.as_bytes()).await;
        assert!(stderr.contains("should be an object"), "{stderr}");
        let allowed = BASE + 40 * objects.len() as u64;
        assert!((1..allowed).contains(&peak), "{size}: {peak}");
    }
}
