//! Certificate trust of the commands over real TLS, against the embedded vCenter with every kind of certificate.

use std::{fs, path::PathBuf};

use crate::support::command::{CommandLine, CommandOutput, line, server_with};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use vtask::simulator::{CertificateValidity, Simulator, TlsOptions};

/// A TLS server, and a directory for known hosts and certificates.
struct TlsServer {
    simulator: Simulator,
    directory: TempDir,
}

impl TlsServer {
    async fn of(certificate: TlsOptions) -> Self {
        let simulator = server_with(|options| {
            options.tls = true;
            options.certificate = certificate;
        });
        Self {
            simulator: simulator.await,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    async fn plain() -> Self {
        Self::of(TlsOptions::default()).await
    }

    fn known_hosts(&self) -> PathBuf {
        self.directory.path().join("known-hosts")
    }

    fn known_hosts_content(&self) -> String {
        fs::read_to_string(self.known_hosts()).unwrap_or_default()
    }

    fn fingerprint(&self) -> &str {
        self.simulator.fingerprint().unwrap()
    }

    /// Writes the server's certificate, or that of its authority, to a file; returns its path.
    fn pem(&self) -> PathBuf {
        let path = self.directory.path().join("server.pem");
        fs::write(&path, self.simulator.certificate_pem().unwrap()).unwrap();
        path
    }

    fn line(&self, words: &str) -> CommandLine {
        let known = self.known_hosts();
        let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
        let line = line(command)
            .word("--known-hosts")
            .word(known.to_str().unwrap());
        rest.split_whitespace().fold(line, CommandLine::word)
    }

    async fn run(&self, line: CommandLine) -> CommandOutput {
        line.on(&self.simulator).await
    }

    /// Asserts that the server received no request, and so no secret.
    fn assert_no_request(&self) {
        assert_eq!(self.simulator.control().request_count(), 0);
    }
}

fn another_fingerprint() -> String {
    vec!["AB"; 32].join(":")
}

#[tokio::test]
async fn bad_certificate_is_refused_with_reason_and_fingerprint() {
    let signed_by_ca = || TlsOptions {
        signed_by_ca: true,
        ..TlsOptions::default()
    };
    let cases = [
        (TlsOptions::default(), false, "it is self-signed"),
        (
            signed_by_ca(),
            false,
            "no authority that this machine trusts",
        ),
        (
            TlsOptions {
                validity: CertificateValidity::Expired,
                ..signed_by_ca()
            },
            true,
            "it has expired (2001-01-01",
        ),
        (
            TlsOptions {
                validity: CertificateValidity::NotYetValid,
                ..signed_by_ca()
            },
            true,
            "it is not valid yet (4000-01-01",
        ),
        (
            TlsOptions {
                names: Some(vec!["vc99.lab".to_owned()]),
                ..signed_by_ca()
            },
            true,
            "it is issued for vc99.lab, not for the name in --url",
        ),
    ];
    for (certificate, with_authority, words) in cases {
        let server = TlsServer::of(certificate).await;
        let mut line = server.line("list");
        if with_authority {
            line = line.word("--ca-file").word(server.pem().to_str().unwrap());
        }
        let output = server.run(line).await;
        assert_eq!(output.code, 4, "{}", output.err);
        assert!(output.err.contains(words), "{words}: {}", output.err);
        assert!(output.err.contains(server.fingerprint()), "{}", output.err);
        assert!(!output.err.contains("Type yes"), "no terminal to ask on");
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        server.assert_no_request();
    }
}

#[tokio::test]
async fn added_authority_is_trusted_over_tls_1_2() {
    for tls12_only in [false, true] {
        let server = TlsServer::of(TlsOptions {
            signed_by_ca: true,
            tls12_only,
            ..TlsOptions::default()
        })
        .await;
        let line = server
            .line("list --ca-file")
            .word(server.pem().to_str().unwrap());
        let output = server.run(line).await;
        assert_eq!(output.code, 0, "{}", output.err);
    }
}

#[tokio::test]
async fn thumbprint_accepts_exactly_that_certificate() {
    let server = TlsServer::of(TlsOptions {
        validity: CertificateValidity::Expired,
        names: Some(vec!["vc99.lab".to_owned()]),
        ..TlsOptions::default()
    })
    .await;
    let bare = server.fingerprint().replace(':', "").to_lowercase();
    for thumbprint in [server.fingerprint(), &bare] {
        let output = server
            .run(server.line("list --thumbprint").word(thumbprint))
            .await;
        assert_eq!(output.code, 0, "{}", output.err);
    }
    let requests = server.simulator.control().request_count();
    // `--insecure` does not override a thumbprint.
    for more in ["", "--insecure"] {
        let line = server.line(&format!("list {more} --thumbprint"));
        let output = server.run(line.word(&another_fingerprint())).await;
        assert_eq!(output.code, 4, "{}", output.err);
        for word in [
            server.fingerprint(),
            &another_fingerprint(),
            "Nothing was sent",
        ] {
            assert!(output.err.contains(word), "{word}: {}", output.err);
        }
    }
    assert_eq!(server.simulator.control().request_count(), requests);
}

#[tokio::test]
async fn accepted_certificate_is_trusted_until_removed() {
    let server = TlsServer::plain().await;
    let output = server
        .run(server.line("list").type_input("yes\n").terminal(80, 24))
        .await;
    assert_eq!(output.code, 0, "{}", output.err);
    let (first, second) = server.fingerprint().split_at(48);
    for word in [
        "it is self-signed",
        "rcgen self signed cert",
        "Signed by   itself",
        "localhost",
        "Valid       1975-01-01 to 4096-01-01",
        first,
        second,
    ] {
        assert!(output.err.contains(word), "{word}: {}", output.err);
    }
    let host = server.simulator.address().to_string();
    assert_eq!(
        server.known_hosts_content(),
        format!("{host} {}\n", server.fingerprint())
    );

    let second = server.run(server.line("list")).await;
    assert_eq!((second.code, second.err.as_str()), (0, ""));
    let list = server.run(server.line("trust list")).await;
    assert!(list.out.contains(server.fingerprint()) && list.out.contains(&host));
    let words = format!("trust remove https://{host}");
    let removed = server.run(server.line(&words)).await;
    assert_eq!(
        (removed.code, server.known_hosts_content().as_str()),
        (0, "")
    );
    let removed = server.run(server.line(&words)).await;
    assert_eq!(removed.code, 4);
    assert_eq!(server.run(server.line("list")).await.code, 4);
}

#[tokio::test]
async fn certificate_prompt_accepts_only_yes_on_a_terminal() {
    for typed in ["y\n", "no\n", "\n", "", "yes please\n"] {
        let server = TlsServer::plain().await;
        let output = server
            .run(server.line("list").type_input(typed).terminal(80, 24))
            .await;
        assert_eq!(output.code, 4, "{typed:?}: {}", output.err);
        assert!(output.err.contains("was not accepted"), "{}", output.err);
        assert_eq!(server.known_hosts_content(), "");
        server.assert_no_request();
    }
    // A yes from a pipe, or without a visible prompt, does not count.
    let server = TlsServer::plain().await;
    for line in [
        server.line("list --ids").input("yes\n").terminal(80, 24),
        server.line("list --ids").type_input("yes\n"),
    ] {
        let output = server.run(line).await;
        assert_eq!(output.code, 4, "{}", output.err);
        assert!(!output.err.contains("Type yes"), "{}", output.err);
    }
    assert_eq!(server.known_hosts_content(), "");
    server.assert_no_request();
}

#[tokio::test]
async fn changed_certificate_is_refused_without_prompt() {
    let server = TlsServer::plain().await;
    let host = server.simulator.address().to_string();
    let add = format!("trust add {host} --thumbprint {}", another_fingerprint());
    assert_eq!(server.run(server.line(&add)).await.code, 0);
    for words in ["list", "wait task-1", "cancel task-1 --yes", "tree task-1"] {
        let output = server
            .run(server.line(words).type_input("yes\n").terminal(80, 24))
            .await;
        assert_eq!(output.code, 4, "{words}: {}", output.err);
        assert!(!output.err.contains("Type yes"), "{}", output.err);
        let remove_command = format!("vtask trust remove {host}");
        for word in [
            server.fingerprint(),
            &another_fingerprint(),
            &remove_command,
        ] {
            assert!(output.err.contains(word), "{word}: {}", output.err);
        }
    }
    server.assert_no_request();
    // It can be requested explicitly.
    let words = format!("trust add {host}");
    let add = server.line(&words).type_input("yes\n").terminal(80, 24);
    let output = server.run(add).await;
    assert_eq!(output.code, 0, "{}", output.err);
    assert_eq!(
        server.known_hosts_content(),
        format!("{host} {}\n", server.fingerprint())
    );
    let output = server.run(server.line(&words)).await;
    assert_eq!(output.code, 2, "without a terminal: {}", output.err);
    assert!(output.err.contains(server.fingerprint()), "{}", output.err);
}

#[tokio::test]
async fn known_hosts_of_govc_are_read() {
    let server = TlsServer::plain().await;
    let path = server.directory.path().join("govc");
    let host = server.simulator.address();
    for (fingerprint, code) in [
        (server.fingerprint().to_owned(), 0),
        (another_fingerprint(), 4),
    ] {
        fs::write(&path, format!("{host} {fingerprint}\n")).unwrap();
        let line = server.line("list");
        let line = line.variable("GOVC_TLS_KNOWN_HOSTS", path.to_str().unwrap());
        let output = server.run(line).await;
        assert_eq!(output.code, code, "{}", output.err);
    }
}

#[tokio::test]
async fn server_without_supported_tls_version_is_reported() {
    let plain: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    // Fatal alerts: protocol_version, handshake_failure.
    let old: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
    let cipher: &[u8] = &[0x15, 3, 3, 0, 2, 2, 40];
    for (answer, words) in [
        (plain, "does not speak TLS; check the port"),
        (old, "neither TLS 1.2 nor 1.3"),
        (cipher, "no cipher in common"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut hello = [0; 5];
                stream.read_exact(&mut hello).await.unwrap();
                let _ = stream.write_all(answer).await;
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            }
        });
        let output = line("list").at(&format!("https://{address}")).await;
        assert_eq!(output.code, 4, "{}", output.err);
        assert!(output.err.contains(words), "{words}: {}", output.err);
    }
}

