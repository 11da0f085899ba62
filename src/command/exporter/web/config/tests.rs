use super::*;

#[test]
fn an_empty_file_is_plain_http() {
    for text in ["", "# nothing\n", "basic_auth_users: {}\n"] {
        let config = parse(text, Path::new("")).unwrap();
        assert!(config.tls.is_none() && config.users.is_empty());
        assert_eq!(config.scheme(), "http");
    }
}

#[test]
fn headers_and_users_are_read() {
    let text = "http_server_config:\n  http2: false\n  headers:\n    Strict-Transport-Security: max-age=60\n\
                basic_auth_users:\n  ops: $2y$04$abcdefghijklmnopqrstuuS8T4tpfpTPFpNbmPnEqD8FbpJ8RA3ym\n";
    let config = parse(text, Path::new("")).unwrap();
    assert_eq!(config.headers["strict-transport-security"], "max-age=60");
    assert!(config.users["ops"].starts_with("$2y$04$"));
}
