//! However a server fills a body, the memory that vtask takes for it stays a small multiple of the limits.

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
    built_support::{ended, err, start, vtask},
    raw_server::{self, Reply, http, packed},
};

const MEGABYTE: usize = 1 << 20;

/// The most memory that a process held at any time so far, in bytes.
fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() << 10
}

/// Runs `vtask get` against a server that answers with this body, compressed. Returns the peak of its memory when it
/// signs out, and its standard error.
async fn get(words: &[&str], body: &[u8]) -> (u64, String) {
    let answer = http("200 OK", &[("content-encoding", "gzip")], &packed(body));
    let process: Arc<OnceLock<u32>> = Arc::default();
    let peak: Arc<AtomicU64> = Arc::default();
    let (of_process, seen) = (process.clone(), peak.clone());
    let url = raw_server::start(move |request| {
        if request.contains("/info") {
            return Reply::Bytes(answer.clone());
        }
        if request.contains("/Logout") {
            seen.store(peak_memory(*of_process.wait()), Ordering::SeqCst);
        }
        Reply::Honest
    })
    .await;
    let mut command = vtask(words);
    command
        .args(["--url", &url, "--username", "ops"])
        .env("VTASK_PASSWORD", "secret");
    let child = start(command);
    process.set(child.id()).unwrap();
    let output = ended(child).await;
    (peak.load(Ordering::SeqCst), err(&output))
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
    // Of all values objects of one field take the most; shorter ones are refused.
    let object = r#"{"a_long_name":123456789},"#;
    for size in [MEGABYTE, limits::MAX_WEIGHT] {
        let objects = format!("[{}1]", object.repeat(size / object.len()));
        let (peak, stderr) = get(&["get", "task-1"], objects.as_bytes()).await;
        assert!(stderr.contains("should be an object"), "{stderr}");
        let allowed = BASE + 40 * objects.len() as u64;
        assert!((1..allowed).contains(&peak), "{size}: {peak}");
    }
}
