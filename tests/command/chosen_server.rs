//! Flags decide which server is used, and credentials of one server are never sent to another.

use std::{fs, process::Output};

use vtask::simulator::Simulator;

use crate::support::{
    built::{run, stderr, stdout, vtask},
    command::{server, server_with},
};

/// Two servers with different accounts.
struct TwoServers {
    a: Simulator,
    b: Simulator,
    directory: tempfile::TempDir,
}

impl TwoServers {
    async fn start() -> Self {
        let with = async |user: &str, password: &str| {
            let account = (user.to_owned(), password.to_owned());
            server_with(|options| options.credentials = Some(account)).await
        };
        Self {
            a: with("ann", "of-a").await,
            b: with("bob", "of-b").await,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs the program with a config file. `URL-A` and `URL-B` are replaced by the URLs of the servers everywhere,
    /// `DIRECTORY` in the arguments by the directory of the password files.
    async fn run(&self, words: &str, variables: &[(&str, &str)], config: &str) -> Output {
        let with_urls = |text: &str| {
            text.replace("URL-A", &self.a.url())
                .replace("URL-B", &self.b.url())
        };
        let path = self.directory.path().join("config.toml");
        fs::write(&path, with_urls(config)).unwrap();
        fs::write(self.directory.path().join("of-a"), "of-a\n").unwrap();
        fs::write(self.directory.path().join("of-b"), "of-b\n").unwrap();
        let words = with_urls(words).replace("DIRECTORY", self.directory.path().to_str().unwrap());
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = vtask(&words);
        command.env("VTASK_CONFIG", &path);
        for (name, value) in variables {
            command.env(name, with_urls(value));
        }
        run(command).await
    }

    /// Returns for each server if it has received a request since the last call.
    fn received_requests(&self) -> (bool, bool) {
        let has_received = |simulator: &Simulator| {
            let control = simulator.control();
            let has_requests = !control.requests().is_empty();
            control.clear_requests();
            has_requests
        };
        (has_received(&self.a), has_received(&self.b))
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

const PROFILE_B: &str =
    "[profiles.b]\nurl = \"URL-B\"\nusername = \"bob\"\npassword-command = \"echo of-b\"\n";
const OF_A: [(&str, &str); 3] = [
    ("VTASK_URL", "URL-A"),
    ("VTASK_USERNAME", "ann"),
    ("VTASK_PASSWORD", "of-a"),
];

#[tokio::test]
async fn profile_flag_overrides_environment() {
    let two = TwoServers::start().await;
    for words in ["cancel --profile b --yes task-3", "cancel --yes b/task-3"] {
        let output = two.run(words, &OF_A, PROFILE_B).await;
        assert_eq!(
            two.received_requests(),
            (false, true),
            "{}",
            stderr(&output)
        );
        assert!(
            !stderr(&output).contains("Give --url"),
            "{}",
            stderr(&output)
        );
    }
    for words in [
        "get --profile b task-3",
        "list --profile b",
        "events b/task-3",
    ] {
        let output = two.run(words, &OF_A, PROFILE_B).await;
        assert_eq!(code(&output), 0, "{words}: {}", stderr(&output));
        assert_eq!(two.received_requests(), (false, true), "{words}");
    }
    // It also wins over the variables of another profile.
    let config = format!("{PROFILE_B}[profiles.a]\nurl = \"URL-A\"\nusername = \"ann\"\n");
    let variables = [("VTASK_PROFILE", "a"), ("VTASK_PASSWORD", "of-a")];
    let output = two.run("list --profile b", &variables, &config).await;
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(two.received_requests(), (false, true));
}

#[tokio::test]
async fn url_flag_overrides_environment_and_profiles() {
    let two = TwoServers::start().await;
    let words = "list --url URL-B --username bob --password-file DIRECTORY/of-b";
    for variables in [&OF_A[..], &[("VTASK_PROFILE", "a")]] {
        let config =
            "[profiles.a]\nurl = \"URL-A\"\nusername = \"ann\"\npassword-command = \"echo of-a\"\n";
        let output = two.run(words, variables, config).await;
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert_eq!(two.received_requests(), (false, true));
    }
}

#[tokio::test]
async fn flags_naming_two_servers_are_refused() {
    let two = TwoServers::start().await;
    for words in [
        "list --url URL-A --profile b",
        "cancel --yes task-3 --url URL-A --profile b",
        "get b/task-3 --url URL-A",
    ] {
        let output = two.run(words, &[], PROFILE_B).await;
        assert_eq!(code(&output), 2, "{words}: {}", stderr(&output));
        let b = two.b.address().to_string();
        let setting = format!("--profile b names {b}.");
        assert!(
            stderr(&output).contains(&setting) || words.starts_with("get"),
            "{words}: {}",
            stderr(&output)
        );
    }
    assert_eq!(two.received_requests(), (false, false));
}

#[tokio::test]
async fn conflicting_implicit_servers_warn_and_cancel_refuses() {
    let two = TwoServers::start().await;
    let govc = [
        ("GOVC_URL", "URL-A"),
        ("GOVC_USERNAME", "ann"),
        ("GOVC_PASSWORD", "of-a"),
    ];
    let both = [&OF_A[..], &[("GOVC_URL", "URL-B")]].concat();
    for (variables, config, names) in [
        (&OF_A[..], PROFILE_B, ["VTASK_URL", "the default profile b"]),
        (&govc, PROFILE_B, ["GOVC_URL", "the default profile b"]),
        (&both, "", ["VTASK_URL", "GOVC_URL"]),
    ] {
        for words in [
            "list",
            "get task-3",
            "tree task-3",
            "events task-3",
            "wait task-9 --timeout 1s",
        ] {
            let output = two.run(words, variables, config).await;
            let stderr = stderr(&output);
            assert_eq!(two.received_requests(), (true, false), "{words}: {stderr}");
            let (a, b) = (two.a.address().to_string(), two.b.address().to_string());
            let [used, other] = names;
            let warning = format!("vtask: {used} names {a}, but {other} names {b}. Using {a}; ");
            assert!(stderr.starts_with(&warning), "{words}: {stderr}");
        }
        let output = two.run("cancel --yes task-3", variables, config).await;
        let stderr = stderr(&output);
        assert_eq!(code(&output), 2, "{stderr}");
        assert!(stderr.contains("ambiguous server"), "{stderr}");
        assert_eq!(two.received_requests(), (false, false), "{stderr}");
    }
    // Sources that agree are no conflict.
    let output = two
        .run(
            "list --ids",
            &[&OF_A[..], &[("GOVC_URL", "URL-A/sdk")]].concat(),
            "",
        )
        .await;
    assert_eq!((code(&output), &*stderr(&output)), (0, ""));
}

#[tokio::test]
async fn credentials_are_not_sent_to_another_server() {
    let two = TwoServers::start().await;
    let profile_a =
        "[profiles.a]\nurl = \"URL-A\"\nusername = \"ann\"\npassword-command = \"echo of-a\"\n";
    let bare_b = "[profiles.b]\nurl = \"URL-B\"\n";
    for (words, variables, config) in [
        // Account and password, session, Authorization value: of VTASK_URL's server.
        ("list --profile b", &OF_A[..], bare_b),
        (
            "list --url URL-B",
            &[("VTASK_URL", "URL-A"), ("VTASK_SESSION", "of-a")],
            "",
        ),
        (
            "list --url URL-B",
            &[
                ("VTASK_URL", "URL-A"),
                ("VTASK_AUTHORIZATION", "Basic of-a"),
            ],
            "",
        ),
        (
            "list --profile b",
            &[
                ("VTASK_PROFILE", "a"),
                ("VTASK_PASSWORD", "of-a"),
                ("VTASK_USERNAME", "ann"),
            ],
            &format!("{profile_a}{bare_b}"),
        ),
        // Of govc's server.
        (
            "list --url URL-B",
            &[
                ("GOVC_URL", "URL-A"),
                ("GOVC_USERNAME", "ann"),
                ("GOVC_PASSWORD", "of-a"),
            ],
            "",
        ),
        // Of the default profile's server.
        ("list --url URL-B", &[], profile_a),
        ("list", &[("VTASK_URL", "URL-B")], profile_a),
    ] {
        let output = two.run(words, variables, config).await;
        let stderr = stderr(&output);
        assert_eq!(code(&output), 2, "{words}: {stderr}");
        assert!(stderr.contains("no account for"), "{words}: {stderr}");
        assert!(stderr.contains("is not used here"), "{words}: {stderr}");
        assert!(
            stderr.contains(&two.a.address().to_string()),
            "{words}: {stderr}"
        );
        assert!(!stderr.contains("of-a"), "{stderr}");
        assert_eq!(two.received_requests(), (false, false), "{words}");
    }
}

#[tokio::test]
async fn trust_applies_to_one_server_only() {
    let a = server().await;
    let b = server_with(|options| options.tls = true).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let config = format!("[profiles.a]\nurl = \"{}\"\ninsecure = true\n", a.url());
    for (config, variables) in [
        (
            &*config,
            [("VTASK_RELEASE", "8.0.3.0"), ("GOVC_USERNAME", "ops")],
        ),
        ("", [("VTASK_URL", &*a.url()), ("VTASK_INSECURE", "1")]),
        ("", [("GOVC_URL", &*a.url()), ("GOVC_INSECURE", "1")]),
    ] {
        fs::write(&path, config).unwrap();
        let mut command = vtask(&[
            "list",
            "--url",
            &b.url(),
            "--username",
            "ops",
            "--password-file",
        ]);
        let password = directory.path().join("password");
        fs::write(&password, "secret\n").unwrap();
        command.arg(&password).env("VTASK_CONFIG", &path);
        command.envs(variables);
        let output = run(command).await;
        assert_eq!(code(&output), 4, "{}", stderr(&output));
        assert!(
            stderr(&output).contains("it is self-signed"),
            "{}",
            stderr(&output)
        );
        assert_eq!(b.control().request_count(), 0);
    }
}

#[tokio::test]
async fn credential_flags_override_session_of_environment() {
    let two = TwoServers::start().await;
    let words = "list --ids --url URL-A --username ann --password-file DIRECTORY/of-a";
    for variable in ["VTASK_SESSION", "VTASK_AUTHORIZATION", "VTASK_PASSWORD"] {
        let output = two.run(words, &[(variable, "wrong")], "").await;
        assert_eq!(code(&output), 0, "{variable}: {}", stderr(&output));
        assert!(stdout(&output).contains("task-1"));
    }
}

#[tokio::test]
async fn tasks_with_and_without_profile_cannot_be_mixed() {
    let two = TwoServers::start().await;
    let output = two
        .run("cancel --yes b/task-3 task-4", &OF_A, PROFILE_B)
        .await;
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("task-4 may be on"),
        "{}",
        stderr(&output)
    );
    assert_eq!(two.received_requests(), (false, false));
}
