//! Sample state for tests of the screen.

mod input;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Size;
use serde_json::{Value, json};
use std::{
    ops::{Deref, DerefMut},
    time::Instant,
};

use super::update::new_failures;
pub(crate) use super::{
    action::Action,
    click_targets::ClickTarget,
    event::{Effect, Event},
    keymap::Context,
    options::Options,
    panes::{Focus, PaneMode, Tab},
    popups::Popup,
    screen::Screen,
    state::AppState,
    update::update,
};
pub(crate) use crate::watch::Command;
use crate::{
    task::{
        Handle, ServerClock, ServerId, TaskChange, TaskId,
        fixture::{at, info},
    },
    vim::types::About,
    watch::{ConnectionState, HistoryPage, ServerFacts, Update},
};

pub(crate) use input::{click, control, draw, mouse, mouse_with, place_of, press, press_at};

/// Tests read and change the state through its screen.
impl Deref for Screen {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.state
    }
}

impl DerefMut for Screen {
    fn deref_mut(&mut self) -> &mut AppState {
        &mut self.state
    }
}

pub(crate) const HERE: ServerId = ServerId(0);
pub(crate) const THERE: ServerId = ServerId(1);

/// The current time of the sample state: an hour and two minutes after its start.
pub(crate) fn now() -> Timestamp {
    at(3720)
}

/// Returns a state that is not connected yet.
pub(crate) fn connecting(width: u16, height: u16) -> Screen {
    let servers = [(HERE, "vc01.lab".to_owned())];
    let mut state = Screen::new(Options::default(), servers);
    state.size = Size::new(width, height);
    state
}

/// Returns a state connected to a server without tasks.
pub(crate) fn empty(width: u16, height: u16) -> Screen {
    let mut state = connecting(width, height);
    let facts = ServerFacts {
        host: "vc01.lab".to_owned(),
        about: About::default(),
        release: "9.0.0.0".to_owned(),
        user: "ops@vsphere.local".to_owned(),
        insecure: false,
    };
    apply_update(&mut state, Update::Server(Box::new(facts)));
    apply_update(&mut state, Update::Clock(ServerClock::default()));
    apply_update(&mut state, Update::Connection(ConnectionState::Live));
    state
}

/// Returns a state of two servers with the same task IDs; the second one is disconnected.
pub(crate) fn twins(width: u16, height: u16) -> Screen {
    let servers = [(HERE, "lab".to_owned()), (THERE, "branch".to_owned())];
    let mut state = Screen::new(Options::default(), servers);
    state.size = Size::new(width, height);
    for (id, host) in [(HERE, "vc01.lab"), (THERE, "vc02.lab")] {
        let facts = ServerFacts {
            host: host.to_owned(),
            about: About::default(),
            release: "9.0.0.0".to_owned(),
            user: "ops@vsphere.local".to_owned(),
            insecure: false,
        };
        apply_change(&mut state, id, Update::Server(Box::new(facts)));
        apply_change(&mut state, id, Update::Clock(ServerClock::default()));
        apply_change(&mut state, id, Update::Connection(ConnectionState::Live));
    }
    let changes = |name: &str, percent: i64| {
        let more = |target: String, progress: i64| json!({"entityName": target, "progress": progress, "startTime": ago(20)});
        tasks(vec![
            task("task-1", &more(format!("db-{name}"), percent)),
            task("task-2", &more(format!("web-{name}"), percent + 20)),
            task(
                "task-3",
                &json!({"parentTaskKey": "task-1", "entityName": format!("db-{name}"), "state": "success",
                "completeTime": ago(5)}),
            ),
        ])
    };
    apply_change(&mut state, HERE, changes("lab", 30));
    apply_change(&mut state, THERE, changes("branch", 50));
    let retrying = ConnectionState::Retrying {
        attempt: 2,
        next: now() + SignedDuration::from_secs(4),
        reason: "connecting (vc02.lab): the connection was refused.".into(),
    };
    apply_change(&mut state, THERE, Update::Connection(retrying));
    state
}

/// Returns a state with all kinds of tasks.
pub(crate) fn busy(width: u16, height: u16) -> Screen {
    let mut state = empty(width, height);
    fill(&mut state);
    state
}

/// Adds the sample tasks, of which none is a new failure.
pub(crate) fn fill(state: &mut Screen) {
    apply_update(state, tasks(afternoon()));
    apply_update(
        state,
        tasks(vec![TaskChange::Gone {
            mo_id: "task-4650".into(),
            at: at(3600),
        }]),
    );
    let store = &state.view().store;
    let failures = store.iter().map(|(handle, _)| handle);
    let failures: Vec<Handle> = failures.collect();
    new_failures::acknowledge(state, failures, now());
}

/// Returns a state with one task that advanced by a percent every `every` seconds until now.
pub(crate) fn climbed(percent: i64, every: i64) -> Screen {
    let mut state = empty(80, 24);
    let start = 3720 - percent * every;
    for step in 0..=percent {
        let info = info(
            "task-1",
            &json!({"progress": step, "startTime": at(start).to_string()}),
        );
        let at = at(start + every * step);
        apply_update(&mut state, tasks(vec![TaskChange::Full { info, at }]));
    }
    state
}

