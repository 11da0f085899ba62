//! A filter that a single read of the tasks cannot decide is refused with the reason instead of matching no task.

use crate::support::command::{line, server};

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
            let output = line(&format!("{command} --filter"))
                .word(&term)
                .on(&simulator)
                .await;
            assert_eq!(
                output.code, 2,
                "{command} {term}: {}{}",
                output.out, output.err
            );
            assert_eq!(output.out, "");
            assert!(
                output.err.contains("several readings"),
                "{term}: {}",
                output.err
            );
            let name = if term.contains("stuck") {
                "is:stalled"
            } else {
                &term
            };
            let name = name.split('>').next().unwrap();
            assert!(output.err.contains(name), "{term}: {}", output.err);
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
        let output = line("list --ids --filter").word(term).on(&simulator).await;
        assert_eq!(output.code, 0, "{term}: {}", output.err);
        if term != "is:cancelable" {
            assert_eq!(output.out, ids, "{term}");
        }
    }
}
