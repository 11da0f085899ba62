//! Searches of the server's history, page by page.

use std::time::Duration;

use crate::watch::support::{Harness, connect, count, refuse_requests, start_server, watch_by};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::timeout;
use vtask::{
    simulator::{Control, Simulator},
    vim::{
        Client, RecordAction,
        types::{ManagedObjectReference, TaskInfo, TaskLocator, TaskQuery},
    },
    watch::{Command, ConnectionState, FetchMode, HistoryRequest},
};

/// Start of a period of several pages in the history of the demo.
fn query(simulator: &Simulator) -> TaskQuery {
    let expected = simulator.control().expected_tasks();
    let times = expected
        .iter()
        .filter_map(|info| info["queueTime"].as_str());
    let newest: Timestamp = times.max().unwrap().parse().unwrap();
    TaskQuery {
        since: Some(newest - SignedDuration::from_hours(72)),
        ..TaskQuery::default()
    }
}

/// Allows or forbids something on the server.
type SetBehavior = fn(&Control, bool);

struct Search {
    simulator: Simulator,
    control: Control,
    harness: Harness,
    /// IDs of the tasks in the history, newest first.
    expected: Vec<String>,
}

impl Search {
    async fn new() -> Self {
        let (simulator, control) = start_server("demo").await;
        let client = Client::connect(connect(&simulator)).await.unwrap();
        client.sign_in().await.unwrap();
        let query = query(&simulator);
        let all = client.past_tasks(&query, usize::MAX, |_| RecordAction::Take);
        let expected = all.await.unwrap().tasks.iter().map(key).collect();
        client.sign_out().await.unwrap();
        let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        control.clear_requests();
        Self {
            simulator,
            control,
            harness,
            expected,
        }
    }

    /// Begins the first search and receives its first page.
    async fn with_first_page() -> Self {
        let mut search = Self::new().await;
        search.begin(1);
        search.pages(1).await;
        search
    }

    fn begin(&self, search: u32) {
        self.begin_with(search, query(&self.simulator));
    }

    fn begin_with(&self, search: u32, query: TaskQuery) {
        let query = Box::new(query);
        self.send(HistoryRequest::Begin { search, query });
    }

    fn send(&self, request: HistoryRequest) {
        self.harness.send(Command::SearchHistory(request));
    }

    async fn pages(&mut self, count: usize) {
        let is_received = |harness: &Harness| harness.pages.len() >= count;
        self.harness.until("the pages", is_received).await;
    }

    /// Reads the remaining pages.
    async fn read_remaining_pages(&mut self, search: u32) {
        while !self.has_ended() {
            let count = self.harness.pages.len();
            self.send(HistoryRequest::More { search });
            self.pages(count + 1).await;
        }
    }

    fn has_ended(&self) -> bool {
        let last = self.harness.pages.last();
        last.is_some_and(|(_, page)| page.as_ref().is_ok_and(|page| page.is_end))
    }

    /// Returns the IDs received, in order.
    fn received(&self) -> Vec<String> {
        let pages = self.harness.pages.iter();
        pages
            .filter_map(|(_, page)| page.as_ref().ok())
            .flat_map(|page| page.tasks.iter().map(|info| info.key.to_string()))
            .collect()
    }

    fn count(&self, method: &str) -> usize {
        let object = match method {
            "CreateCollectorForTasks" => "TaskManager",
            _ => "TaskHistoryCollector",
        };
        count(&self.control, &format!("{object}/{method}"))
    }

    fn open_collectors(&self) -> usize {
        self.control.open_objects().histories
    }

