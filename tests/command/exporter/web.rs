//! TLS and basic authentication of the exporter.

use std::{fs, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;

use super::during;
use crate::support::command::{line, server};

/// Directory with a web configuration and a server certificate, and the authority that issued it.
struct WebConfig {
    directory: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl WebConfig {
    fn new(config: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let web = Self {
            directory: tempfile::tempdir().unwrap(),
            authority,
        };
        let (certificate, key) = web.issue();
        let certificate = pem("CERTIFICATE", &certificate);
        web.write("server.crt", &certificate);
        web.write("server.key", &pem("PRIVATE KEY", key.secret_der()));
        web.write("ca.crt", &web.authority.pem());
        web.write("web.yml", config);
        web
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.directory.path().join(name), content).unwrap();
    }

    fn words(&self) -> String {
        format!("--web-config {}", self.config().display())
    }

    fn config(&self) -> std::path::PathBuf {
        self.directory.path().join("web.yml")
    }

    /// Returns a certificate for 127.0.0.1 with its key.
    fn issue(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        (certificate.der().clone(), key.into())
    }

    /// Returns a client that trusts the authority, and has a certificate of `issuer`.
    fn client(&self, issuer: Option<&Self>) -> reqwest::Client {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match issuer.map(Self::issue) {
            Some((certificate, key)) => {
                let chain = vec![certificate];
                builder.with_client_auth_cert(chain, key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let client = reqwest::Client::builder().tls_backend_preconfigured(config);
        client.no_proxy().build().unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

const TLS: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

fn users() -> String {
    let hash = bcrypt::hash("s3cret", 4).unwrap();
    format!("basic_auth_users:\n  prometheus: {hash}\n")
}

#[tokio::test]
async fn metrics_need_a_password_over_https() {
    let simulator = server().await;
    let headers = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n";
    let web = WebConfig::new(&format!("{TLS}{headers}{}", users()));
    let client = web.client(None);
    during(&web.words(), &simulator, |exporter| async move {
        let url = exporter.url().await;
        assert!(url.starts_with("https://"), "{url}");
        for path in ["/metrics", "/-/healthy", "/", "/none"] {
            let url = format!("{url}{path}");
            let response = client.get(&url).send().await.unwrap();
            assert_eq!(response.status(), 401, "{path}");
            let challenge = &response.headers()["www-authenticate"];
            assert!(challenge.to_str().unwrap().starts_with("Basic"));
            assert_eq!(response.headers()["x-frame-options"], "deny");
        }
        let status = async |user: &str, password: &str| {
            let request = client.get(format!("{url}/metrics"));
            let request = request.basic_auth(user, Some(password));
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            assert_eq!(
                response.text().await.unwrap().contains("vtask_"),
                status == 200
            );
            status
        };
        assert_eq!(status("prometheus", "s3cret").await, 200);
        assert_eq!(status("prometheus", "secret").await, 401);
        assert_eq!(status("prometheus", "").await, 401);
        assert_eq!(status("other", "s3cret").await, 401);
        assert_eq!(status("prometheus", "s3cret").await, 200);
        let plain = url.replace("https:", "http:");
        assert!(client.get(plain).send().await.is_err());
    })
    .await;
}

#[tokio::test]
async fn client_certificates_are_verified() {
    let simulator = server().await;
    for (policy, status_without_certificate) in [
        ("RequireAndVerifyClientCert", None),
        ("VerifyClientCertIfGiven", Some(200)),
    ] {
        let clients = format!("  client_auth_type: {policy}\n  client_ca_file: ca.crt\n");
        let web = WebConfig::new(&format!("{TLS}{clients}"));
        let (known, none) = (web.client(Some(&web)), web.client(None));
        let untrusted = web.client(Some(&WebConfig::new("")));
        during(&web.words(), &simulator, |exporter| async move {
            let url = format!("{}/-/healthy", exporter.url().await);
            for (client, expected) in [
                (known, Some(200)),
                (none, status_without_certificate),
                (untrusted, None),
            ] {
                let response = client.get(&url).send().await;
                let status = response.ok().map(|response| response.status().as_u16());
                assert_eq!(status, expected, "{policy}");
            }
        })
        .await;
    }
}

async fn error(config: &str) -> String {
    let simulator = server().await;
    let web = WebConfig::new(config);
    let words = format!("exporter --listen 127.0.0.1:0 {}", web.words());
    let output = line(&words).on(&simulator).await;
    assert_eq!(output.code, 2, "{config}: {output:?}");
    assert!(output.err.contains("--web-config"), "{output:?}");
    assert!(output.err.lines().count() == 1, "{output:?}");
    output.err
}

#[tokio::test]
async fn invalid_file_is_refused_with_its_line() {
    let with_tls = |more: &str| format!("{TLS}{more}");
    for (config, expected) in [
        ("tls_server: {}\n".to_owned(), "tls_server"),
        (with_tls("  cipher_suites: []\n"), "cipher_suites"),
        (
            with_tls("  client_auth_type: RequestClientCert\n"),
            "RequireAndVerifyClientCert",
        ),
        (with_tls("  min_version: TLS11\n"), "TLS12"),
        (with_tls("http_server_config:\n  http2: true\n"), "http2"),
        (with_tls("basic_auth_users:\n  ops: s3cret\n"), "bcrypt"),
        (with_tls("basic_auth_users: [\n"), ""),
        (
            "tls_server_config:\n  cert_file: server.crt\n".to_owned(),
            "key_file",
        ),
    ] {
        let error = error(&config).await;
        assert!(error.contains(expected), "{config}: {error}");
        assert!(error.contains("line "), "{config}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn unusable_certificates_are_refused_with_their_key() {
    let replaced = |name: &str, by: &str| TLS.replace(name, by);
    for (config, expected) in [
        (replaced("server.crt", "none.crt"), "cert_file: "),
        (replaced("server.crt", "server.key"), "cert_file: "),
        (replaced("server.key", "server.crt"), "key_file: "),
        (replaced("server.crt", "ca.crt"), "cert_file and key_file"),
        (
            format!("{TLS}  client_ca_file: ca.crt\n"),
            "client_auth_type",
        ),
        (
            format!("{TLS}  client_auth_type: VerifyClientCertIfGiven\n"),
            "client_ca_file",
        ),
        (
            format!("{TLS}  min_version: TLS13\n  max_version: TLS12\n"),
            "min_version",
        ),
    ] {
        let error = error(&config).await;
        assert!(error.contains(expected), "{config}: {error}");
    }
    let missing = Path::new("none.yml");
    let simulator = server().await;
    let words = format!("exporter --web-config {}", missing.display());
    let output = line(&words).on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("none.yml"), "{output:?}");
}
