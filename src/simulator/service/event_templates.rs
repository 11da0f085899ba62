//! Event types and texts of the operations.

use std::sync::LazyLock;

use super::event::{ERROR, INFO};

/// Types and texts of an operation's events, with `{}` for the name of the entity. A type with dots is the
/// `eventTypeId` of an `EventEx`.
#[derive(Debug)]
pub(super) struct EventTemplate {
    operation: &'static str,
    pub(super) start: [&'static str; 2],
    pub(super) success: [&'static str; 2],
    pub(super) failure: [&'static str; 2],
}

const FILE: &str = include_str!("event_templates.tsv");

static TEMPLATES: LazyLock<Vec<EventTemplate>> =
    LazyLock::new(|| FILE.lines().filter_map(read_row).collect());

/// Template of operations without their own.
const PLAIN_TEMPLATE: EventTemplate = EventTemplate {
    operation: "",
    start: ["EventEx", "{}: started"],
    success: ["EventEx", "{}: completed"],
    failure: ["EventEx", "{}: failed"],
};

/// Returns the template of an operation.
pub(super) fn template_of(operation: &str) -> &'static EventTemplate {
    let known = TEMPLATES
        .iter()
        .find(|template| template.operation == operation);
    known.unwrap_or(&PLAIN_TEMPLATE)
}

/// Returns the type, severity and text of all events; those of an `EventEx` vary.
pub(super) fn kinds() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of_template = |template: &'static EventTemplate| {
        [
            (template.start[0], INFO, template.start[1]),
            (template.success[0], INFO, template.success[1]),
            (template.failure[0], ERROR, template.failure[1]),
        ]
    };
    TEMPLATES.iter().flat_map(of_template)
}

fn read_row(line: &'static str) -> Option<EventTemplate> {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let [operation, texts @ ..] = &columns[..] else {
        return None;
    };
    let (pairs, []) = texts.as_chunks() else {
        return None;
    };
    let [start, success, failure] = *pairs else {
        return None;
    };
    Some(EventTemplate {
        operation,
        start,
        success,
        failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read() {
        let written = FILE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(TEMPLATES.len(), written);
        for (kind, _, text) in kinds() {
            assert!(!kind.is_empty() && text.contains("{}"), "{kind}: {text}");
        }
    }
}
