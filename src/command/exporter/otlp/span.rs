//! Converts a finished task to a span.
//!
//! IDs are derived from the instance id of the vCenter and the keys of the tasks, so that spans of one lineage belong
//! together whenever they are exported, and a repeated export gives the same span.

use jiff::{SignedDuration, Timestamp};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{
        Span, Status as SpanStatus,
        span::{Event, SpanKind},
        status::StatusCode,
    },
};
use sha2::{Digest as _, Sha256};

use super::{
    phase_log::Phase,
    proto::{attribute, nanoseconds, text, typed_attribute},
};
use crate::{
    task::{Handle, Status, TaskRecord, TaskStore, display_name, fault_chain, json_output},
    vim::types::{TaskInfo, TaskReason},
};

/// A vCenter whose tasks become spans.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanServer<'a> {
    /// Name of the vCenter, as in the metrics.
    pub(super) vcenter: &'a str,
    /// Instance id of the server, else its name.
    pub(super) instance: &'a str,
    /// Host name and port, the latter unless it is the default one.
    pub(super) address: &'a str,
}

/// Returns the span of a finished task; `None` if only its key is known.
pub(super) fn span(
    server: SpanServer<'_>,
    store: &TaskStore,
    handle: Handle,
    phases: Vec<Phase>,
    now: Timestamp,
) -> Option<Span> {
    let record = store.get(handle)?;
    let info = record.info.as_deref()?;
    let start = info.began().unwrap_or(now);
    let end = record.ended_at().unwrap_or(now).max(start);
    let parent = info.parent_key().cloned();
    let parent = parent.or_else(|| Some(store.get(store.parent(handle)?)?.key()));
    let mut events: Vec<Event> = phases
        .into_iter()
        .map(|phase| Event {
            time_unix_nano: nanoseconds(phase.at.clamp(start, end)),
            name: "phase".to_owned(),
            attributes: vec![attribute("vsphere.task.phase", text(&phase.text))],
            ..Event::default()
        })
        .collect();
    let mut status = SpanStatus::default();
    let mut attributes = attributes(server, record, info, now);
    if let Some(fault) = info
        .error
        .as_deref()
        .filter(|_| record.status() == Status::Failed)
    {
        let chain = fault_chain::entries(fault);
        for fault in &chain {
            let details = [
                ("exception.type", &fault.type_name),
                ("exception.message", &fault.text),
            ];
            events.push(Event {
                time_unix_nano: nanoseconds(end),
                name: "exception".to_owned(),
                attributes: details
                    .map(|(key, value)| attribute(key, text(value)))
                    .to_vec(),
                ..Event::default()
            });
        }
        status.message = chain
            .first()
            .map(|fault| text(&fault.text))
            .unwrap_or_default();
        attributes.push(attribute("error.type", text(fault.type_name())));
    }
    if record.status() == Status::Failed {
        status.code = StatusCode::Error.into();
    }
    Some(Span {
        trace_id: digest("trace", server.instance, &root_key(store, handle, info))[..16].to_vec(),
        span_id: span_id(server.instance, &info.key),
        parent_span_id: parent.map_or_else(Vec::new, |key| span_id(server.instance, &key)),
        name: text(display_name::operation_id(info)),
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: nanoseconds(start),
        end_time_unix_nano: nanoseconds(end),
        attributes,
        events,
        status: Some(status),
        ..Span::default()
    })
}

fn attributes(
    server: SpanServer<'_>,
    record: &TaskRecord,
    info: &TaskInfo,
    now: Timestamp,
) -> Vec<KeyValue> {
    let outcome = json_output::outcome(record.status()).unwrap_or("unknown");
    let mut attributes = vec![
        attribute("vsphere.vcenter", text(server.vcenter)),
        attribute("vsphere.vcenter.instance_id", text(server.instance)),
        attribute("vsphere.task.id", text(&record.id.mo_id)),
        attribute("vsphere.task.outcome", outcome.to_owned()),
    ];
    let (host, port) = host_and_port(server.address);
    attributes.push(attribute("server.address", text(host)));
    let port = port.map(|port| Value::IntValue(port.into()));
    attributes.extend(port.map(|port| typed_attribute("server.port", port)));
    let seconds = |time: SignedDuration| Value::DoubleValue(time.as_secs_f64());
    let times = [
        ("vsphere.task.queue_time", record.queued_for(now)),
        ("vsphere.task.run_time", record.run_time(now)),
    ];
    for (key, time) in times {
        attributes.extend(time.map(|time| typed_attribute(key, seconds(time))));
    }
    if let Some(entity) = &info.entity {
        attributes.push(attribute("vsphere.entity.type", text(entity.kind())));
        attributes.push(attribute("vsphere.entity.id", text(&entity.value)));
    }
    let optional = [
        ("vsphere.entity.name", display_name::target(info)),
        (
            "user.name",
            match &info.reason {
                TaskReason::User { user_name } => Some(&**user_name),
                _ => None,
            },
        ),
        ("vsphere.task.activation_id", info.activation_id()),
    ];
    for (key, value) in optional {
        attributes.extend(value.map(|value| attribute(key, text(value))));
    }
    attributes
}

/// Returns host and port of a name such as `vc01.lab`, `vc01.lab:8443` or `[::1]:8443`.
fn host_and_port(address: &str) -> (&str, Option<u16>) {
    let split = address.rsplit_once(':');
    let split = split.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match split {
        Some((host, port)) => (host, Some(port)),
        None => (address, None),
    }
}

/// Returns the key of the root of a lineage, as far as known: the root may have left the store.
fn root_key(store: &TaskStore, handle: Handle, info: &TaskInfo) -> String {
    if let Some(root) = info.root_key() {
        return root.to_string();
    }
    let top = store.root(handle);
    let Some(record) = store.get(top) else {
        return info.key.to_string();
    };
    let above = record.info.as_deref();
    let above = above.and_then(|info| info.root_key().or_else(|| info.parent_key()));
    above.map_or_else(|| record.key().to_string(), ToString::to_string)
}

fn span_id(instance: &str, key: &str) -> Vec<u8> {
    digest("span", instance, key)[..8].to_vec()
}

fn digest(kind: &str, instance: &str, key: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [kind, instance, key] {
        digest.update(part);
        digest.update([0]);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests;
