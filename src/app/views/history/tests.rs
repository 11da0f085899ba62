//! The history view.

mod queries;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    app::{CancelDialog, SearchState, eligibility, refusal, test_support::*},
    task::{EntityState, PendingQuestion, ServerId, TaskChange},
    vim::types::{TaskQuery, TaskState},
    watch::{HistoryPage, HistoryRequest, Privilege, Update},
};

/// Returns the history requests among the effects.
fn history_requests(effects: &[Effect]) -> Vec<(ServerId, HistoryRequest)> {
    let requests = effects.iter().filter_map(|effect| match effect {
        Effect::Send(server, Command::SearchHistory(request)) => Some((*server, request.clone())),
        _ => None,
    });
    requests.collect()
}

fn query(effects: &[Effect]) -> TaskQuery {
    match &history_requests(effects)[..] {
        [.., (_, HistoryRequest::Begin { query, .. })] => query.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

/// Counts requests for further pages.
fn mores(effects: &[Effect]) -> usize {
    let requests = history_requests(effects);
    let more =
        |(_, request): &&(ServerId, HistoryRequest)| matches!(request, HistoryRequest::More { .. });
    requests.iter().filter(more).count()
}

/// Counts new searches.
fn begins(effects: &[Effect]) -> usize {
    let requests = history_requests(effects);
    let begin = |(_, request): &&(ServerId, HistoryRequest)| {
        matches!(request, HistoryRequest::Begin { .. })
    };
    requests.iter().filter(begin).count()
}

/// Applies a page of the first server's current search.
fn page(state: &mut Screen, first: i64, count: i64) -> Vec<Effect> {
    page_of(state, HERE, past_page(first, count))
}

fn page_of(state: &mut Screen, server: ServerId, page: HistoryPage) -> Vec<Effect> {
    let search = state.views.history().unwrap().number;
    let page = Ok(page);
    apply_change(state, server, Update::HistoryPage { search, page })
}

fn end() -> HistoryPage {
    HistoryPage {
        tasks: Vec::new(),
        unreadable: 0,
        is_end: true,
        without_entity: false,
    }
}

#[test]
fn closing_the_history_restores_the_live_view() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4721");
    let before = rows(&state);
    let effects = press(&mut state, "H");
    let day_ago = now() - SignedDuration::from_hours(24);
    let expected = TaskQuery {
        since: Some(day_ago),
        ..TaskQuery::default()
    };
    assert_eq!(query(&effects), expected);
    assert!(rows(&state).is_empty());
    page(&mut state, 900, 100);
    assert_eq!(rows(&state)[..2], ["past-900", "past-899"], "newest first");
    press(&mut state, "<down><down>");
    assert_eq!(selected(&state), "past-898");
    let effects = press(&mut state, "H");
    let ends = history_requests(&effects);
    assert!(
        matches!(&ends[..], [(HERE, HistoryRequest::End { .. })]),
        "{ends:?}"
    );
    assert_eq!(
        (rows(&state), selected(&state)),
        (before, "task-4721".to_owned())
    );
    press(&mut state, "H");
    press(&mut state, "<esc>");
    assert!(state.views.history().is_none(), "Esc leads back, too");
}

#[test]
fn scrolling_fetches_pages_one_by_one() {
    let mut state = empty(120, 40);
    press(&mut state, "H");
    assert_eq!(
        mores(&page(&mut state, 900, 100)),
        0,
        "a page ahead is there"
    );
    assert_eq!(mores(&press(&mut state, "<pgdn>")), 0);
    assert_eq!(mores(&press(&mut state, "G")), 1);
    assert_eq!(mores(&press(&mut state, "<up>G")), 0, "one is on its way");
    assert_eq!(mores(&page(&mut state, 800, 100)), 0);
    assert_eq!(selected(&state), "past-801", "the selection stays");
    assert_eq!(state.view().row_model.len(), 200);
    assert_eq!(mores(&press(&mut state, "G")), 1);
    assert_eq!(mores(&page_of(&mut state, HERE, end())), 0);
    assert_eq!(mores(&press(&mut state, "G")), 0, "there is no more");
    assert!(state.views.history().unwrap().is_complete());
}

#[test]
fn prefetching_stops_until_the_next_key() {
    let mut state = empty(120, 40);
    press(&mut state, "H/ op:nothing");
    let mut read = mores(&press(&mut state, "<enter>"));
    let mut first = 100_000;
    for _ in 0..30 {
        first -= 100;
        read += mores(&page(&mut state, first, 100));
        read += mores(&finish_rows(&mut state));
    }
    assert_eq!(read, 10);
    assert!(state.views.history().unwrap().is_idle());
    assert_eq!(mores(&press(&mut state, "<down>")), 1);
}

#[test]
fn pages_of_other_searches_are_ignored() {
    let mut state = empty(120, 40);
    press(&mut state, "H");
    let late = state.views.history().unwrap().number;
    press(&mut state, "HH");
    let page = Ok(past_page(900, 10));
    apply_update(&mut state, Update::HistoryPage { search: late, page });
    assert!(rows(&state).is_empty());
    press(&mut state, "H");
    let page = Ok(past_page(900, 10));
    apply_update(&mut state, Update::HistoryPage { search: late, page });
    assert!(!rows(&state).contains(&"past-900".to_owned()));
}

#[test]
fn live_updates_change_only_tasks_in_the_history_view() {
    let mut state = busy(120, 40);
    press(&mut state, "H");
    let mut first = past_page(900, 3);
    let running = |progress: i64| json!({"progress": progress});
    let old = task("task-4711", &running(3));
    let TaskChange::Full { info, .. } = old else {
        panic!();
    };
    first.tasks.insert(0, *info);
    page_of(&mut state, HERE, first);
    let percent = |state: &Screen| {
        let handle = find(state, "task-4711");
        state.view().store.progress(handle).percent()
    };
    assert_eq!(percent(&state), Some(72), "what is known now is newer");
    let changes = vec![
        task("task-4711", &running(80)),
        task("task-4799", &json!({"progress": 1})),
        TaskChange::Unwatched {
            mo_id: "task-4742".into(),
        },
    ];
    let shown = rows(&state);
    apply_update(&mut state, tasks(changes));
    assert_eq!(percent(&state), Some(80));
    assert_eq!(rows(&state), shown);
    press(&mut state, "H");
    assert_eq!(percent(&state), Some(80));
    assert!(rows(&state).contains(&"task-4799".to_owned()));
    assert!(!rows(&state).contains(&"task-4742".to_owned()));
}

#[test]
fn tasks_missing_from_the_server_history_are_added() {
    let mut state = busy(120, 40);
    press(&mut state, "H");
    // The page reaches back to five minutes ago.
    page(&mut state, 702, 3);
    let shown = rows(&state);
    assert!(shown.contains(&"task-4742".to_owned()), "{shown:?}");
    assert!(
        !shown.contains(&"task-4721".to_owned()),
        "older than what was read"
    );
    page_of(&mut state, HERE, end());
    assert!(rows(&state).contains(&"task-4721".to_owned()));
}

#[test]
fn only_the_period_read_from_all_servers_is_shown() {
    let mut state = twins(120, 40);
    let effects = press(&mut state, "H");
    let to: Vec<_> = history_requests(&effects)
        .into_iter()
        .map(|(to, _)| to)
        .collect();
    assert_eq!(to, [HERE, THERE]);
    page_of(&mut state, HERE, past_page(900, 20));
    assert_eq!(rows(&state).last().unwrap(), "past-881");
    let effects = page_of(&mut state, THERE, past_page(890, 5));
    assert_eq!(rows(&state).last().unwrap(), "past-886", "of both");
    let more = history_requests(&effects);
    assert!(
        matches!(&more[..], [(THERE, HistoryRequest::More { .. })]),
        "{more:?}"
    );
    let search = state.views.history().unwrap().number;
    let page = Err("NotSupported: no.".into());
    apply_change(&mut state, THERE, Update::HistoryPage { search, page });
    assert_eq!(
        rows(&state).last().unwrap(),
        "past-881",
        "the other goes on alone"
    );
}

#[test]
fn filter_of_a_count_does_not_hide_older_tasks_afterwards() {
    let mut state = empty(120, 40);
    press(&mut state, "H");
    page(&mut state, 900, 100);
    press(&mut state, "EE");
    page(&mut state, 800, 100);
    assert_eq!(rows(&state).len(), 200);
}

#[test]
fn unavailable_actions_are_explained() {
    for (key, sentence) in [
        ("x", "not watched"),
        ("*", "cannot be pinned"),
        ("[", "not available in the history view"),
        ("]", "not available in the history view"),
    ] {
        let mut state = busy(120, 40);
        press(&mut state, "H");
        page(&mut state, 900, 10);
        assert!(press(&mut state, key).is_empty());
        let text = &state.notifications.shown(now()).unwrap().text;
        assert!(text.contains(sentence), "{key}: {text}");
        assert!(state.views.history().is_some());
    }
}

#[test]
fn a_history_task_can_be_added_to_the_live_list() {
    let mut state = busy(120, 40);
    press(&mut state, "H");
    page(&mut state, 900, 10);
    press(&mut state, "<down>");
    let effects = press(&mut state, "a");
    let watch = Command::Watch(vec!["past-899".into()]);
    assert_eq!(effects, [Effect::Send(HERE, watch)]);
    assert!(state.popup.is_none());
    press(&mut state, "H");
    assert!(rows(&state).contains(&"past-899".to_owned()));
    // The server does not know the object any more; the history record is kept.
    let ghost = TaskChange::Placeholder {
        key: "past-899".into(),
        reason: "gone".into(),
    };
    apply_update(&mut state, tasks(vec![ghost]));
    let handle = find(&state, "past-899");
    assert!(
        state
            .view()
            .store
            .get(handle)
            .unwrap()
            .status()
            .is_finished()
    );
}

#[test]
fn history_tasks_cannot_be_cancelled() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4711");
    let handle = find(&state, "task-4711");
    state
        .view_mut()
        .privileges
        .insert(handle, Privilege::Granted);
    press(&mut state, "H");
    assert!(state.view().privileges.is_empty());
    page(&mut state, 900, 10);
    assert!(press(&mut state, "c").is_empty(), "no request is sent");
    let highlighted = match &state.popup {
        Some(Popup::CancelDialog(CancelDialog { highlighted, .. })) => *highlighted,
        other => panic!("{other:?}"),
    };
    let verdict = eligibility(&state, highlighted, now());
    assert!(verdict.message.contains("nothing to cancel"), "{verdict:?}");
    // A dropped live task may have the same handle value as a history task.
    let live = state.views.live.store.iter();
    let removed = live.map(|(_, record)| record.id.mo_id.clone());
    let removed: Vec<_> = removed.collect();
    let dropped = removed
        .into_iter()
        .map(|mo_id| TaskChange::Unwatched { mo_id });
    apply_update(&mut state, tasks(dropped.collect()));
    assert!(matches!(state.popup, Some(Popup::CancelDialog(_))));
    press(&mut state, "<esc>");
    // A running task must be cancelled from the live list.
    let mut running = past_page(890, 1);
    running.tasks[0].state = TaskState::Running;
    running.tasks[0]
        .assign("completeTime", json!(null))
        .unwrap();
    running.tasks[0].cancelable = true;
    page_of(&mut state, HERE, running);
    choose(&mut state, "past-890");
    press(&mut state, "c<enter>");
    let handle = find(&state, "past-890");
    assert!(refusal(&state, handle, now()).is_some());
    assert!(
        eligibility(&state, handle, now())
            .message
            .contains("from the live list")
    );
}

