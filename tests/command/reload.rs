//! SIGHUP of `vtask exporter` and `vtask stream` reloads the configuration: nothing is lost or counted twice.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use tokio::time::{sleep, timeout};
use vtask::simulator::Simulator;

use crate::support::{
    built::{send_signal, vtask, wait_for_output},
    command::{advance, count_requests, http_client, metric_sum, server, server_with, wait_until},
};

/// A running service with its files.
struct Service {
    directory: tempfile::TempDir,
    child: Child,
    /// Profile, server and user name.
    profiles: Vec<(&'static str, String, &'static str)>,
}

impl Service {
    fn start(words: &str, profiles: &[(&'static str, &Simulator, &'static str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(directory.path().join(name)).unwrap();
        let (out, err) = (file("out"), file("err"));
        let password = directory.path().join("password");
        fs::write(&password, "secret\n").unwrap();
        let config = directory.path().join("config.toml");
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = vtask(&words);
        command
            .args(["--profile", "*", "--config"])
            .arg(&config)
            .env("VTASK_PASSWORD_FILE", password)
            .stdout(out)
            .stderr(err)
            .stdin(Stdio::null());
        let profiles = profiles
            .iter()
            .map(|(name, server, user)| (*name, server.url(), *user));
        let profiles: Vec<_> = profiles.collect();
        fs::write(&config, Self::config(&profiles)).unwrap();
        let child = command.spawn().unwrap();
        Self {
            directory,
            child,
            profiles,
        }
    }

    fn config(profiles: &[(&str, String, &str)]) -> String {
        let profiles = profiles.iter().map(|(name, url, user)| {
            format!("[profiles.{name}]\nurl = \"{url}\"\nusername = \"{user}\"\n")
        });
        profiles.collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn signal(&self, name: &str) {
        send_signal(&self.child, name);
    }

    /// Replaces the config file, sends SIGHUP and waits for the message about it.
    async fn reload(&self, config: &str, message: &str) {
        let before = self.text("err").lines().count();
        fs::write(self.path("config.toml"), config).unwrap();
        self.signal("HUP");
        wait_until(|| {
            self.text("err")
                .lines()
                .skip(before)
                .any(|line| line.contains("reloaded"))
        })
        .await;
        let err = self.text("err");
        let messages: Vec<&str> = err.lines().skip(before).collect();
        assert!(
            messages.iter().any(|line| line.contains(message)),
            "{message}: {messages:?}"
        );
    }

    async fn metrics(&self) -> String {
        wait_until(|| self.text("err").contains("/metrics")).await;
        let err = self.text("err");
        let (_, rest) = err.split_once("serving ").unwrap();
        let url = rest.lines().next().unwrap();
        http_client()
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// Waits until the sum of the series of a metric with these labels is this.
    async fn until_sum(&self, metric: &str, labels: &str, expected: f64) {
        let waiting = async {
            loop {
                let sum = metric_sum(&self.metrics().await, metric, labels);
                if (sum - expected).abs() < 0.001 {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let is_reached = timeout(Duration::from_secs(50), waiting).await.is_ok();
        assert!(
            is_reached,
            "{metric} {labels}: {}\n{}",
            self.metrics().await,
            self.text("err")
        );
    }

    async fn terminate(self) {
        self.signal("TERM");
        let output = wait_for_output(self.child).await;
        assert_eq!(output.status.code(), Some(143));
    }
}

fn logins(simulator: &Simulator) -> usize {
    count_requests(&simulator.control(), "/Login")
}

const FINISHED: &str = "vtask_tasks_finished_total";

#[tokio::test]
async fn profiles_are_added_changed_and_removed() {
    let (lab, branch) = (server().await, server().await);
    let service = Service::start("exporter --listen 127.0.0.1:0", &[("lab", &lab, "ops")]);
    let lab_only = service.text("config.toml");
    let mut both = service.profiles.clone();
    both.push(("branch", branch.url(), "ops"));
    service
        .until_sum("vtask_tasks", "vcenter=\"lab\",state=\"running\"", 6.0)
        .await;
    // Tasks 2, 5, 7 and 8 have finished after 17 seconds, and 6 with its child.
    advance(&lab.control(), 17).await;
    service.until_sum(FINISHED, "vcenter=\"lab\"", 5.0).await;

    service
        .reload(&Service::config(&both), "connecting to branch.")
        .await;
    service
        .until_sum("vtask_tasks", "vcenter=\"branch\",state=\"running\"", 6.0)
        .await;
    service.until_sum(FINISHED, "vcenter=\"lab\"", 5.0).await;
    assert_eq!((logins(&lab), logins(&branch)), (1, 1));

    both[1].2 = "kim";
    service
        .reload(&Service::config(&both), "reconnecting to branch.")
        .await;
    advance(&branch.control(), 17).await;
    service.until_sum(FINISHED, "vcenter=\"branch\"", 5.0).await;
    service.until_sum("vtask_link_up", "", 2.0).await;
    service
        .until_sum(
            "vtask_api_requests_total",
            "vcenter=\"branch\",request=\"SessionManager/Login\"",
            2.0,
        )
        .await;
    wait_until(|| branch.control().session_count() == 1).await;
    assert_eq!((logins(&lab), logins(&branch)), (1, 2));

    service
        .reload(&Service::config(&both[1..]), "disconnecting from lab.")
        .await;
    wait_until(|| lab.control().session_count() == 0).await;
    service.until_sum("vtask_link_up", "", 1.0).await;
    let page = service.metrics().await;
    assert!(!page.contains("vcenter=\"lab\""), "{page}");
    // Task 1 finishes while the server is not watched.
    lab.control().advance(Duration::from_secs(60));
    service
        .reload(&Service::config(&both), "connecting to lab.")
        .await;
    service.until_sum(FINISHED, "vcenter=\"lab\"", 1.0).await;
    service.until_sum(FINISHED, "vcenter=\"branch\"", 5.0).await;
    service
        .reload(&Service::config(&both), "the vCenters are the same.")
        .await;
    service
        .reload(&lab_only, "disconnecting from branch.")
        .await;
    service.terminate().await;
    assert_eq!(
        lab.control().session_count() + branch.control().session_count(),
        0
    );
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_and_the_previous_one_stays() {
    let lab = server().await;
    let service = Service::start("exporter --listen 127.0.0.1:0", &[("lab", &lab, "ops")]);
    service.until_sum("vtask_link_up", "", 1.0).await;
    let valid = service.text("config.toml");
    for (invalid, message) in [
        ("[profiles.lab\n", "line 1"),
        ("", "no profile “*”"),
        (
            &format!("{valid}pasword-file = \"x\"\n"),
            "did you mean “password-file”",
        ),
        ("[profiles.lab]\nusername = \"ops\"\n", "profile lab: "),
    ] {
        let before = service.text("err").lines().count();
        service.reload(invalid, message).await;
        let err = service.text("err");
        let messages: Vec<&str> = err.lines().skip(before).collect();
        assert_eq!(messages.len(), 1, "{messages:?}");
        let start = "vtask: the configuration was not reloaded, the previous one stays in effect: ";
        assert!(messages[0].starts_with(start), "{messages:?}");
    }
    advance(&lab.control(), 17).await;
    service.until_sum(FINISHED, "vcenter=\"lab\"", 5.0).await;
    service.reload(&valid, "the vCenters are the same.").await;
    assert_eq!(logins(&lab), 1);
    service.terminate().await;
}

#[tokio::test]
async fn hanging_password_command_does_not_block_reload() {
    let lab = server().await;
    let service = Service::start("exporter --listen 127.0.0.1:0", &[("lab", &lab, "ops")]);
    service.until_sum("vtask_link_up", "", 1.0).await;
    let valid = service.text("config.toml");
    let started = service.path("started");
    let command = format!("touch {}; exec sleep 600", started.display());
    let hanging = format!("{valid}password-command = \"{command}\"\n");
    fs::write(service.path("config.toml"), hanging).unwrap();
    service.signal("HUP");
    wait_until(|| started.exists()).await;
    advance(&lab.control(), 17).await;
    service.until_sum(FINISHED, "vcenter=\"lab\"", 5.0).await;
    service.reload(&valid, "the vCenters are the same.").await;
    service.terminate().await;
}

#[tokio::test]
async fn refused_login_is_retried_after_reload() {
    let lab = server().await;
    let branch = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "another".to_owned()));
    })
    .await;
    let profiles = [("lab", &lab, "any"), ("branch", &branch, "ops")];
    let service = Service::start("exporter --listen 127.0.0.1:0", &profiles);
    wait_until(|| service.text("err").contains("branch: ")).await;
    service.until_sum("vtask_link_up", "", 1.0).await;
    fs::write(service.path("password"), "another\n").unwrap();
    let config = service.text("config.toml");
    service
        .reload(&config, "reconnecting to branch, lab.")
        .await;
    service.until_sum("vtask_link_up", "", 2.0).await;
    service.terminate().await;
}

#[tokio::test]
async fn a_stream_delivers_each_finished_task_once() {
    let lab = server().await;
    let control = lab.control();
    let service = Service::start("stream --state finished", &[("lab", &lab, "ops")]);
    wait_until(|| control.pending_waits() > 0).await;
    let mut changed = service.profiles.clone();
    for user in ["kim", "ops"] {
        changed[0].2 = user;
        advance(&control, 8).await;
        service
            .reload(&Service::config(&changed), "reconnecting to lab.")
            .await;
    }
    control.advance(Duration::from_secs(60));
    let is_complete = || service.text("out").matches("\"eventId\"").count() >= 6;
    wait_until(is_complete).await;
    let out = service.text("out");
    let mut ids: Vec<&str> = out.split("\"eventId\":\"").skip(1).collect();
    assert_eq!(ids.len(), 6, "{out}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6, "{out}");
    service.terminate().await;
}
