//! Every line of `--json` matches `assets/json-v1.schema.json`, and the schema names every field that is written.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::support::command::{json_lines, line, server};

const SCHEMA: &str = include_str!("../../assets/json-v1.schema.json");

/// Checks values against the part of JSON Schema that the file uses; an unknown keyword is an error.
struct Schema(Value);

impl Schema {
    fn check(&self, rule: &Value, value: &Value, at: &str) -> Result<(), String> {
        let mut rule = rule.as_object().unwrap();
        while let Some(reference) = rule.get("$ref") {
            let name = reference.as_str().unwrap().strip_prefix("#/$defs/");
            rule = self.0["$defs"][name.unwrap()].as_object().unwrap();
        }
        let wrong = |keyword: &str| Err(format!("{at}: {value} does not match {keyword}"));
        for (keyword, expected) in rule {
            let holds = match keyword.as_str() {
                "description" | "title" | "$schema" | "$defs" | "properties" => true,
                "type" => types(expected).any(|name| is_of_type(value, name)),
                "const" => value == expected,
                "enum" => expected.as_array().unwrap().contains(value),
                "minimum" => value.as_f64() >= expected.as_f64() || !value.is_number(),
                "maximum" => value.as_f64() <= expected.as_f64() || !value.is_number(),
                "format" => value
                    .as_str()
                    .is_none_or(|text| text.parse::<jiff::Timestamp>().is_ok()),
                "required" => expected
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap()).is_some()),
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.check(expected, item, &format!("{at}[]"))?;
                    }
                    true
                }
                "oneOf" => {
                    let rules = expected.as_array().unwrap().iter();
                    let failures: Vec<String> = rules
                        .clone()
                        .filter_map(|rule| self.check(rule, value, at).err())
                        .collect();
                    if rules.len() - failures.len() != 1 {
                        return Err(format!("{at}: {failures:#?}"));
                    }
                    true
                }
                unknown => return Err(format!("{at}: unknown keyword {unknown}")),
            };
            if !holds {
                return wrong(keyword);
            }
        }
        let Some(properties) = rule.get("properties") else {
            return Ok(());
        };
        for (name, value) in value.as_object().unwrap_or(&Map::new()) {
            let Some(rule) = properties.get(name) else {
                return Err(format!("{at}: the schema does not name {name}"));
            };
            self.check(rule, value, &format!("{at}.{name}"))?;
        }
        Ok(())
    }

    fn check_lines(&self, output: &str) -> Vec<Value> {
        let lines = json_lines(output);
        for line in &lines {
            let kind = line["type"].as_str().unwrap();
            let rule = &self.0["$defs"][kind];
            assert!(rule.is_object(), "the schema does not name lines of {kind}");
            self.check(rule, line, kind)
                .unwrap_or_else(|error| panic!("{error}\n{line:#}"));
            self.check(&self.0, line, "line").unwrap();
        }
        lines
    }
}

fn types(expected: &Value) -> impl Iterator<Item = &str> {
    let several = expected.as_array().into_iter().flatten();
    several
        .chain(expected.is_string().then_some(expected))
        .filter_map(Value::as_str)
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("unknown type {name}"),
    }
}

#[tokio::test]
async fn every_line_matches_the_schema() {
    let schema = Schema(serde_json::from_str(SCHEMA).unwrap());
    let simulator = server().await;
    let mut kinds = Vec::new();
    for words in [
        "wait task-1 --json",
        "list --json",
        "list --since 24h --json",
        "tree task-1 --json",
        "events task-1 --json",
        "cancel task-1 task-2 task-999 --yes --json",
    ] {
        let output = line(words).with_running_clock(&simulator).await;
        let lines = schema.check_lines(&output.out);
        assert!(!lines.is_empty(), "{words}: {output:?}");
        kinds.extend(lines.iter().map(|line| line["type"].to_string()));
        simulator.control().advance(Duration::from_secs(1));
    }
    let stream = line("stream").interrupt_after(Duration::from_secs(2));
    let output = stream.with_running_clock(&simulator).await;
    let lines = schema.check_lines(&output.out);
    assert!(
        lines.iter().all(|line| line["eventId"].is_string()),
        "{output:?}"
    );
    for kind in ["task", "link", "summary", "event", "cancel"] {
        assert!(kinds.contains(&format!("\"{kind}\"")), "no line of {kind}");
    }
}

#[test]
fn invalid_line_is_detected() {
    let schema = Schema(serde_json::from_str(SCHEMA).unwrap());
    let link = |change: fn(&mut Value)| {
        let mut line = serde_json::json!({"version": 1, "type": "link", "at": "2026-11-28T12:00:00Z",
            "endpoint": "vc", "state": "live", "reason": null, "attempt": null, "nextAt": null});
        change(&mut line);
        schema.check(&schema.0["$defs"]["link"], &line, "link")
    };
    assert_eq!(link(|_| ()), Ok(()));
    assert!(link(|line| line["state"] = "up".into()).is_err());
    assert!(link(|line| line["attempt"] = 0.into()).is_err());
    assert!(link(|line| line["at"] = "yesterday".into()).is_err());
    assert!(link(|line| line["further"] = 1.into()).is_err());
    assert!(link(|line| drop(line.as_object_mut().unwrap().remove("reason"))).is_err());
}
