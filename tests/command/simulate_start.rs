//! `vtask simulate` reports the reason and exits with code 2 if it cannot start.

use std::net::TcpListener;

use crate::support::built::{run, stderr, vtask};

#[tokio::test]
async fn port_in_use_is_named_in_the_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let output = run(vtask(&["simulate", "--listen", &address])).await;
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(&address) && text.contains("in use"), "{text}");
    assert!(text.contains("--listen"), "{text}");
    assert_eq!(text.matches("in use").count(), 1, "printed once: {text}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn speed_must_be_above_zero() {
    for speed in ["--speed=0", "--speed=-1", "--speed=NaN", "--speed=inf"] {
        let output = run(vtask(&["simulate", "--listen", "127.0.0.1:0", speed])).await;
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{speed}: {text}");
        assert!(
            text.contains("--speed") && text.contains("above 0"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named_with_its_cause() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("missing/file");
    let file = file.to_str().unwrap();
    for flags in [&["--log", file][..], &["--tls", "--certificate-file", file]] {
        let words = [&["simulate", "--listen", "127.0.0.1:0"], flags].concat();
        let output = run(vtask(&words)).await;
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.contains(file) && text.contains("No such file"),
            "{text}"
        );
    }
}
