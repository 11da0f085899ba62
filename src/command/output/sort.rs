//! Sorting of rows by fields of their objects.

use std::cmp::Ordering;

use serde_json::Value;

use super::{OutputRow, RowKind, row::value};

/// Fields to sort by, each with true for descending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct FieldSort(Vec<(String, bool)>);

impl FieldSort {
    /// Parses names of columns or fields; a name with `-` in front is descending.
    pub(in crate::command) fn parse(text: &str, kind: &RowKind) -> Result<Self, String> {
        let names = text.split(',').map(|word| {
            let name = word.trim_start_matches('-');
            kind.check(name)?;
            Ok((kind.path(name), word.starts_with('-')))
        });
        names.collect::<Result<_, String>>().map(Self)
    }

    /// Sorts the rows; those without a value come last.
    pub(in crate::command) fn sort(&self, rows: &mut [OutputRow]) {
        rows.sort_by(|a, b| self.compare(a, b));
    }

    fn compare(&self, a: &OutputRow, b: &OutputRow) -> Ordering {
        let orders = self.0.iter().map(|(name, descending)| {
            let values = (value(name, &a.json), value(name, &b.json));
            match (&values.0, &values.1) {
                (Value::Null, Value::Null) => Ordering::Equal,
                (Value::Null, _) => Ordering::Greater,
                (_, Value::Null) => Ordering::Less,
                (a, b) if *descending => compare(b, a),
                (a, b) => compare(a, b),
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

/// Compares numbers by value and everything else by its text.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => text(a).cmp(&text(b)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::TASKS, *};

    #[test]
    fn numbers_and_texts_are_sorted_and_missing_values_come_last() {
        let row = |id: &str, progress: Value, user: &str| OutputRow {
            id: id.to_owned(),
            json: json!({"progress": progress, "startedBy": user})
                .as_object()
                .unwrap()
                .clone(),
            cells: Vec::new(),
            note: None,
        };
        let rows = [
            row("a", json!(9), "kim"),
            row("b", json!(10), "Ops"),
            row("c", Value::Null, "kim"),
        ];
        let sorted = |text: &str| {
            let mut rows = rows.to_vec();
            FieldSort::parse(text, &TASKS).unwrap().sort(&mut rows);
            rows.iter().map(|row| &*row.id).collect::<String>()
        };
        assert_eq!(sorted("progress"), "abc");
        assert_eq!(sorted("-progress"), "bac");
        assert_eq!(sorted("user,-progress"), "acb");
        assert!(
            FieldSort::parse("progres", &TASKS)
                .unwrap_err()
                .contains("“progress”")
        );
    }
}