/// Applies an update of the first server.
pub(crate) fn apply_update(state: &mut Screen, message: Update) -> Vec<Effect> {
    update(state, Event::ServerUpdate(HERE, message), now())
}

/// Applies an update of the first server at another time.
pub(crate) fn apply_update_at(state: &mut Screen, message: Update, at: Timestamp) -> Vec<Effect> {
    update(state, Event::ServerUpdate(HERE, message), at)
}

/// Applies an update of any server.
pub(crate) fn apply_change(state: &mut Screen, server: ServerId, message: Update) -> Vec<Effect> {
    update(state, Event::ServerUpdate(server, message), now())
}

/// Returns a new or changed task.
pub(crate) fn task(mo_id: &str, more: &Value) -> TaskChange {
    TaskChange::Full {
        info: info(mo_id, more),
        at: at(3700),
    }
}

/// Finds a task of the first server.
pub(crate) fn find(state: &AppState, mo_id: &str) -> Handle {
    state.view().store.find(&TaskId::new(HERE, mo_id)).unwrap()
}

pub(crate) fn choose(state: &mut Screen, mo_id: &str) {
    let handle = find(state, mo_id);
    state.view_mut().selection.select(handle);
    state.sync_selection();
}

pub(crate) fn tasks(changes: Vec<TaskChange>) -> Update {
    Update::Tasks {
        changes,
        since: Instant::now(),
    }
}

/// Sends ticks until all rows are up to date.
pub(crate) fn finish_rows(state: &mut Screen) -> Vec<Effect> {
    let mut effects = Vec::new();
    while state.view().row_model.is_outdated() {
        effects.extend(update(state, Event::Tick, now()));
    }
    effects
}

/// Returns the ID of the selected task.
pub(crate) fn selected(state: &AppState) -> String {
    state.selected_record().unwrap().id.mo_id.to_string()
}

/// Returns the IDs of all rows from top to bottom, without groups.
pub(crate) fn rows(state: &AppState) -> Vec<String> {
    let rows = state.view().row_model.rows(0..state.view().row_model.len());
    rows.iter()
        .filter_map(|row| Some(state.view().store.get(row.task()?)?.id.mo_id.to_string()))
        .collect()
}

fn ago(minutes: i64) -> String {
    (now() - SignedDuration::from_mins(minutes)).to_string()
}

fn user(name: &str) -> Value {
    json!({"_typeName": "TaskReasonUser", "userName": name})
}

fn vm(name: &str, id: &str, more: &Value) -> Value {
    let mut task = json!({
        "entity": {"type": "VirtualMachine", "value": id}, "entityName": name,
        "reason": {"_typeName": "TaskReasonSystem"}
    });
    for (field, value) in more.as_object().unwrap() {
        task[field] = value.clone();
    }
    task
}

fn phase(text: &str) -> Value {
    json!({"key": "com.vmware.vim.vpxd.phase", "message": text})
}

fn afternoon() -> Vec<TaskChange> {
    let mut all = migration();
    all.extend(others());
    all.extend(finished());
    all
}

fn migration() -> Vec<TaskChange> {
    let under = json!({"parentTaskKey": "task-4711", "rootTaskKey": "task-4711", "cancelable": false,
        "queueTime": ago(31), "startTime": ago(31)});
    let child = |more: Value| {
        let mut child = under.clone();
        for (field, value) in more.as_object().unwrap() {
            child[field] = value.clone();
        }
        child
    };
    vec![
        task(
            "task-4711",
            &vm(
                "db-prod-01",
                "vm-42",
                &json!({"progress": 72, "reason": user("VSPHERE.LOCAL\\ops"), "name": "RelocateVM_Task",
                    "changeTag": "CHG-1093", "activationId": "act-77",
                    "locked": [{"type": "VirtualMachine", "value": "vm-42"}], "futureField": {"depth": 3}}),
            ),
        ),
        task(
            "task-4712",
            &vm(
                "db-prod-01",
                "vm-42",
                &child(json!({"descriptionId": "vm.copyDisks", "progress": 54,
                    "description": phase("Copying disk 2 of 3")})),
            ),
        ),
        task(
            "task-4713",
            &vm(
                "db-prod-01",
                "vm-42",
                &child(
                    json!({"descriptionId": "vm.checkHostCompatibility", "state": "success",
                    "completeTime": (now() - SignedDuration::from_mins(31) + SignedDuration::from_secs(4)).to_string(),
                    "result": {"_typeName": "ManagedObjectReference", "type": "HostSystem", "value": "host-7"}}),
                ),
            ),
        ),
    ]
}

