//! Properties of filters: any text parses or is rejected, and an expression means the combination
//! of its parts.

use proptest::prelude::*;
use serde_json::json;
use vtask::{
    task::{
        ChangeSet, Filter, Handle, Saved, ServerId, TaskChange, TaskId, TaskStore, filter::complete,
    },
    vim::types::TaskInfo,
};

use super::cases;

const SERVER: ServerId = ServerId(0);
const NAMES: [&str; 5] = ["web-01", "db-01", "db-prod", "データ", "a \"b\" c"];
const STATES: [&str; 4] = ["queued", "running", "success", "error"];

/// A task: name, state, progress.
type Task = (usize, usize, Option<i32>);

/// A filter expression as reference.
#[derive(Debug, Clone)]
enum Expression {
    Name(&'static str),
    State(usize),
    Below(i32),
    NoProgress,
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

impl Expression {
    fn text(&self) -> String {
        let joined = |parts: &[Self], word: &str| {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| format!("({})", part.text()))
                .collect();
            parts.join(word)
        };
        match self {
            Self::Name(part) => format!("target:\"{part}\""),
            Self::State(state) => format!(
                "state:{}",
                ["queued", "running", "success", "failed"][*state]
            ),
            Self::Below(percent) => format!("progress<{percent}"),
            Self::NoProgress => "progress:none".to_owned(),
            Self::Not(part) => format!("not ({})", part.text()),
            Self::And(parts) => joined(parts, " "),
            Self::Or(parts) => joined(parts, " or "),
        }
    }

    fn holds(&self, (name, state, progress): Task) -> bool {
        match self {
            Self::Name(part) => NAMES[name].contains(part),
            Self::State(expected) => state == *expected,
            Self::Below(percent) => progress.is_some_and(|progress| progress < *percent),
            Self::NoProgress => progress.is_none(),
            Self::Not(part) => !part.holds((name, state, progress)),
            Self::And(parts) => parts.iter().all(|part| part.holds((name, state, progress))),
            Self::Or(parts) => parts.iter().any(|part| part.holds((name, state, progress))),
        }
    }
}

fn expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        prop::sample::select(&["web", "db-", "01", "prod", "デ", "zzz"][..])
            .prop_map(Expression::Name),
        (0..4_usize).prop_map(Expression::State),
        (0..=100).prop_map(Expression::Below),
        Just(Expression::NoProgress),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|part| Expression::Not(Box::new(part))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expression::And),
            prop::collection::vec(inner, 1..4).prop_map(Expression::Or),
        ]
    })
}

fn store(tasks: &[Task]) -> (TaskStore, Vec<Handle>) {
    let mut store = TaskStore::new();
    let mut handles = Vec::new();
    for (number, (name, state, progress)) in tasks.iter().enumerate() {
        let mo_id = format!("task-{number}");
        let info = TaskInfo::from_json(json!({
            "key": mo_id, "task": {"type": "Task", "value": mo_id}, "descriptionId": "x.y", "state": STATES[*state],
            "entityName": NAMES[*name], "cancelled": false, "cancelable": true, "progress": progress,
            "reason": {"_typeName": "TaskReasonSystem"}, "queueTime": "2026-01-01T00:00:00Z", "eventChainId": 1
        }));
        let change = TaskChange::Full {
            info: Box::new(info.unwrap()),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        store
            .apply(SERVER, change, &mut ChangeSet::default())
            .unwrap();
        handles.push(store.find(&TaskId::new(SERVER, mo_id)).unwrap());
    }
    (store, handles)
}

fn task() -> impl Strategy<Value = Task> {
    // Progress of a finished task does not count.
    (0..NAMES.len(), 0..2_usize, prop::option::of(0..=99))
}

/// Generates random combinations of the language's tokens.
fn input() -> impl Strategy<Value = String> {
    let pieces = [
        "state:",
        "running",
        "(",
        ")",
        "not ",
        "-",
        "or ",
        "and ",
        "\"",
        "/",
        "\\",
        "*",
        "?",
        "@",
        "@loop",
        "@db",
        "progress",
        "<",
        ">=",
        "!=",
        "=",
        ":",
        "20%",
        "1h30m",
        "is:",
        "stalled",
        ",",
        " ",
        "target",
        "[",
        "{9999}",
        "ended<",
        "99999999999d",
        "-9",
        "é",
        "\u{202e}",
        "\0",
    ];
    prop_oneof![
        ".{0,40}",
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..14)
            .prop_map(|pieces| pieces.concat()),
    ]
}

proptest! {
    #![proptest_config(cases(384))]

    #[test]
    fn any_line_parses_or_fails(input in input(), at in 0_usize..60) {
        let saved: Saved = [("db", "target:db-*"), ("loop", "web or @loop")].map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let (store, handles) = store(&[(0, 1, Some(20)), (2, 0, None)]);
        match Filter::parse(&input, &saved) {
            Ok(filter) => {
                prop_assert_eq!(filter.text(), &input);
                prop_assert_eq!(&Filter::parse(filter.text(), &saved).unwrap(), &filter);
                for handle in handles {
                    let _ = filter.evaluate((&store).into(), handle);
                }
                prop_assert!(filter.is_timed() || filter.narrows(&filter));
            }
            Err(error) => prop_assert!(input.get(error.span.clone()).is_some(), "{:?} in {:?}", error.span, input),
        }
        let at = (0..=at.min(input.len())).rev().find(|at| input.is_char_boundary(*at)).unwrap_or(0);
        let _ = complete(&input[..at], &saved, (&store).into());
    }

    #[test]
    fn filter_is_combination_of_its_parts(expression in expression(), other in expression(), tasks in prop::collection::vec(task(), 1..8)) {
        let parse = |expression: &Expression| Filter::parse(&expression.text(), &Saved::new()).unwrap();
        let (filter, second) = (parse(&expression), parse(&other));
        let (store, handles) = store(&tasks);
        let narrows = filter.narrows(&second);
        for (task, handle) in tasks.iter().zip(handles) {
            let holds = filter.matches((&store).into(), handle);
            prop_assert_eq!(holds, expression.holds(*task), "{} for {:?}", expression.text(), task);
            prop_assert!(!narrows || !holds || second.matches((&store).into(), handle), "{} narrows {}", expression.text(), other.text());
        }
    }
}
