//! Tasks added by ID.

use serde_json::json;

use crate::{
    app::test_support::*,
    task::{Status, TaskChange, TaskId},
    vim::types::TaskLocator,
    watch::{ConnectionState, HistoryLookup, Update},
};

fn add(state: &mut Screen, text: &str) -> Vec<Effect> {
    press(state, "a");
    update(state, Event::Paste(text.into()), now());
    press(state, "<enter>")
}

fn watch(server: crate::task::ServerId, mo_id: &str) -> Effect {
    Effect::Send(server, Command::Watch(vec![mo_id.into()]))
}

fn look_up(mo_id: &str) -> Effect {
    Effect::Send(HERE, Command::LookUp(TaskLocator::named(mo_id.into())))
}

fn unknown(mo_id: &str) -> Update {
    tasks(vec![TaskChange::Placeholder {
        key: mo_id.into(),
        reason: "the server knows no such task.".into(),
    }])
}

fn notice(state: &Screen) -> String {
    state.notifications.iter().next().unwrap().text.clone()
}

#[test]
fn known_task_is_selected() {
    let mut state = busy(120, 40);
    press(&mut state, "/esx<enter>");
    let effects = add(&mut state, "Task:task-4740");
    assert!(effects.contains(&watch(HERE, "task-4740")));
    assert_eq!(selected(&state), "task-4740");
    assert!(
        state.view().row_model.view().filter.is_empty(),
        "it hid the task"
    );
}

#[test]
fn known_task_is_found_on_every_server() {
    let mut state = twins(120, 40);
    let more = json!({"entityName": "only-there"});
    apply_change(&mut state, THERE, tasks(vec![task("task-77", &more)]));
    assert!(add(&mut state, "task-77").contains(&watch(THERE, "task-77")));
    assert_eq!(selected(&state), "task-77");
    for (text, server) in [
        ("branch/task-8", THERE),
        ("vc01.lab/task-8", HERE),
        ("lab/task-2", HERE),
        ("branch/task-2", THERE),
    ] {
        let mo_id = text.split_once('/').unwrap().1;
        let effects = add(&mut state, text);
        assert!(effects.contains(&watch(server, mo_id)), "{text}");
    }
    state.servers[0].base_url = "https://vc01.lab:8443/".to_owned();
    state.servers[1].base_url = "https://vc02.lab/".to_owned();
    for (url, server) in [
        ("https://vc01.lab/sdk/vim25/9.0.0.0/Task/task-9/info", HERE),
        ("https://VC02.lab:443/sdk/vim25/9.0.0.0/Task/task-9", THERE),
    ] {
        assert!(
            add(&mut state, url).contains(&watch(server, "task-9")),
            "{url}"
        );
    }
}

#[test]
fn url_of_another_server_is_refused() {
    let mut state = busy(120, 40);
    state.servers[0].base_url = "https://vc01.lab/".to_owned();
    let url = "https://other.lab/ui/app/Task/task-4740/info";
    assert_eq!(add(&mut state, url), []);
    assert_eq!(selected(&state), "task-4711");
    let Some(Popup::Prompt(prompt)) = &state.popup else {
        panic!("the prompt stays open");
    };
    let error = prompt.error.as_deref().unwrap();
    assert!(
        error.starts_with("other.lab is not one of the watched vCenters"),
        "{error}"
    );
}

#[test]
fn notices_name_the_server_if_there_are_several() {
    let mut state = twins(120, 40);
    add(&mut state, "branch/task-9");
    assert_eq!(notice(&state), "Watching branch/task-9");
    apply_change(&mut state, THERE, unknown("task-9"));
    let mo_id = "task-9".into();
    let answer = HistoryLookup::NotFound("There is no record of it.".into());
    apply_change(&mut state, THERE, Update::LookedUp { mo_id, answer });
    assert!(notice(&state).starts_with("task-9 is unknown to branch."));
    add(&mut state, "branch/task-1");
    assert_eq!(notice(&state), "branch/task-1 is already listed");
}

#[test]
fn listed_tasks_are_not_counted_as_added() {
    let mut state = busy(120, 40);
    for (text, expected) in [
        ("task-4711 task-4712,task-9", "Watching task-9"),
        ("task-4711,task-4712", "2 tasks are already listed"),
        ("task-4711,task-10,task-11", "Watching 2 more tasks"),
    ] {
        add(&mut state, text);
        assert_eq!(notice(&state), expected);
        assert_eq!(selected(&state), "task-4711");
    }
}

#[test]
fn task_found_in_the_history_is_selected() {
    let mut state = busy(120, 40);
    assert_eq!(add(&mut state, "task-9"), [watch(HERE, "task-9")]);
    let effects = apply_update(&mut state, unknown("task-9"));
    assert!(effects.contains(&look_up("task-9")));
    let id = TaskId::new(HERE, "task-9");
    assert_eq!(state.view().store.find(&id), None, "not called unknown yet");
    let info = crate::task::fixture::info("task-9", &json!({"state": "success"}));
    let found = TaskChange::FromHistory { info, at: now() };
    apply_update(&mut state, tasks(vec![found]));
    let answer = HistoryLookup::Found;
    apply_update(
        &mut state,
        Update::LookedUp {
            mo_id: "task-9".into(),
            answer,
        },
    );
    assert_eq!(selected(&state), "task-9");
    assert_eq!(state.selected_record().unwrap().status(), Status::Success);
    assert_eq!(notice(&state), "Watching task-9");
}

#[test]
fn task_that_the_history_does_not_know_is_reported_as_unknown() {
    let mut state = busy(120, 40);
    let before = selected(&state);
    add(&mut state, "task-9");
    apply_update(&mut state, unknown("task-9"));
    assert!(!apply_update(&mut state, unknown("task-9")).contains(&look_up("task-9")));
    let effects = apply_update(&mut state, Update::Connection(ConnectionState::Live));
    assert!(
        effects.contains(&look_up("task-9")),
        "the answer may be lost"
    );
    let answer = HistoryLookup::NotFound("There is no record of it.".into());
    apply_update(
        &mut state,
        Update::LookedUp {
            mo_id: "task-9".into(),
            answer,
        },
    );
    assert_eq!(
        notice(&state),
        "task-9 is unknown to vc01.lab. There is no record of it."
    );
    let placeholder = state.view().store.get(find(&state, "task-9")).unwrap();
    assert_eq!(placeholder.status(), Status::Placeholder);
    assert_eq!(selected(&state), before);
    let effects = apply_update(&mut state, Update::Connection(ConnectionState::Live));
    assert!(!effects.contains(&look_up("task-9")));
}

#[test]
fn added_task_is_selected_unless_another_key_was_pressed() {
    let mut state = busy(120, 40);
    let before = selected(&state);
    add(&mut state, "task-9");
    apply_update(&mut state, tasks(vec![task("task-9", &json!({}))]));
    assert_eq!(selected(&state), "task-9");
    choose(&mut state, &before);
    add(&mut state, "task-10");
    let later = now() + jiff::SignedDuration::from_secs(1);
    update(&mut state, Event::Paste("x".into()), later);
    apply_update(&mut state, tasks(vec![task("task-10", &json!({}))]));
    assert_eq!(selected(&state), before);
}

#[test]
fn placeholders_of_other_tasks_are_shown_at_once() {
    let mut state = busy(120, 40);
    let effects = apply_update(&mut state, unknown("task-9"));
    assert!(!effects.contains(&look_up("task-9")));
    find(&state, "task-9");
}