#[test]
fn failed_search_stays_until_retried() {
    let mut state = busy(120, 40);
    press(&mut state, "H");
    let search = state.views.history().unwrap().number;
    let page = Err("NoPermission: no.".into());
    apply_update(&mut state, Update::HistoryPage { search, page });
    let state_of = |state: &Screen| state.views.history().unwrap().searches[0].state.clone();
    assert_eq!(
        state_of(&state),
        SearchState::Failed("NoPermission: no.".into())
    );
    assert_eq!(mores(&press(&mut state, "G")), 0);
    let effects = press(&mut state, "r");
    assert!(query(&effects).since.is_some());
    assert_eq!(state_of(&state), SearchState::Reading);
}

#[test]
fn added_task_is_named_with_its_server_if_there_are_several() {
    let mut state = twins(120, 40);
    press(&mut state, "H");
    page_of(&mut state, HERE, end());
    page_of(&mut state, THERE, past_page(900, 1));
    for expected in ["was added to", "is already listed in"] {
        press(&mut state, "a");
        let text = &state.notifications.shown(now()).unwrap().text;
        assert_eq!(*text, format!("branch/past-900 {expected} the live view"));
    }
}

#[test]
fn details_are_looked_up_in_the_history_view_while_paused() {
    let later = |millis| now() + SignedDuration::from_millis(millis);
    let followed = |effects: Vec<Effect>| {
        let trace = effects.into_iter().find_map(|effect| match effect {
            Effect::Send(_, Command::FollowEvents(traces)) => Some(traces.first().cloned()),
            _ => None,
        });
        trace.map(|trace| trace.map(|trace| trace.mo_id.to_string()))
    };
    let mut state = busy(120, 40);
    press(&mut state, "pH");
    page(&mut state, 900, 10);
    press(&mut state, "5");
    let wait = |state: &mut Screen, at: Timestamp| update(state, Event::Tick, at);
    wait(&mut state, later(0));
    let effects = wait(&mut state, later(500));
    assert_eq!(followed(effects), Some(Some("past-900".to_owned())));
    let events: Update = Update::Events {
        mo_id: "past-900".into(),
        events: Err("no".into()),
    };
    apply_update(&mut state, events);
    assert!(state.view().events.contains_key(&find(&state, "past-900")));
    let effects = press(&mut state, "H");
    assert_eq!(followed(effects), Some(None), "it is no longer followed");
}

