//! Every text of the hostile corpus in every field and every panel: checks the terminal cells.

use std::{collections::HashSet, sync::Arc};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use regex::Regex;
use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::draw_with;
use crate::{
    app::{
        Effect, Event, Screen,
        test_support::{apply_update, empty, now, task, tasks},
        update,
    },
    task::{EntityState, Labels, PendingQuestion, TaskChange, fixture::at},
    ui::Appearance,
    vim::types::{About, OperationLabel, TaskEvent},
    watch::{CancelResponse, ConnectionState, FamilyState, ServerFacts, Update},
};

/// The keys that open each panel, popup and mode.
const PANELS: [&str; 31] = [
    "", "1z", "2z", "3z", "4z", "5z", "6z", "1", "2", "t", "tS", "s", "?", "n", "F", "a", "y", "w",
    ":", "c", "c\n", "c\ny", "d", "p", "[", "<", "<<1", "/x", "+", "-", "x",
];

/// Returns the corpus texts that are valid UTF-8.
pub(crate) fn corpus() -> Vec<String> {
    let file: toml::Table =
        toml::from_str(include_str!("../../../assets/faults/hostile.toml")).unwrap();
    let texts = file["rule"][0]["effect"]["texts"].as_array().unwrap();
    let texts = texts.iter().filter_map(|entry| match entry {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Table(table) => {
            let times = usize::try_from(table.get("times")?.as_integer()?).unwrap();
            Some(table["text"].as_str()?.repeat(times))
        }
        _ => None,
    });
    texts.collect()
}

fn press(state: &mut Screen, key: char) -> Vec<Effect> {
    let code = match key {
        '\n' => KeyCode::Enter,
        key => KeyCode::Char(key),
    };
    update(
        state,
        Event::Key(KeyEvent::new(code, KeyModifiers::NONE)),
        now(),
    )
}

fn fault(text: &str) -> Value {
    json!({"_typeName": text, "faultstring": text, text: text, "list": [text, {text: text}],
        "faultMessage": [{"key": text, "message": text, "arg": [{"key": text, "value": text}]}],
        "faultCause": {"_typeName": text, "localizedMessage": text, "faultCause": {"_typeName": text, "reason": text}}})
}

/// Returns tasks of each kind with this text in every field.
fn family(text: &str) -> Vec<TaskChange> {
    let everywhere = |more: Value| {
        let mut wire = json!({
            "descriptionId": text, "name": text, "entityName": text,
            "entity": {"type": "VirtualMachine", "value": text},
            "locked": [{"type": text, "value": text}],
            "description": {"key": text, "message": text}, "changeTag": text, "activationId": text,
            "reason": {"_typeName": "TaskReasonUser", "userName": text},
            "progressDetails": [{"key": text, "value": text}], text: text, "new": {text: [text]}
        });
        for (field, value) in more.as_object().unwrap() {
            wire[field] = value.clone();
        }
        wire
    };
    let (root, child) = (format!("task-1{text}"), format!("task-2{text}"));
    vec![
        task(
            &root,
            &everywhere(json!({"progress": 40, "rootTaskKey": root})),
        ),
        task(
            &child,
            &everywhere(
                json!({"parentTaskKey": root, "rootTaskKey": root, "state": "error",
            "error": fault(text), "completeTime": at(900).to_string(),
            "reason": {"_typeName": "TaskReasonAlarm", "alarmName": text, "entityName": text}}),
            ),
        ),
        task(
            &format!("task-3{text}"),
            &everywhere(
                json!({"state": "success", "completeTime": at(900).to_string(),
            "result": {"_typeName": text, text: [text, 1, null]},
            "reason": {"_typeName": "TaskReasonSchedule", "name": text}}),
            ),
        ),
        task(
            &format!("task-4{text}"),
            &everywhere(
                json!({"state": text, "reason": {"_typeName": text, text: text},
            "parentTaskKey": format!("ghost{text}")}),
            ),
        ),
        TaskChange::Placeholder {
            key: format!("ghost{text}").into(),
            reason: text.into(),
        },
    ]
}

