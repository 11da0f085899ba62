//! A password is never a flag, and a user name or password in a URL is never printed.

use std::{fs, process::Output};

use crate::support::{
    built::{run, stderr, stdout, vtask},
    command::server_with,
};

const SECRET: &str = "s3cret-Zq8";

fn assert_no_secret(output: &Output) {
    let written = [stdout(output), stderr(output)].concat();
    for part in [SECRET, "s3cret", "Zq8", "0ps"] {
        assert!(!written.contains(part), "{part}: {written}");
    }
}

#[tokio::test]
async fn a_password_in_a_typed_url_is_refused_and_not_printed() {
    let url = format!("https://0ps:{SECRET}@127.0.0.1:1");
    for words in [
        &["list", "--url", &url][..],
        &["get", "task-1", "--url", &url],
        &["wait", "task-1", "--url", &url],
        &["tree", "task-1", "--url", &url],
        &["events", "task-1", "--url", &url],
        &["report", "task-1", "--html", "-", "--url", &url],
        &["cancel", "task-1", "--yes", "--url", &url],
        &["logout", "--url", &url],
        &["list", "--url", &format!("0ps:{SECRET}@127.0.0.1:1")],
        &["list", "--url", &format!("https://:{SECRET}@127.0.0.1:1")],
    ] {
        let output = run(vtask(words)).await;
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let stderr = stderr(&output);
        assert!(stderr.contains("--url contains a password"), "{stderr}");
        assert!(stderr.contains("--password-file"), "{stderr}");
        assert_no_secret(&output);
    }
}

#[tokio::test]
async fn credentials_of_a_url_are_never_printed() {
    let url = format!("https://0ps:{SECRET}@127.0.0.1:1");
    let task = format!("{url}/sdk/vim25/8.0.3.0/Task/task-1/info");
    let broken = format!("https://0ps:s3cret/{SECRET}@127.0.0.1:1");
    let broken_task = format!("{broken}/sdk/vim25/8.0.3.0/Task/task-1/info");
    let with_port = format!("https://vc01.lab:443/{SECRET}@127.0.0.1");
    let flag = format!("--urll={url}");
    for words in [
        &["get", &task, "--url", "127.0.0.1:2"][..],
        &["wait", &task, "--url", "127.0.0.1:2"],
        &["cancel", "--yes", &task, "--url", "127.0.0.1:2"],
        &["tree", &broken_task, "--url", "127.0.0.1:2"],
        &["get", &url, "--url", "127.0.0.1:2"],
        &["list", "--url", &broken],
        &["list", "--url", &with_port],
        &["list", "--url", &format!("ftp://0ps:{SECRET}@127.0.0.1")],
        &["list", &url],
        &["list", &flag],
        &["get", "--json=x", &task],
        &["trust", "add", &url],
        &["trust", "remove", &url],
        &["trust", "add", &format!("ftp://0ps:{SECRET}@127.0.0.1")],
    ] {
        let output = run(vtask(words)).await;
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(!stderr(&output).is_empty());
        assert_no_secret(&output);
    }
}

#[tokio::test]
async fn urls_of_the_environment_and_the_config_file_keep_their_passwords() {
    let simulator = server_with(|options| {
        options.credentials = Some(("0ps".to_owned(), SECRET.to_owned()));
    })
    .await;
    let url = simulator.url().replace("://", &format!("://0ps:{SECRET}@"));
    for variable in ["GOVC_URL", "VTASK_URL"] {
        let mut command = vtask(&["list", "--ids"]);
        command.env(variable, &url);
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_no_secret(&output);
    }
    // As in govc, the password variable takes precedence over the URL.
    let mut command = vtask(&["list", "--ids"]);
    command
        .env("GOVC_URL", url.replace(SECRET, "wrong"))
        .env("GOVC_PASSWORD", SECRET);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    fs::write(&path, format!("[profiles.lab]\nurl = \"{url}\"\n")).unwrap();
    #[cfg(unix)]
    for (mode, code, words) in [(0o644, 2, "chmod 600"), (0o600, 0, "plain-text password")] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = vtask(&["list", "--ids"]);
        command.env("VTASK_CONFIG", &path);
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert_no_secret(&output);
    }
}
