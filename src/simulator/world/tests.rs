use std::time::Duration;

use super::task::{TaskState, is_cancelled_fault};
use super::*;
use crate::scenario::{LoadOptions, Scenario};

const ESTATE: &str = r#"
about = "test"
first_task = 1
[inventory]
clusters = [{ name = "c", hosts = ["h1"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a", "b"] }]
"#;

fn world(tasks: &str) -> World {
    let scenario = Scenario::parse("test", &format!("{ESTATE}{tasks}")).unwrap();
    World::new(scenario.world_config(&LoadOptions::default()).unwrap(), 1)
}

fn at(seconds: i64) -> WorldTime {
    WorldTime::from_micros(seconds * 1_000_000)
}

fn record(world: &World, number: u64) -> &Record {
    &world
        .task(TaskId(number))
        .unwrap_or_else(|| panic!("task-{number}"))
        .record
}

#[test]
fn a_task_is_queued_runs_and_succeeds() {
    let mut world = world(
        r#"
        [[task]]
        at = "10s"
        [task.what]
        operation = "VirtualMachine.clone"
        on = "a"
        queue = "5s"
        takes = "100s"
        progress = "linear"
        phases = [{ at = 0, key = "k1", text = "one" }, { at = 50, key = "k2", text = "two" }]
        "#,
    );
    assert_eq!(world.tasks().count(), 0);
    world.advance_to(at(10));
    assert_eq!(
        (record(&world, 1).state, record(&world, 1).start_time),
        (TaskState::Queued, None)
    );
    world.advance_to(at(15));
    assert_eq!(
        (record(&world, 1).state, record(&world, 1).progress),
        (TaskState::Running, Some(0))
    );
    world.advance_to(at(66));
    let running = record(&world, 1);
    assert!(
        running
            .progress
            .is_some_and(|percent| (50..=51).contains(&percent)),
        "{running:?}"
    );
    assert_eq!(
        running
            .description
            .as_ref()
            .and_then(|text| text["message"].as_str()),
        Some("two")
    );
    world.advance_to(at(115));
    let done = record(&world, 1);
    assert_eq!(
        (done.state, done.progress, done.complete_time),
        (TaskState::Success, Some(100), Some(at(115)))
    );
    world.advance_to(at(715));
    assert!(world.task(TaskId(1)).is_none());
    assert_eq!(world.finished_records().count(), 1);
}

#[test]
fn tasks_scheduled_before_the_start_are_already_running() {
    let world = world(
        "[[task]]\nat = \"-30s\"\n[task.what]\noperation = \"x\"\nqueue = \"0s\"\ntakes = \"60s\"\nprogress = \"linear\"\n",
    );
    assert_eq!(record(&world, 1).start_time, Some(at(-30)));
    assert_eq!(record(&world, 1).progress, Some(50));
}

#[test]
fn exclusive_tasks_on_one_entity_wait_for_each_other() {
    let entry = |seconds: u32, on: &str| {
        format!(
            "[[task]]\nat = \"{seconds}s\"\n[task.what]\noperation = \"x\"\non = \"{on}\"\nexclusive = true\nqueue = \"0s\"\ntakes = \"60s\"\n"
        )
    };
    let mut world = world(&(entry(0, "a") + &entry(1, "a") + &entry(2, "b")));
    world.advance_to(at(30));
    let states: Vec<_> = world.tasks().map(|task| task.record.state).collect();
    assert_eq!(
        states,
        [TaskState::Running, TaskState::Queued, TaskState::Running]
    );
    assert_eq!(
        record(&world, 1).locked,
        vec![record(&world, 1).entity.clone().unwrap()]
    );
    world.advance_to(at(60));
    assert_eq!(record(&world, 2).start_time, Some(at(60)));
    assert!(record(&world, 1).locked.is_empty());
}

const FAMILY: &str = r#"
[[task]]
at = "0s"
[task.what]
operation = "HostSystem.enterMaintenanceMode"
on = "h1"
queue = "0s"
slots = 1
progress = "children"
cancel = { after = "4s" }
[[task.what.children]]
after = "1s"
for_each = ["a", "b"]
apart = "1s"
[task.what.children.what]
operation = "VirtualMachine.migrate"
queue = "0s"
takes = "30s"
cancel = { after = "1s" }
[[task.what.children.what.children]]
after = "2s"
[task.what.children.what.children.what]
operation = "vim.Task.copyDisk"
queue = "0s"
takes = "10s"
"#;

#[test]
fn children_share_slots_and_complete_their_parent() {
    let mut world = world(FAMILY);
    world.advance_to(at(4));
    assert_eq!(record(&world, 2).parent, Some(TaskId(1)));
    assert_eq!(record(&world, 4).parent, Some(TaskId(2)));
    assert_eq!(record(&world, 4).root, Some(TaskId(1)));
    assert_eq!(
        (record(&world, 2).state, record(&world, 3).state),
        (TaskState::Running, TaskState::Queued)
    );
    assert_eq!(record(&world, 3).entity_name.as_deref(), Some("b"));
    world.advance_to(at(31));
    assert_eq!(
        (record(&world, 3).state, record(&world, 1).progress),
        (TaskState::Running, Some(50))
    );
    world.advance_to(at(70));
    assert_eq!(
        (record(&world, 1).state, record(&world, 1).progress),
        (TaskState::Success, Some(100))
    );
}

#[test]
fn cancellation_is_delayed_and_includes_children() {
    let mut world = world(FAMILY);
    world.advance_to(at(4));
    assert_eq!(
        world.request_cancel(TaskId(4)),
        Err(CancelRefusal::NotSupported)
    );
    assert_eq!(
        world.request_cancel(TaskId(99)),
        Err(CancelRefusal::NotFound)
    );
    assert_eq!(world.request_cancel(TaskId(1)), Ok(()));
    assert_eq!(
        world.request_cancel(TaskId(1)),
        Err(CancelRefusal::InvalidState)
    );
    assert!(record(&world, 1).cancelled && record(&world, 1).state == TaskState::Running);
    world.advance_to(at(8));
    for task in world.tasks() {
        assert_eq!(task.record.state, TaskState::Error);
        assert_eq!(
            task.record.error.as_ref().unwrap()["_typeName"],
            "RequestCanceled"
        );
    }
}

#[test]
fn a_failed_child_fails_its_parent() {
    let mut world = world(
        r#"
        [[task]]
        at = "0s"
        [task.what]
        operation = "VirtualMachine.relocate"
        on = "a"
        [[task.what.children]]
        after = "1s"
        [task.what.children.what]
        operation = "vim.Task.copyDisk"
        takes = "3s"
        error = { _typeName = "FileNotFound", file = "[ds] a.vmdk", vm = "@a", faultMessage = [{ key = "k", message = "m" }] }
        "#,
    );
    world.advance_to(at(20));
    let error = record(&world, 1).error.as_ref().unwrap();
    assert_eq!(
        (&error["file"], &error["vm"]["type"]),
        (&"[ds] a.vmdk".into(), &"VirtualMachine".into())
    );
    let message = error["faultMessage"][0].to_string();
    let start = r#"{"_typeName":"LocalizableMessage","#;
    assert!(message.starts_with(start), "{message}");
}

/// Requests the cancellation of all tasks for which `chooses` returns true. Returns the number of accepted requests.
fn request_cancels(world: &mut World, chooses: impl Fn(&Record) -> bool) -> usize {
    let tasks = world.tasks().map(|task| &task.record);
    let chosen: Vec<TaskId> = tasks
        .filter(|task| chooses(task))
        .map(|task| task.id)
        .collect();
    let accepted = chosen
        .into_iter()
        .filter(|id| world.request_cancel(*id).is_ok());
    accepted.count()
}

/// Checks the finished tasks: one with a cancelled child did not succeed, and the progress of a success is 100 % or
/// unset.
fn check_outcomes(world: &World) {
    for task in world.tasks().map(|task| &task.record) {
        if task.state == TaskState::Success {
            assert!(matches!(task.progress, None | Some(100)), "{task:?}");
        }
        let parent = task.parent.and_then(|parent| world.task(parent));
        if let Some(parent) = parent.map(|parent| &parent.record)
            && task.error.as_ref().is_some_and(is_cancelled_fault)
        {
            assert_ne!(parent.state, TaskState::Success, "{parent:?}");
        }
    }
}

#[test]
fn a_cancelled_child_cancels_its_parent() {
    for tolerant in [false, true] {
        let family = FAMILY.replace("slots = 1", &format!("slots = 1\ntolerant = {tolerant}"));
        let mut world = world(&family);
        world.advance_to(at(4));
        assert_eq!(world.request_cancel(TaskId(2)), Ok(()));
        world.advance_to(at(200));
        let parent = record(&world, 1);
        assert_eq!(parent.state, TaskState::Error);
        let error = parent.error.as_ref().unwrap();
        assert_eq!(error["_typeName"], "RequestCanceled");
        assert_eq!(record(&world, 3).state, TaskState::Success);
        check_outcomes(&world);
    }
}

#[test]
fn no_parent_succeeds_after_many_tasks_were_cancelled() {
    let scenario = Scenario::load("demo").unwrap();
    let config = scenario.world_config(&LoadOptions::default()).unwrap();
    let mut world = World::new(config, 1);
    let mut accepted = 0;
    for minute in 0..60 {
        world.advance_to(at(60 * minute));
        // The children only, so that the parents end by themselves.
        if minute % 3 == 0 {
            accepted += request_cancels(&mut world, |task| task.parent.is_some());
        }
        check_outcomes(&world);
    }
    assert!(accepted > 0);
    for finish in [false, true] {
        let options = LoadOptions {
            tasks: Some(50),
            rate: Some(100),
            at_once: false,
            finish,
        };
        let scenario = Scenario::load("load").unwrap();
        let mut world = World::new(scenario.world_config(&options).unwrap(), 1);
        world.advance_to(at(1));
        let accepted = request_cancels(&mut world, |task| task.parent.is_some());
        assert!(accepted > 30, "{accepted}");
        for second in 2..90 {
            world.advance_to(at(second));
            check_outcomes(&world);
        }
    }
}

fn final_records(steps: &[i64]) -> Vec<String> {
    let scenario = Scenario::load("demo").unwrap();
    let mut world = World::new(scenario.world_config(&LoadOptions::default()).unwrap(), 42);
    for seconds in steps {
        world.advance_to(at(*seconds));
    }
    world
        .tasks()
        .map(|task| format!("{:?}", task.record))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_tasks_for_any_time_steps() {
    let fine: Vec<i64> = (1..=900).collect();
    assert_eq!(final_records(&fine), final_records(&[900]));
}

#[test]
fn the_load_generator_keeps_its_rate_and_task_count() {
    for (at_once, finish) in [(false, false), (true, false), (true, true)] {
        let options = LoadOptions {
            tasks: Some(50),
            rate: Some(100),
            at_once,
            finish,
        };
        let config = Scenario::load("load")
            .unwrap()
            .world_config(&options)
            .unwrap();
        let mut world = World::new(config, 1);
        let before = world.version();
        world.advance_to(at(10));
        let unfinished = world
            .tasks()
            .filter(|task| !task.record.state.is_final())
            .count();
        assert_eq!(unfinished, 50);
        if !finish {
            assert_eq!(world.version() - before, 1000);
        }
        let lineages = world
            .tasks()
            .filter(|task| task.record.parent.is_none())
            .count();
        assert!(lineages >= 10);
    }
}

#[test]
fn a_question_ends_with_its_task() {
    let mut world = world(
        "[[task]]\nat = \"0s\"\n[task.what]\noperation = \"VirtualMachine.powerOn\"\non = \"a\"\nqueue = \"0s\"\ntakes = \"60s\"\nquestion = { at = 50, text = \"moved or copied?\", choices = [\"moved\", \"copied\"] }\n",
    );
    let machine = world.inventory().named("a").unwrap();
    world.advance_to(at(20));
    assert!(world.inventory().entity(machine).question.is_none());
    world.advance_to(at(31));
    assert_eq!(
        world
            .inventory()
            .entity(machine)
            .question
            .as_ref()
            .unwrap()
            .1["text"],
        "moved or copied?"
    );
    world.advance_to(at(60));
    assert!(world.inventory().entity(machine).question.is_none());
}

#[test]
fn recent_tasks_contain_at_most_200_completed() {
    let mut world = world(
        "[[task]]\nat = \"0s\"\nevery = \"1s\"\n[task.what]\noperation = \"x\"\ntakes = \"5s\"\n",
    );
    world.advance_to(at(300));
    let recent = world.recent();
    let completed = recent
        .iter()
        .filter(|id| world.task(**id).unwrap().record.state.is_final())
        .count();
    assert_eq!(completed, 200);
    assert!((5..=7).contains(&(recent.len() - completed)));
    assert!(recent.is_sorted());
    assert_eq!(
        Duration::from_secs(600),
        world.now().since(WorldTime::from_micros(-300_000_000))
    );
}

#[test]
fn the_demo_always_has_running_tasks() {
    let config = Scenario::load("demo")
        .unwrap()
        .world_config(&LoadOptions::default())
        .unwrap();
    let mut world = World::new(config, 1);
    let mut seen = std::collections::BTreeSet::new();
    for seconds in (0..=6 * 3600).step_by(20) {
        world.advance_to(at(seconds));
        let count = |state| {
            world
                .tasks()
                .filter(|task| task.record.state == state)
                .count()
        };
        let (running, queued) = (count(TaskState::Running), count(TaskState::Queued));
        assert!(
            (4..=34).contains(&running),
            "{running} running after {seconds} s"
        );
        if seconds <= 600 {
            assert!(
                (10..=26).contains(&running),
                "{running} running after {seconds} s"
            );
            assert!(queued >= 1, "nothing queued after {seconds} s");
            seen.extend(world.tasks().map(|task| task.record.id));
        }
    }
    assert!(seen.len() >= 80, "{}", seen.len());
}

/// Returns the number of tasks, records and scheduled events that a world keeps.
fn kept(world: &World) -> [usize; 3] {
    [
        world.tasks.len(),
        world.completed_tasks.len(),
        world.events.len(),
    ]
}

#[test]
fn a_world_keeps_as_much_after_days_as_after_one() {
    const DAY: i64 = 86_400;
    let scenario = Scenario::load("demo").unwrap();
    let mut world = World::new(scenario.world_config(&LoadOptions::default()).unwrap(), 1);
    let mut maximum = [0; 3];
    for hour in 0..24 {
        world.advance_to(at(hour * 3600));
        let now = kept(&world);
        maximum = std::array::from_fn(|index| maximum[index].max(now[index]));
    }
    world.advance_to(at(5 * DAY));
    let [tasks, records, events] = kept(&world);
    assert!(records <= MAX_RECORDS && records > maximum[1], "{records}");
    assert!(tasks <= 2 * maximum[0], "{tasks} {maximum:?}");
    assert!(events <= 2 * maximum[2], "{events} {maximum:?}");
}

#[test]
fn tasks_that_finish_under_load_leave_a_bounded_number_of_records() {
    let load = LoadOptions {
        tasks: Some(500),
        rate: Some(25_000),
        finish: true,
        ..LoadOptions::default()
    };
    let scenario = Scenario::load("load").unwrap();
    let mut world = World::new(scenario.world_config(&load).unwrap(), 1);
    // 250 tasks finish per second, and each object stays for a minute.
    world.advance_to(at(90));
    let [tasks, records, events] = kept(&world);
    assert!((15_000..16_000).contains(&tasks), "{tasks}");
    assert_eq!(records, MAX_RECORDS);
    assert!(events < tasks + 100, "{events}");
}
