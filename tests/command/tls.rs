//! Certificate trust of the commands over real TLS, against the embedded vCenter with every kind of certificate.

use std::{fs, path::PathBuf};

use crate::command_support::{Line, Ran, line, server_with};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use vtask::simulator::{CertificateValidity, Simulator, TlsOptions};

/// A server with a certificate, and a folder for trusted certificates.
struct Scene {
    simulator: Simulator,
    folder: TempDir,
}

impl Scene {
    async fn of(certificate: TlsOptions) -> Self {
        let simulator = server_with(|options| {
            options.tls = true;
            options.certificate = certificate;
        });
        Self {
            simulator: simulator.await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn plain() -> Self {
        Self::of(TlsOptions::default()).await
    }

    fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known-hosts")
    }

    fn kept(&self) -> String {
        fs::read_to_string(self.known_hosts()).unwrap_or_default()
    }

    fn fingerprint(&self) -> &str {
        self.simulator.fingerprint().unwrap()
    }

    /// A file with the server's own certificate, or its authority's.
    fn pem(&self) -> PathBuf {
        let path = self.folder.path().join("server.pem");
        fs::write(&path, self.simulator.certificate_pem().unwrap()).unwrap();
        path
    }

    fn line(&self, words: &str) -> Line {
        let known = self.known_hosts();
        let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
        let line = line(command)
            .word("--known-hosts")
            .word(known.to_str().unwrap());
        rest.split_whitespace().fold(line, Line::word)
    }

    async fn run(&self, line: Line) -> Ran {
        line.on(&self.simulator).await
    }

    /// Checks that the server got no request and so no secret.
    fn nothing_was_sent(&self) {
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
        let scene = Scene::of(certificate).await;
        let mut line = scene.line("list");
        if with_authority {
            line = line.word("--ca-file").word(scene.pem().to_str().unwrap());
        }
        let ran = scene.run(line).await;
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
        assert!(ran.err.contains(scene.fingerprint()), "{}", ran.err);
        assert!(!ran.err.contains("Type yes"), "no terminal to ask on");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        scene.nothing_was_sent();
    }
}

#[tokio::test]
async fn added_authority_is_trusted_over_tls_1_2() {
    for tls12_only in [false, true] {
        let scene = Scene::of(TlsOptions {
            signed_by_ca: true,
            tls12_only,
            ..TlsOptions::default()
        })
        .await;
        let line = scene
            .line("list --ca-file")
            .word(scene.pem().to_str().unwrap());
        let ran = scene.run(line).await;
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
}

#[tokio::test]
async fn thumbprint_accepts_exactly_that_certificate() {
    let scene = Scene::of(TlsOptions {
        validity: CertificateValidity::Expired,
        names: Some(vec!["vc99.lab".to_owned()]),
        ..TlsOptions::default()
    })
    .await;
    let bare = scene.fingerprint().replace(':', "").to_lowercase();
    for thumbprint in [scene.fingerprint(), &bare] {
        let ran = scene
            .run(scene.line("list --thumbprint").word(thumbprint))
            .await;
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let requests = scene.simulator.control().request_count();
    // `--insecure` does not override a thumbprint.
    for more in ["", "--insecure"] {
        let line = scene.line(&format!("list {more} --thumbprint"));
        let ran = scene.run(line.word(&another_fingerprint())).await;
        assert_eq!(ran.code, 4, "{}", ran.err);
        for word in [
            scene.fingerprint(),
            &another_fingerprint(),
            "Nothing was sent",
        ] {
            assert!(ran.err.contains(word), "{word}: {}", ran.err);
        }
    }
    assert_eq!(scene.simulator.control().request_count(), requests);
}

#[tokio::test]
async fn accepted_certificate_is_trusted_until_removed() {
    let scene = Scene::plain().await;
    let ran = scene
        .run(scene.line("list").typed("yes\n").screen(80, 24))
        .await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (first, second) = scene.fingerprint().split_at(48);
    for word in [
        "it is self-signed",
        "rcgen self signed cert",
        "Signed by   itself",
        "localhost",
        "Valid       1975-01-01 to 4096-01-01",
        first,
        second,
    ] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    let host = scene.simulator.address().to_string();
    assert_eq!(scene.kept(), format!("{host} {}\n", scene.fingerprint()));

    let again = scene.run(scene.line("list")).await;
    assert_eq!((again.code, again.err.as_str()), (0, ""));
    let list = scene.run(scene.line("trust list")).await;
    assert!(list.out.contains(scene.fingerprint()) && list.out.contains(&host));
    let words = format!("trust remove https://{host}");
    let removed = scene.run(scene.line(&words)).await;
    assert_eq!((removed.code, scene.kept().as_str()), (0, ""));
    let removed = scene.run(scene.line(&words)).await;
    assert_eq!(removed.code, 4);
    assert_eq!(scene.run(scene.line("list")).await.code, 4);
}

#[tokio::test]
async fn certificate_prompt_accepts_only_yes_on_a_terminal() {
    for typed in ["y\n", "no\n", "\n", "", "yes please\n"] {
        let scene = Scene::plain().await;
        let ran = scene
            .run(scene.line("list").typed(typed).screen(80, 24))
            .await;
        assert_eq!(ran.code, 4, "{typed:?}: {}", ran.err);
        assert!(ran.err.contains("was not accepted"), "{}", ran.err);
        assert_eq!(scene.kept(), "");
        scene.nothing_was_sent();
    }
    // A yes from a pipe, or without a visible prompt, does not count.
    let scene = Scene::plain().await;
    for line in [
        scene.line("list --ids").input("yes\n").screen(80, 24),
        scene.line("list --ids").typed("yes\n"),
    ] {
        let ran = scene.run(line).await;
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(!ran.err.contains("Type yes"), "{}", ran.err);
    }
    assert_eq!(scene.kept(), "");
    scene.nothing_was_sent();
}

#[tokio::test]
async fn changed_certificate_is_refused_without_prompt() {
    let scene = Scene::plain().await;
    let host = scene.simulator.address().to_string();
    let add = format!("trust add {host} --thumbprint {}", another_fingerprint());
    assert_eq!(scene.run(scene.line(&add)).await.code, 0);
    for words in ["list", "wait task-1", "cancel task-1 --yes", "tree task-1"] {
        let ran = scene
            .run(scene.line(words).typed("yes\n").screen(80, 24))
            .await;
        assert_eq!(ran.code, 4, "{words}: {}", ran.err);
        assert!(!ran.err.contains("Type yes"), "{}", ran.err);
        let take_back = format!("vtask trust remove {host}");
        for word in [scene.fingerprint(), &another_fingerprint(), &take_back] {
            assert!(ran.err.contains(word), "{word}: {}", ran.err);
        }
    }
    scene.nothing_was_sent();
    // It can be requested explicitly.
    let words = format!("trust add {host}");
    let add = scene.line(&words).typed("yes\n").screen(80, 24);
    let ran = scene.run(add).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(scene.kept(), format!("{host} {}\n", scene.fingerprint()));
    let ran = scene.run(scene.line(&words)).await;
    assert_eq!(ran.code, 2, "without a terminal: {}", ran.err);
    assert!(ran.err.contains(scene.fingerprint()), "{}", ran.err);
}

#[tokio::test]
async fn govcs_known_hosts_are_read() {
    let scene = Scene::plain().await;
    let path = scene.folder.path().join("govc");
    let host = scene.simulator.address();
    for (fingerprint, code) in [
        (scene.fingerprint().to_owned(), 0),
        (another_fingerprint(), 4),
    ] {
        fs::write(&path, format!("{host} {fingerprint}\n")).unwrap();
        let line = scene.line("list");
        let line = line.variable("GOVC_TLS_KNOWN_HOSTS", path.to_str().unwrap());
        let ran = scene.run(line).await;
        assert_eq!(ran.code, code, "{}", ran.err);
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
        let ran = line("list").at(&format!("https://{address}")).await;
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}

/// The prompt of the built program on a real terminal, with a hostile certificate.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn certificate_prompt_on_a_terminal() {
    let scene = Scene::of(TlsOptions {
        common_name: Some("vc01\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}".to_owned()),
        ..TlsOptions::default()
    })
    .await;
    let url = scene.simulator.url();
    let known = scene.known_hosts();
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
        let mut session = crate::pty_support::Session::start_in(
            80,
            24,
            &arguments,
            &[("VTASK_PASSWORD", "hunter2")],
        );
        session.shows("Type yes:");
        let (first, second) = scene.fingerprint().split_at(48);
        session.shows(first);
        session.shows(second);
        session.press(typed);
        assert_eq!(session.ends().exit_code(), code);
        session.until("the end", |seen| seen.ended);
        let seen = session.seen.0.lock().unwrap();
        let text = String::from_utf8(seen.bytes.clone()).unwrap();
        assert!(
            !text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
            "{text:?}"
        );
        assert!(!text.contains("hunter2"));
    }
    assert!(scene.kept().contains(scene.fingerprint()));
}