/// The prompt of the built program on a real terminal, with a hostile certificate.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn certificate_prompt_on_a_terminal() {
    let server = TlsServer::of(TlsOptions {
        common_name: Some("vc01\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}".to_owned()),
        ..TlsOptions::default()
    })
    .await;
    let url = server.simulator.url();
    let known = server.known_hosts();
    let known = known.to_str().unwrap();
    let arguments = [
        "list",
        "--url",
        &url,
        "--username",
        "ops",
        "--known-hosts",
        known,
    ];
    for (typed, code) in [("no\r", 4), ("yes\r", 0)] {
        let mut session = crate::support::pty::Session::start_in(
            80,
            24,
            &arguments,
            &[("VTASK_PASSWORD", "hunter2")],
        );
        session.shows("Type yes:");
        let (first, second) = server.fingerprint().split_at(48);
        session.shows(first);
        session.shows(second);
        session.press(typed);
        assert_eq!(session.wait_for_exit().exit_code(), code);
        session.until("the end", |output| output.has_ended);
        let output = session.output.0.lock().unwrap();
        let text = String::from_utf8(output.bytes.clone()).unwrap();
        assert!(
            !text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
            "{text:?}"
        );
        assert!(!text.contains("hunter2"));
    }
    assert!(server.known_hosts_content().contains(server.fingerprint()));
}
