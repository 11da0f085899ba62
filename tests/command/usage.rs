//! Common mistakes and options that every command takes.

use std::fs;

use serde_json::{Value, json};

use crate::support::built::{command_on, run, stderr};
use crate::support::command::{config, line, server, server_with};

#[tokio::test]
async fn a_bad_ca_file_is_a_configuration_error() {
    let simulator = server_with(|options| options.tls = true).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    fs::write(&path, "no certificate").unwrap();
    for path in [path.to_str().unwrap(), "/nonexistent/ca.pem"] {
        let output = line("list --ca-file").word(path).on(&simulator).await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.err.contains(path), "{output:?}");
    }
}

#[tokio::test]
async fn the_password_can_come_from_standard_input() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "hunter 2".to_owned()));
    })
    .await;
    let list = || line("list --ids --password-file -").without_password();
    let output = list().input("hunter 2\nmore\n").on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    let output = list().input("").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("first line of standard input is empty"),
        "{output:?}"
    );
    let both = line("get - --password-file -").without_password();
    let output = both.input("task-1\n").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("either the password or the tasks"),
        "{output:?}"
    );
}

#[tokio::test]
async fn errors_name_the_profile_and_the_address() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let path = config(directory.path(), &[("lab", &simulator)]);
    let output = line("get task-99 --config").word(&path).at("").await;
    let address = simulator.url().trim_start_matches("http://").to_owned();
    let label = format!("({}, profile lab)", address.trim_end_matches('/'));
    assert!(output.err.contains(&label), "{output:?}");
}

#[tokio::test]
async fn other_objects_and_short_ids_are_accepted() {
    let simulator = server().await;
    let output = line("get vm-42").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("VirtualMachine") && output.err.contains("--entity vm-42"),
        "{output:?}"
    );
    assert_eq!(simulator.control().session_count(), 0);
    let output = line("get 1").on(&simulator).await;
    assert!(
        output.code == 0 && output.out.contains("task-1"),
        "{output:?}"
    );
}

#[tokio::test]
async fn page_url_is_accepted_as_server_url() {
    let simulator = server().await;
    let page = format!(
        "{}/ui/app/folder;nav=h/urn:vmomi:Folder:group-d1:x/summary",
        simulator.url().trim_end_matches('/')
    );
    let output = line("list --ids").at(&page).await;
    assert_eq!(output.code, 0, "{output:?}");
}

#[tokio::test]
async fn commands_of_other_programs_do_not_open_the_screen() {
    for word in ["version", "status", "show", "top", "ps", "stop"] {
        let output = line(word).at("vc01.lab").await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.err.contains("there is no command"), "{output:?}");
    }
}

#[tokio::test]
async fn requests_are_logged_with_status_and_time_to_a_private_file() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let mut command = command_on(&simulator, "get task-1 -vv");
    command.env("VTASK_LOG_FILE", &log);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = fs::read_to_string(&log).unwrap();
    let request = text.lines().find(|line| line.contains("Task/task-1/info"));
    let request = request.unwrap_or_else(|| panic!("{text}"));
    for part in [
        "DEBUG vtask::http: response",
        "method=GET",
        "status=200",
        "bytes=",
        "ms=",
    ] {
        assert!(request.contains(part), "{part}: {request}");
    }
    assert!(
        text.contains("INFO") && text.contains("signed in"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[tokio::test]
async fn log_and_messages_are_json_objects() {
    let simulator = server().await;
    let output = run(command_on(&simulator, "get task-999 -vv --log-format json")).await;
    assert_eq!(output.status.code(), Some(4));
    let text = stderr(&output);
    let lines = text.lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
        line["timestamp"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
    }
    let response = lines.iter().find(|line| line["message"] == "response");
    let response = response.unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        (&response["level"], &response["target"]),
        (&json!("DEBUG"), &json!("vtask::http"))
    );
    assert!(
        response["status"].is_u64() && response["path"].is_string(),
        "{response}"
    );
    let message = lines.iter().find(|line| line["target"] == "vtask::message");
    let message = message.unwrap_or_else(|| panic!("{text}"));
    assert!(
        message["message"].as_str().unwrap().contains("task-999"),
        "{message}"
    );
}

#[tokio::test]
async fn invalid_log_filter_is_refused() {
    let simulator = server().await;
    let mut command = command_on(&simulator, "list");
    command.env("VTASK_LOG", "vtask=info,[[");
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("vtask: VTASK_LOG: “[[” is not a filter."),
        "{}",
        stderr(&output)
    );
}