    /// Waits until this number of collectors is open, which no update reports.
    async fn until_open_collectors(&self, count: usize) {
        let waiting = async {
            while self.open_collectors() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let result = timeout(Duration::from_secs(20), waiting).await;
        assert!(
            result.is_ok(),
            "{} collectors are open, not {count}",
            self.open_collectors()
        );
    }
}

fn key(info: &Value) -> String {
    info["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn history_pages_have_no_duplicates() {
    let mut search = Search::with_first_page().await;
    assert_eq!(search.open_collectors(), 1, "it stays open between pages");
    search.read_remaining_pages(1).await;
    assert_eq!(search.received(), search.expected);
    assert!(search.expected.len() > 300, "several pages");
    assert_eq!(search.count("CreateCollectorForTasks"), 1);
    assert_eq!(search.count("ResetCollector"), 1);
    let pages = search.expected.len().div_ceil(100) + 1;
    assert_eq!(
        search.count("ReadPreviousTasks"),
        pages,
        "the last is empty"
    );
    search.until_open_collectors(0).await;
    assert_eq!(search.count("DestroyCollector"), 1);
    search.send(HistoryRequest::More { search: 1 });
    search.pages(pages + 1).await;
    assert!(search.has_ended(), "it stays at the end");
    assert_eq!(search.count("ReadPreviousTasks"), pages);
    search.harness.stop().await;
}

#[tokio::test]
async fn collector_is_destroyed_with_its_search() {
    let mut search = Search::with_first_page().await;
    search.begin(2);
    search.pages(2).await;
    assert_eq!(search.harness.pages[1].0, 2);
    search.until_open_collectors(1).await;
    search.send(HistoryRequest::More { search: 1 });
    search.send(HistoryRequest::End { search: 1 });
    search.send(HistoryRequest::More { search: 2 });
    search.pages(3).await;
    assert_eq!(search.harness.pages[2].0, 2, "the first has ended");
    search.send(HistoryRequest::End { search: 2 });
    search.until_open_collectors(0).await;
    // A collector is destroyed although its search ended while it was being created.
    search.begin(3);
    search.send(HistoryRequest::End { search: 3 });
    search.begin(4);
    search.pages(4).await;
    search.until_open_collectors(1).await;
    assert_eq!(search.harness.pages[3].0, 4);
    search.harness.stop().await;
    let requests = search.control.requests();
    let last = requests.iter().rev().map(|request| &*request.kind);
    let last_requests: Vec<&str> = last
        .filter(|kind| kind.contains("Destroy") || kind.contains("Logout"))
        .take(2)
        .collect();
    assert_eq!(
        last_requests,
        [
            "SessionManager/Logout",
            "TaskHistoryCollector/DestroyCollector"
        ],
        "before signing out"
    );
}

#[tokio::test]
async fn search_survives_session_renewal() {
    let mut search = Search::with_first_page().await;
    search.send(HistoryRequest::More { search: 1 });
    search.pages(2).await;
    search.control.kill_sessions();
    search.read_remaining_pages(1).await;
    assert_eq!(
        search.received(),
        search.expected,
        "no gap and nothing twice"
    );
    assert!(search.harness.pages.iter().all(|(_, page)| page.is_ok()));
    assert_eq!(search.count("CreateCollectorForTasks"), 2);
    search.harness.stop().await;
}

#[tokio::test]
async fn search_survives_lost_collector() {
    let mut search = Search::with_first_page().await;
    assert_eq!(search.control.destroy_history_collectors(), 1);
    search.read_remaining_pages(1).await;
    assert_eq!(search.received(), search.expected);
    assert!(search.harness.pages.iter().all(|(_, page)| page.is_ok()));
    search.until_open_collectors(0).await;
    search.harness.stop().await;
}

#[tokio::test]
async fn lost_response_loses_no_change() {
    let mut search = Search::with_first_page().await;
    let mut lost = 0;
    while !search.has_ended() {
        let count = search.harness.pages.len();
        if lost < 3 {
            lost += 1;
            search.control.lose_responses(1);
        }
        search.send(HistoryRequest::More { search: 1 });
        search.pages(count + 1).await;
    }
    assert_eq!(search.received(), search.expected);
    search.until_open_collectors(0).await;
    search.harness.stop().await;
}

#[tokio::test]
async fn search_works_while_paused() {
    let mut search = Search::new().await;
    search.harness.send(Command::Pause(true));
    let is_paused =
        |harness: &Harness| harness.connections.last() == Some(&ConnectionState::Paused);
    search.harness.until("the pause", is_paused).await;
    search.begin(1);
    search.pages(1).await;
    search.send(HistoryRequest::More { search: 1 });
    search.pages(2).await;
    assert_eq!(search.received(), search.expected[..200]);
    search.harness.stop().await;
}

#[tokio::test]
async fn failed_search_reports_reason_and_remedy() {
    let mut search = Search::new().await;
    let failures: [(SetBehavior, [&str; 2]); 3] = [
        (
            |control, on| control.change_behavior(|behavior| behavior.history = on),
            ["NotSupported", "ESXi"],
        ),
        (
            |control, on| control.change_behavior(|behavior| behavior.history_permission = on),
            ["NoPermission", "Ask for that privilege"],
        ),
        (
            |control, on| {
                control
                    .change_behavior(|behavior| behavior.max_collectors = if on { 32 } else { 0 });
            },
            ["InvalidState", "about 32"],
        ),
    ];
    for (number, (change, expected)) in (1..).zip(failures) {
        change(&search.control, false);
        search.begin(number);
        search.pages(1).await;
        let (search_id, page) = search.harness.pages.remove(0);
        let reason = page.unwrap_err();
        assert_eq!(search_id, number);
        for part in expected {
            assert!(reason.contains(part), "{reason}");
        }
        change(&search.control, true);
        search.send(HistoryRequest::More { search: number });
        search.pages(1).await;
        let (_, page) = search.harness.pages.remove(0);
        assert_eq!(page.unwrap().tasks.len(), 100, "the next attempt succeeds");
        search.send(HistoryRequest::End { search: number });
        search.until_open_collectors(0).await;
    }
    search.harness.stop().await;
}

#[tokio::test]
async fn search_continues_after_outage() {
    let mut search = Search::with_first_page().await;
    refuse_requests(&search.control, 1);
    search.send(HistoryRequest::More { search: 1 });
    search.pages(2).await;
    search.control.clear_faults();
    search.read_remaining_pages(1).await;
    assert_eq!(search.received(), search.expected);
    search.harness.stop().await;
}

#[tokio::test]
async fn unknown_entity_does_not_end_search() {
    let mut search = Search::new().await;
    let query = TaskQuery {
        entity: Some(ManagedObjectReference::new("VirtualMachine", "vm-999999")),
        ..query(&search.simulator)
    };
    search.begin_with(1, query);
    search.pages(1).await;
    let (_, page) = search.harness.pages.remove(0);
    let page = page.unwrap();
    assert!(page.without_entity);
    assert_eq!(page.tasks.len(), 100);
    search.harness.stop().await;
}

#[tokio::test]
async fn past_task_has_family_and_events() {
    let mut search = Search::new().await;
    search.begin_with(1, TaskQuery::default());
    let find = |harness: &Harness| {
        let pages = harness.pages.iter();
        let mut tasks = pages
            .filter_map(|(_, page)| page.as_ref().ok())
            .flat_map(|page| &page.tasks);
        let is_watched = |key: &str| harness.record(key).is_some();
        // The objects of the child and of its parent have expired.
        let is_expired = |info: &&TaskInfo| {
            let parent = info.parent_key();
            !is_watched(&info.key) && parent.is_some_and(|parent| !is_watched(parent))
        };
        tasks.find(is_expired).cloned()
    };
    let child = loop {
        let count = search.harness.pages.len();
        search.pages(count + 1).await;
        if let Some(child) = find(&search.harness) {
            break child;
        }
        search.send(HistoryRequest::More { search: 1 });
    };
    let task_count = search.harness.store.len();
    let locator = TaskLocator::of(&child);
    search
        .harness
        .send(Command::FollowFamily(Some(locator.clone())));
    search
        .harness
        .until("the family", Harness::has_found_family)
        .await;
    let members = search.harness.relatives.iter();
    let members: Vec<_> = members.flat_map(|(_, members)| members).collect();
    let parent = child.parent_key().unwrap();
    assert!(members.iter().any(|member| member.key == *parent));
    search.harness.send(Command::FollowEvents(vec![locator]));
    search
        .harness
        .until("its events", |harness| !harness.events.is_empty())
        .await;
    let (search_id, events) = search.harness.events.remove(0);
    assert_eq!(search_id, *child.mo_id());
    assert!(!events.unwrap().is_empty());
    assert_eq!(search.harness.store.len(), task_count, "no task was added");
    search.harness.stop().await;
}
