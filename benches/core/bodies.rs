//! Bodies of responses: cost and memory of parsing them.

use std::{fs, hint::black_box, process::Command};

use serde_json::{Value, json};
use vtask::vim::{
    parse_body,
    types::{RetrieveResult, TaskInfo, UpdateSet, limits},
};

use crate::wire::{mo_id, task, update_set};

/// A body and how the client parses it.
pub(crate) struct Body {
    pub(crate) name: &'static str,
    /// Number of tasks in it.
    pub(crate) items: u64,
    pub(crate) text: Text,
    pub(crate) parse: fn(&[u8]),
}

pub(crate) const BODIES: [Body; 5] = [
    Body {
        name: "TaskInfo",
        items: 1,
        text: || task(7).to_string(),
        parse: |body| {
            let info: Value = parse_body(body).unwrap().unwrap();
            black_box(TaskInfo::of_task(&mo_id(7), info).unwrap());
        },
    },
    Body {
        name: "UpdateSet of 100",
        items: 100,
        text: || update_set(0..100, 41),
        parse: |body| drop(black_box(parse_body::<UpdateSet>(body).unwrap())),
    },
    Body {
        name: "UpdateSet of 2000",
        items: 2000,
        text: || update_set(0..2000, 41),
        parse: |body| drop(black_box(parse_body::<UpdateSet>(body).unwrap())),
    },
    Body {
        name: "RetrieveResult of 100",
        items: 100,
        text: || retrieve_result(100),
        parse: |body| read(parse_body::<RetrieveResult>(body).unwrap().unwrap()),
    },
    Body {
        name: "RetrieveResult of 100, boxed",
        items: 100,
        text: || retrieve_result(100),
        parse: |body| {
            let result: Value = parse_body(body).unwrap().unwrap();
            read(RetrieveResult::from_json(result).unwrap());
        },
    },
];

fn retrieve_result(tasks: usize) -> String {
    let objects = (0..tasks).map(|number| {
        json!({
            "_typeName": "ObjectContent",
            "obj": {"_typeName": "ManagedObjectReference", "type": "Task", "value": mo_id(number)},
            "propSet": [{"_typeName": "DynamicProperty", "name": "info", "val": task(number)}],
        })
    });
    json!({"_typeName": "RetrieveResult", "objects": objects.collect::<Vec<_>>()}).to_string()
}

fn read(result: RetrieveResult) {
    for mut content in result.objects {
        let info = content.values.remove("info").unwrap();
        black_box(TaskInfo::of_task(&content.object.value, info).unwrap());
    }
}

/// Parses a body repeatedly.
pub(crate) fn repeat(name: &str, count: usize) {
    let body = BODIES.iter().find(|body| body.name == name).unwrap();
    let text = (body.text)();
    for _ in 0..count {
        (body.parse)(text.as_bytes());
    }
}

type Text = fn() -> String;

/// Names and texts of bodies for the table of memory: dense ones up to the limits, and refused ones.
const LARGE: [(&str, Text); 6] = [
    ("small numbers", || list("1", 30_000_000)),
    ("objects of one short field", || {
        list(r#"{"a":1}"#, 4_000_000)
    }),
    ("as many values as are accepted", || {
        let object = r#"{"a_long_name":123456789}"#;
        list(object, limits::MAX_WEIGHT / object.len() - 1)
    }),
    ("100,000 references", || {
        let reference = r#"{"_typeName":"ManagedObjectReference","type":"Task","value":"task-1"}"#;
        list(reference, 100_000)
    }),
    ("RetrieveResult of 2000", || retrieve_result(2_000)),
    ("UpdateSet of 2000", || update_set(0..2_000, 41)),
];

fn list(item: &str, count: usize) -> String {
    format!("[{}1]", format!("{item},").repeat(count))
}

/// Prints the memory used while parsing each of the [`LARGE`] bodies, in a process of its own; only on Linux.
pub(crate) fn print_memory() {
    println!("memory while parsing, in addition to the body:");
    for (name, _) in LARGE {
        let program = std::env::current_exe().unwrap();
        let measured = Command::new(program).args(["memory", name]).status();
        assert!(measured.unwrap().success(), "{name}");
    }
    println!();
}

/// Prints the memory used while parsing one body.
pub(crate) fn print_memory_of(name: &str) {
    let (_, text) = LARGE.iter().find(|(large, _)| *large == name).unwrap();
    let body = text();
    let Some(before) = reset_peak() else { return };
    let megabytes = body.len() as f64 / 1e6;
    let parsed = match name {
        "UpdateSet of 2000" => parse_body::<UpdateSet>(body.as_bytes()).map(drop),
        "RetrieveResult of 2000" => parse_body::<RetrieveResult>(body.as_bytes()).map(drop),
        _ => parse_body::<Value>(body.as_bytes()).map(drop),
    };
    let peak = peak().unwrap_or_default().saturating_sub(before) as f64 / 1e6;
    let outcome = if parsed.is_ok() {
        "accepted"
    } else {
        "refused"
    };
    println!(
        "  {name:<32} {megabytes:>6.1} MB  {peak:>6.1} MB  {:>5.1}x  {outcome}",
        peak / megabytes
    );
}

/// Resets the peak of the resident memory and returns it.
fn reset_peak() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    peak()
}

/// Returns the peak of the resident memory in bytes.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes << 10)
}
