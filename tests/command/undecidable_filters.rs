//! A filter that a single read of the tasks cannot decide is refused with the reason instead of matching no task.

use crate::command_support::{line, server};

#[tokio::test]
async fn filter_that_needs_watching_is_refused() {
    let simulator = server().await;
    for term in [
        "is:stalled",
        "is:flagged",
        "is:late",
        "is:ignored",
        "is:pinned",
        "is:expired",
        "idle>5m",
        "state:running,(-is:stuck",
    ] {
        let term = term.replace(",(", " ");
        for command in ["list", "list --since 24h", "wait"] {
            let ran = line(&format!("{command} --filter"))
                .word(&term)
                .on(&simulator)
                .await;
            assert_eq!(ran.code, 2, "{command} {term}: {}{}", ran.out, ran.err);
            assert_eq!(ran.out, "");
            assert!(ran.err.contains("several readings"), "{term}: {}", ran.err);
            let name = if term.contains("stuck") {
                "is:stalled"
            } else {
                &term
            };
            let name = name.split('>').next().unwrap();
            assert!(ran.err.contains(name), "{term}: {}", ran.err);
        }
    }
    assert_eq!(simulator.control().request_count(), 0, "no server is asked");
}

#[tokio::test]
async fn filter_decidable_from_single_read_is_accepted() {
    let simulator = server().await;
    for (term, ids) in [
        ("is:cancelable", "task-3\n"),
        ("is:waiting or is:orphan", ""),
        ("elapsed<1h op:consolidate", "task-4\n"),
    ] {
        let ran = line("list --ids --filter").word(term).on(&simulator).await;
        assert_eq!(ran.code, 0, "{term}: {}", ran.err);
        if term != "is:cancelable" {
            assert_eq!(ran.out, ids, "{term}");
        }
    }
}
