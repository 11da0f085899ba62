//! Limits the values of a label, so that the number of series is bounded whatever a server sends.

use std::{collections::HashSet, sync::Arc};

use crate::text::{sanitize, truncate};

/// Label value that replaces all values beyond the limit.
pub(super) const OTHER: &str = "other";
/// Maximum width of a value.
const MAX_WIDTH: usize = 80;

/// The values of a label: the first ones, and [`OTHER`].
#[derive(Debug)]
pub(super) struct LabelLimit {
    values: HashSet<Arc<str>>,
    limit: usize,
}

impl LabelLimit {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            values: HashSet::new(),
            limit,
        }
    }

    /// Returns the value of the label for a text of the server.
    pub(super) fn value(&mut self, text: &str) -> Arc<str> {
        if let Some(value) = self.values.get(text) {
            return value.clone();
        }
        let value = clean(text);
        if let Some(value) = self.values.get(&value) {
            return value.clone();
        }
        if self.values.len() >= self.limit {
            return OTHER.into();
        }
        self.values.insert(value.clone());
        value
    }
}

/// Returns a text as the value of a label: without control characters and of limited width.
pub(super) fn clean(text: &str) -> Arc<str> {
    truncate(&sanitize(text), MAX_WIDTH, "…").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_values_are_other() {
        let mut limit = LabelLimit::new(2);
        let values = ["a", "b\n", "c", "a", "b\n", "d"].map(|text| limit.value(text).to_string());
        assert_eq!(values, ["a", "b ", OTHER, "a", "b ", OTHER]);
        let long = LabelLimit::new(1).value(&"x".repeat(1000));
        assert_eq!(long.chars().count(), MAX_WIDTH);
    }
}
