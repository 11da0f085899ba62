use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::{Value as Json, json};

use super::*;
use crate::task::fixture::{at, put};

const ORIGIN: SpanServer<'_> = SpanServer {
    vcenter: "lab",
    instance: "6a1f",
    address: "vc01.lab:8443",
};

fn apply(store: &mut TaskStore, id: &str, more: &Json) -> Handle {
    put(store, id, more, 100)
}

fn of(store: &TaskStore, handle: Handle) -> Span {
    span(ORIGIN, store, handle, Vec::new(), at(100)).unwrap()
}

fn done(more: &Json) -> Json {
    let mut done = json!({"state": "success", "completeTime": at(9).to_string()});
    for (field, value) in more.as_object().unwrap() {
        done[field] = value.clone();
    }
    done
}

fn text_of(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|pair| pair.key == key)?;
    match found.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        other => Some(format!("{other:?}")),
    }
}

#[test]
fn ids_depend_on_the_server_and_the_keys_only() {
    let lineage = |ids: &[(&str, Json)]| {
        let mut store = TaskStore::new();
        let handles: Vec<_> = ids
            .iter()
            .map(|(id, more)| apply(&mut store, id, more))
            .collect();
        let spans = handles.iter().map(|handle| of(&store, *handle));
        spans
            .map(|span| (span.trace_id, span.span_id, span.parent_span_id))
            .collect::<Vec<_>>()
    };
    let root = ("task-1", done(&json!({})));
    let child = json!({"parentTaskKey": "task-1", "rootTaskKey": "task-1"});
    let child = ("task-2", done(&child));
    let grandchild = json!({"parentTaskKey": "task-2"});
    let grandchild = ("task-3", done(&grandchild));
    let whole = lineage(&[root.clone(), child.clone(), grandchild]);
    assert_eq!((whole[0].0.len(), whole[0].1.len()), (16, 8));
    assert!(whole.iter().all(|(trace, ..)| *trace == whole[0].0));
    assert_eq!(whole[0].2, Vec::<u8>::new());
    assert_eq!((&whole[1].2, &whole[2].2), (&whole[0].1, &whole[1].1));
    // The root has left the store, or another run of vtask exported it.
    assert_eq!(lineage(&[child]), whole[1..2]);

    let mut store = TaskStore::new();
    let handle = apply(&mut store, "task-1", &root.1);
    let other = SpanServer {
        instance: "7b20",
        ..ORIGIN
    };
    let other = span(other, &store, handle, Vec::new(), at(100)).unwrap();
    assert_ne!(
        (&other.trace_id, &other.span_id),
        (&whole[0].0, &whole[0].1)
    );
}

#[test]
fn a_fault_chain_is_status_and_exceptions() {
    let mut store = TaskStore::new();
    let fault = json!({"_typeName": "PatchFailed", "faultstring": "Not\u{1b}[31m remediated.",
        "faultCause": {"_typeName": "TaskInProgress", "faultstring": "Busy."}});
    let failed = done(&json!({"state": "error", "error": fault}));
    let handle = apply(&mut store, "task-1", &failed);
    let failed = of(&store, handle);
    let status = failed.status.clone().unwrap();
    assert_eq!(status.code(), StatusCode::Error);
    assert!(!status.message.contains('\u{1b}'), "{status:?}");
    assert_eq!(
        text_of(&failed, "error.type").as_deref(),
        Some("PatchFailed")
    );
    let names: Vec<&str> = failed
        .events
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert_eq!(names, ["exception", "exception"]);
    assert_eq!(
        failed.events[1].attributes[0],
        attribute("exception.type", "TaskInProgress".to_owned())
    );

    let fault = json!({"_typeName": "RequestCanceled", "faultstring": "cancelled"});
    let cancelled = done(&json!({"state": "error", "cancelled": true, "error": fault}));
    let handle = apply(&mut store, "task-2", &cancelled);
    let cancelled = of(&store, handle);
    assert_eq!(cancelled.status.clone().unwrap().code(), StatusCode::Unset);
    assert_eq!(
        text_of(&cancelled, "vsphere.task.outcome").as_deref(),
        Some("cancelled")
    );
    assert_eq!(text_of(&cancelled, "error.type"), None);
}

#[test]
fn times_are_in_order_whatever_the_server_sent() {
    let mut store = TaskStore::new();
    let never_started = done(&json!({"startTime": null}));
    let backwards = done(&json!({"startTime": at(50).to_string()}));
    for (id, more, start, end) in [
        ("task-1", never_started, 0, 9),
        ("task-2", backwards, 50, 50),
    ] {
        let handle = apply(&mut store, id, &more);
        let phase = Phase {
            at: at(-5),
            text: "Copying".to_owned(),
        };
        let span = span(ORIGIN, &store, handle, vec![phase], at(100)).unwrap();
        let times = (span.start_time_unix_nano, span.end_time_unix_nano);
        assert_eq!(times, (nanoseconds(at(start)), nanoseconds(at(end))));
        assert_eq!(span.events[0].time_unix_nano, nanoseconds(at(start)));
    }
}

#[test]
fn the_server_has_address_and_port() {
    for (server, expected) in [
        ("vc01.lab", ("vc01.lab", None)),
        ("vc01.lab:8443", ("vc01.lab", Some(8443))),
        ("[::1]:8443", ("[::1]", Some(8443))),
    ] {
        assert_eq!(host_and_port(server), expected);
    }
}
