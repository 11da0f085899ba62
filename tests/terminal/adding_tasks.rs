//! Adding tasks by ID: known ones, one that only the history knows, and one that nothing knows.

use std::time::Duration;

use vtask::simulator::{Options, Simulator, scenario::Scenario};

use crate::support::pty::Session;

#[tokio::test(flavor = "multi_thread")]
async fn unknown_task_is_searched_in_the_history() {
    let options = Options::new(Scenario::load("quiet").unwrap()).manual();
    let simulator = Simulator::start(options).await.unwrap();
    let control = simulator.control();
    control.advance(Duration::from_mins(6));
    let tasks = control.expected_tasks();
    let finished = tasks
        .iter()
        .find(|task| task["state"] == "success")
        .unwrap();
    let finished = finished["key"].as_str().unwrap();
    assert!(control.remove_task(finished));
    let url = simulator.url();
    let words = ["--url", &url, "--username", "ops"];
    let mut session = Session::start_in(120, 30, &words, &[("VTASK_PASSWORD", "any")]);
    session.shows("live");
    session.press(&format!("a{finished}\r"));
    session.until("the task from the history", |output| {
        let contents = output.parser.screen().contents();
        contents
            .lines()
            .any(|line| line.contains("Overview") && line.contains(finished))
    });
    session.press("atask-99999\r");
    session.shows("task-99999 is unknown to");
    session.press(&format!("a{finished}\r"));
    session.shows("is already listed");
    session.quit();
    simulator.stop().await;
}