#[test]
fn family_outside_the_period_has_no_rows() {
    let mut state = busy(120, 40);
    press(&mut state, "H");
    page(&mut state, 900, 5);
    let mut family = past_page(300, 2);
    family.tasks[0].parent_task_key = Some("past-900".into());
    let shown = rows(&state);
    let mo_id = "past-900".into();
    let members = family.tasks;
    apply_update(&mut state, Update::Relatives { mo_id, members });
    assert_eq!(rows(&state), shown);
    let (parent, child) = (find(&state, "past-900"), find(&state, "past-300"));
    assert_eq!(state.view().store.children(parent), [child]);
    press(&mut state, "H");
    assert!(!rows(&state).contains(&"past-300".to_owned()));
}

#[test]
fn blocked_tasks_have_the_same_reason_as_in_the_live_view() {
    let mut state = empty(120, 40);
    let ago = |minutes| (now() - SignedDuration::from_mins(minutes)).to_string();
    let vm = json!({"type": "VirtualMachine", "value": "vm-1"});
    // Queued before the period of the history.
    let ahead = json!({"entity": vm, "queueTime": ago(2000), "startTime": ago(2000)});
    let behind = json!({"entity": vm, "queueTime": ago(5), "state": "queued", "startTime": null});
    let changes = [("ahead", ahead), ("behind", behind), ("asks", json!({}))];
    let changes = changes.map(|(mo_id, more)| task(mo_id, &more));
    apply_update(&mut state, tasks(changes.to_vec()));
    let question = PendingQuestion {
        text: "Moved or copied?".to_owned(),
        choices: Vec::new(),
    };
    let state_update = Update::EntityState {
        mo_id: "asks".into(),
        state: EntityState {
            question: Some(question),
            lost_host: None,
        },
    };
    apply_update(&mut state, state_update);
    let reasons = |state: &Screen| {
        ["behind", "asks"].map(|task| state.insight(find(state, task), now()).blocker.clone())
    };
    let live = reasons(&state);
    assert!(live[0].as_ref().unwrap().starts_with("queued behind"));
    assert_eq!(live[1].as_deref(), Some("waits for an answer"));
    press(&mut state, "H");
    page(&mut state, 900, 10);
    page_of(&mut state, HERE, end());
    assert!(!rows(&state).contains(&"ahead".to_owned()));
    assert_eq!(reasons(&state), live);
}