/// Returns a state in which every server-supplied field contains this text.
fn screen(text: &str, width: u16, height: u16) -> Screen {
    let mut state = empty(width, height);
    let about = About {
        full_name: text.into(),
        version: text.into(),
        build: text.into(),
        ..About::default()
    };
    let facts = ServerFacts {
        host: text.into(),
        about,
        release: text.into(),
        user: text.into(),
        insecure: true,
    };
    apply_update(&mut state, Update::Server(Box::new(facts)));
    apply_update(&mut state, tasks(family(text)));
    apply_update(&mut state, Update::Notice(text.into()));
    let label = OperationLabel {
        description_id: text.into(),
        label: text.into(),
    };
    apply_update(&mut state, Update::Labels(Labels::new(vec![label])));
    for number in 1..=4 {
        let mo_id: Arc<str> = format!("task-{number}{text}").into();
        let event = json!({"_typeName": text, "key": 1, "createdTime": at(10).to_string(), "userName": text,
            "fullFormattedMessage": text});
        let events = Ok(Arc::from([
            TaskEvent::from_json(event.clone()),
            TaskEvent::from_json(json!({"_typeName": text})),
        ]));
        apply_update(
            &mut state,
            Update::Events {
                mo_id: mo_id.clone(),
                events: if number == 4 {
                    Err(text.into())
                } else {
                    events
                },
            },
        );
        let state_of = FamilyState::Failed(text.into());
        apply_update(
            &mut state,
            Update::Family {
                mo_id: mo_id.clone(),
                state: state_of,
            },
        );
        apply_update(
            &mut state,
            Update::Cancel {
                mo_id: mo_id.clone(),
                answer: CancelResponse::NoPermission {
                    privilege: text.into(),
                },
            },
        );
        let question = PendingQuestion {
            text: text.into(),
            choices: vec![text.into(), text.into()],
        };
        apply_update(
            &mut state,
            Update::EntityState {
                mo_id,
                state: EntityState {
                    question: Some(question),
                    lost_host: None,
                },
            },
        );
    }
    apply_update(&mut state, Update::TypicalUnknown(text.into()));
    apply_update(
        &mut state,
        Update::HistoryPage {
            search: 0,
            page: Err(text.into()),
        },
    );
    let retrying = ConnectionState::Retrying {
        attempt: 1,
        next: Timestamp::MAX,
        reason: text.into(),
    };
    apply_update(&mut state, Update::Connection(retrying));
    state
}

/// Matches characters that no cell may contain, by Unicode's own tables.
fn forbidden() -> Regex {
    Regex::new(
        r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]",
    )
    .unwrap()
}

/// Checks the cells of drawn screens.
struct Checker {
    forbidden: Regex,
    /// Symbols already checked.
    good: HashSet<String>,
    cells: usize,
}

impl Checker {
    fn check(&mut self, buffer: &Buffer, what: &dyn Fn() -> String) {
        self.cells += buffer.content.len();
        let width = usize::from(buffer.area.width);
        for (index, cell) in buffer.content.iter().enumerate() {
            let symbol = cell.symbol();
            let columns = symbol.width();
            assert!(
                index % width + columns <= width,
                "{symbol:?} beyond the edge: {}",
                what()
            );
            if self.good.contains(symbol) {
                continue;
            }
            assert!(!self.forbidden.is_match(symbol), "{symbol:?}: {}", what());
            let marks = symbol.chars().filter(|c| c.width() == Some(0)).count();
            assert!(marks <= 4, "{symbol:?}: {}", what());
            let single: usize = symbol.chars().filter_map(UnicodeWidthChar::width).sum();
            assert_eq!(columns, single, "{symbol:?}: {}", what());
            self.good.insert(symbol.to_owned());
        }
    }
}

#[test]
fn hostile_texts_are_escaped_in_every_panel() {
    // The beginning of a long text is enough; limits are tested elsewhere.
    let texts: Vec<String> = corpus()
        .iter()
        .map(|text| text.chars().take(2000).collect())
        .collect();
    assert!(texts.len() > 150, "{}", texts.len());
    let mut checker = Checker {
        forbidden: forbidden(),
        good: HashSet::new(),
        cells: 0,
    };
    for (number, text) in texts.iter().enumerate() {
        // Each text is drawn on every sixth panel, and each panel with every sixth text.
        for (index, keys) in PANELS.iter().enumerate().skip(number % 6).step_by(6) {
            let (width, height) = [(100, 40), (80, 24), (41, 12)][(number + index / 6) % 3];
            let mut state = screen(text, width, height);
            if (number + index) % 2 == 0 {
                press(&mut state, 'j');
            }
            keys.chars().for_each(|key| drop(press(&mut state, key)));
            let buffer = draw_with(&state, &Appearance::new(&state.options));
            checker.check(&buffer, &|| format!("text {number} in {keys:?}"));
        }
    }
    assert!(checker.cells > 500_000, "{}", checker.cells);
}