fn others() -> Vec<TaskChange> {
    vec![
        task(
            "task-4720",
            &vm(
                "fs-02",
                "vm-51",
                &json!({"descriptionId": "VirtualMachine.consolidateDisks", "cancelable": false,
                    "queueTime": ago(18), "startTime": ago(18),
                    "reason": {"_typeName": "TaskReasonSchedule", "name": "nightly"}}),
            ),
        ),
        task(
            "task-4721",
            &json!({"descriptionId": "HostSystem.enterMaintenanceMode", "progress": 19, "cancelled": true,
                "entity": {"type": "HostSystem", "value": "host-9"}, "entityName": "esx-07",
                "queueTime": ago(47), "startTime": ago(47), "reason": user("VSPHERE.LOCAL\\kim")}),
        ),
        task(
            "task-4730",
            &vm(
                "データベース-本番-01",
                "vm-60",
                &json!({"descriptionId": "VirtualMachine.clone", "progress": 33,
                    "description": phase("仮想マシンのファイルをコピーしています"),
                    "queueTime": ago(3), "startTime": ago(3), "reason": user("VSPHERE.LOCAL\\佐藤")}),
            ),
        ),
        task(
            "task-4731",
            &vm(
                "evil\u{1b}[31m\u{202e}vm",
                "vm-66",
                &json!({"descriptionId": "VirtualMachine.createSnapshot", "state": "queued", "startTime": null,
                    "queueTime": ago(2), "reason": user("\u{9b}2Jroot")}),
            ),
        ),
        TaskChange::Placeholder {
            key: "task-4600".into(),
            reason: "no permission".into(),
        },
    ]
}

fn finished() -> Vec<TaskChange> {
    let fault = json!({
        "_typeName": "InsufficientHostCpuCapacityFault", "unreserved": 1200, "requested": 4800,
        "host": {"_typeName": "ManagedObjectReference", "type": "HostSystem", "value": "host-7"},
        "faultstring": "Not enough resources to power on the virtual machine with its reservation.",
        "faultMessage": [{"key": "com.vmware.vim.vpxd.cpu", "message": "CPU reservation cannot be met."}],
        "faultCause": {"_typeName": "NotEnoughCpus", "numCpuDest": 8, "numCpuVm": 12, "faultstring": "12 virtual CPUs do not fit on 8.",
            "faultCause": {"_typeName": "SystemError", "reason": "numa.policy\u{1b}]0;x\u{7}", "faultstring": "A general system error occurred."}}
    });
    vec![
        task(
            "task-4740",
            &vm(
                "web-11",
                "vm-70",
                &json!({"descriptionId": "VirtualMachine.powerOn", "state": "error", "progress": 95, "error": fault,
                    "queueTime": ago(5), "startTime": ago(5), "cancelable": false,
                    "completeTime": (now() - SignedDuration::from_mins(5) + SignedDuration::from_secs(130)).to_string(),
                    "reason": {"_typeName": "TaskReasonAlarm", "alarmName": "restart", "entityName": "web-11"}}),
            ),
        ),
        task(
            "task-4741",
            &vm(
                "ci-03",
                "vm-71",
                &json!({"descriptionId": "VirtualMachine.clone", "state": "error", "progress": 40, "cancelled": true,
                    "error": {"_typeName": "LocalizedMethodFault", "localizedMessage": "The task was canceled by a user.",
                        "fault": {"_typeName": "RequestCanceled"}},
                    "queueTime": ago(9), "startTime": ago(9), "completeTime": ago(6),
                    "reason": user("VSPHERE.LOCAL\\ci")}),
            ),
        ),
        task(
            "task-4650",
            &vm(
                "old-01",
                "vm-80",
                &json!({"descriptionId": "VirtualMachine.migrate", "progress": 88, "queueTime": ago(20),
                    "startTime": ago(20)}),
            ),
        ),
        task(
            "task-4742",
            &vm(
                "mail-02",
                "vm-72",
                &json!({"descriptionId": "VirtualMachine.reconfigure", "state": "success", "queueTime": ago(4),
                    "startTime": ago(4), "completeTime": ago(4), "reason": user("VSPHERE.LOCAL\\ops")}),
            ),
        ),
    ]
}

/// Returns a history page, newest first: tasks one second apart, every fourth one failed.
pub(crate) fn past_page(first: i64, count: i64) -> HistoryPage {
    let tasks = (0..count).map(|back| {
        let number = first - back;
        let queued = now() - SignedDuration::from_secs(1000 - number);
        let mut more = json!({
            "descriptionId": if number % 2 == 0 { "VirtualMachine.clone" } else { "VirtualMachine.relocate" },
            "state": "success", "cancelable": false,
            "entity": {"type": "VirtualMachine", "value": format!("vm-{number}")},
            "entityName": format!("db-{number}"), "reason": user("VSPHERE.LOCAL\\ops"),
            "queueTime": queued.to_string(), "startTime": queued.to_string(),
            "completeTime": (queued + SignedDuration::from_secs(90)).to_string(),
        });
        if number % 4 == 0 {
            more["state"] = json!("error");
            more["error"] = json!({"_typeName": "FileLocked", "faultstring": "The file is locked."});
        }
        *info(&format!("past-{number}"), &more)
    });
    HistoryPage {
        tasks: tasks.collect(),
        unreadable: 0,
        is_end: false,
        without_entity: false,
    }
}
