//! Lookups that the server refuses or answers with too much data, and a server clock that is hours off.

use std::time::Duration;

use crate::watch::support::{Harness, manual_clock, paused::PausedHarness, watch};
use jiff::{SignedDuration, Timestamp};
use vtask::{
    simulator::{Options, Simulator, scenario::Scenario, server_behavior::ServerBehavior},
    vim::types::TaskLocator,
    watch::{Command, FamilyState, FetchMode},
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn start(options: Options) -> PausedHarness {
    let simulator = Simulator::start(options).await.unwrap();
    PausedHarness::start(simulator, |options| {
        options.typical = true;
        options.entity_states = true;
    })
    .await
}

fn running_task_locator(paused: &PausedHarness) -> TaskLocator {
    let expected = paused.simulator.control().expected_tasks();
    let running = expected.iter().find(|info| info["state"] == "running");
    let key = running.unwrap()["key"].as_str().unwrap();
    TaskLocator::of(paused.harness.record(key).unwrap().info.as_deref().unwrap())
}

#[tokio::test(start_paused = true)]
async fn refused_history_is_reported_and_isolated() {
    type Change = fn(&mut ServerBehavior);
    let refusals: [(Change, &str, &str); 3] = [
        (|behavior| behavior.history = false, "NotSupported", "ESXi"),
        (
            |behavior| behavior.history_permission = false,
            "NoPermission",
            "privilege",
        ),
        (
            |behavior| behavior.max_collectors = 0,
            "InvalidState",
            "about 32",
        ),
    ];
    for (refuse, fault, advice) in refusals {
        let mut options = manual_clock("demo");
        refuse(&mut options.behavior);
        let mut paused = start(options).await;
        paused.advance(seconds(2)).await;
        let [reason] = &paused.harness.typical_unknown[..] else {
            panic!("{fault}: {:?}", paused.harness.typical_unknown);
        };
        assert!(
            reason.contains(fault) && reason.contains(advice),
            "{reason}"
        );
        let locator = running_task_locator(&paused);
        paused
            .harness
            .send(Command::FollowFamily(Some(locator.clone())));
        paused.harness.send(Command::FollowEvents(vec![locator]));
        paused.wait_until_idle().await;
        let Some((_, FamilyState::Failed(reason))) = paused.harness.families.last() else {
            panic!("{fault}: {:?}", paused.harness.families);
        };
        assert!(
            reason.contains(fault) && reason.contains(advice),
            "{reason}"
        );
        assert!(
            paused.harness.events[0].1.is_ok(),
            "the events are reported"
        );
        let control = paused.simulator.control();
        assert!(paused.harness.is_synced(&control));
        paused.harness.assert_never_lost("connection");
        // The refused call is retried rarely, as it may be allowed later.
        let before = paused
            .lookup_requests()
            .iter()
            .filter(|request| request.kind.contains("CreateCollector"))
            .count();
        paused.advance(seconds(20)).await;
        let after = paused
            .lookup_requests()
            .iter()
            .filter(|request| request.kind.contains("CreateCollector"))
            .count();
        assert_eq!(before, after);
        control.change_behavior(|behavior| *behavior = ServerBehavior::default());
        tokio::time::advance(seconds(31 * 60)).await;
        // Its ten requests are within one second, with others.
        paused.advance(seconds(70)).await;
        assert!(paused.harness.runs.len() > 1_000, "{fault}");
        paused.stop().await;
    }
}

/// Sixty thousand tasks, many times the number that is scanned.
#[tokio::test(start_paused = true)]
async fn history_read_is_bounded() {
    let text = "about = \"much\"\nfirst_task = 100000\n[history]\ndays = 30\nper_day = 2000\n\
                [[history.operations]]\noperation = \"VirtualMachine.clone\"\nmedian = \"9m\"\nspread = 0.4\n\
                [[task]]\nat = \"-1m\"\n[task.what]\noperation = \"VirtualMachine.clone\"\ntakes = \"1h\"\n";
    let scenario = Scenario::parse("much", text).unwrap();
    let mut paused = start(Options::new(scenario).manual()).await;
    paused.advance(seconds(20)).await;
    let pages = |paused: &PausedHarness| {
        let requests = paused.lookup_requests();
        let pages = requests
            .iter()
            .filter(|request| request.kind.ends_with("/ReadPreviousTasks"));
        (
            pages.count(),
            requests.iter().map(|request| request.bytes).sum::<usize>(),
        )
    };
    let (count, bytes) = pages(&paused);
    assert_eq!(count, 6, "pages of 500");
    assert!(bytes < 4 << 20, "{bytes}");
    assert_eq!(paused.harness.runs.len(), 3_000);
    // The search for a parent that does not exist ends, too.
    let locator = running_task_locator(&paused);
    let mut info = paused
        .harness
        .record(&locator.mo_id)
        .unwrap()
        .info
        .clone()
        .unwrap();
    info.assign("parentTaskKey", serde_json::json!("task-99999999"))
        .unwrap();
    paused
        .harness
        .send(Command::FollowFamily(Some(TaskLocator::of(&info))));
    paused.wait_until_idle().await;
    let last = paused.harness.families.last();
    assert!(
        matches!(last, Some((_, FamilyState::Found { .. }))),
        "{last:?}"
    );
    assert!(pages(&paused).0 <= 6 + 20, "{:?}", pages(&paused));
    assert_eq!(paused.simulator.control().open_objects().histories, 0);
    paused.stop().await;
}

#[tokio::test]
async fn task_ages_use_server_clock() {
    for hours in [-9, 9] {
        let mut options = manual_clock("demo");
        options.clock_offset = SignedDuration::from_hours(hours);
        let simulator = Simulator::start(options).await.unwrap();
        let control = simulator.control();
        let mut options = watch(&simulator, &[]);
        options.fetch = FetchMode::Push;
        let mut harness = Harness::start(options);
        harness.until_synced("the tasks", &control).await;
        let now = harness.clock.at(Timestamp::now());
        let ages: Vec<_> = harness
            .store
            .iter()
            .filter(|(_, record)| record.status().is_active())
            .map(|(_, record)| record.elapsed(now))
            .collect();
        assert!(ages.len() > 10);
        let longest = ages.iter().map(|age| age.unwrap()).max().unwrap();
        assert!(longest < SignedDuration::from_hours(2), "{longest}");
        harness.stop().await;
    }
}
