//! A certificate that `--ca-file` adds is accepted only from the host that it is issued for, and only while it is
//! valid, even where it is marked as an authority.

use std::fs;

use vtask::simulator::{CertificateValidity, Simulator, TlsOptions};

use crate::support::command::{CommandOutput, line, server_with};

/// A server with a self-signed certificate that is marked as an authority.
async fn server(certificate: TlsOptions) -> Simulator {
    server_with(|options| {
        options.tls = true;
        options.certificate = TlsOptions {
            self_signed_ca: true,
            ..certificate
        };
    })
    .await
}

/// Lists the tasks of `server`, with the certificate of `added` in `--ca-file`.
async fn list(server: &Simulator, added: &Simulator, more: &[&str]) -> CommandOutput {
    let directory = tempfile::tempdir().unwrap();
    let pem = directory.path().join("server.pem");
    fs::write(&pem, added.certificate_pem().unwrap()).unwrap();
    let known = directory.path().join("known-hosts");
    let line = line("list --ids --ca-file")
        .word(pem.to_str().unwrap())
        .word("--known-hosts")
        .word(known.to_str().unwrap());
    let line = more.iter().fold(line, |line, word| line.word(word));
    line.on(server).await
}

#[tokio::test]
async fn added_certificate_must_match_host() {
    let own = server(TlsOptions::default()).await;
    let output = list(&own, &own, &[]).await;
    assert_eq!(output.code, 0, "{}", output.err);

    for names in [vec!["vc99.lab".to_owned()], Vec::new()] {
        let other = server(TlsOptions {
            names: Some(names),
            ..TlsOptions::default()
        })
        .await;
        let output = list(&other, &other, &[]).await;
        assert_eq!(output.code, 4, "{}", output.err);
        assert!(
            output.err.contains("it is issued for")
                && output.err.contains("not for the name in --url"),
            "{}",
            output.err
        );
        assert_eq!(other.control().request_count(), 0);
        // The exact certificate may be named instead.
        let thumbprint = other.fingerprint().unwrap().to_owned();
        let output = list(&other, &other, &["--thumbprint", &thumbprint]).await;
        assert_eq!(output.code, 0, "{}", output.err);
    }
}

#[tokio::test]
async fn added_certificate_must_be_current_and_identical() {
    for (validity, words) in [
        (CertificateValidity::Expired, "it has expired"),
        (CertificateValidity::NotYetValid, "it is not valid yet"),
    ] {
        let server = server(TlsOptions {
            validity,
            ..TlsOptions::default()
        })
        .await;
        let output = list(&server, &server, &[]).await;
        assert_eq!(output.code, 4, "{}", output.err);
        assert!(output.err.contains(words), "{}", output.err);
        assert_eq!(server.control().request_count(), 0);
    }
    let presented = server(TlsOptions::default()).await;
    let added = server(TlsOptions::default()).await;
    let output = list(&presented, &added, &[]).await;
    assert_eq!(output.code, 4, "{}", output.err);
    assert_eq!(presented.control().request_count(), 0);
}
