//! The fields of a data object that could not be read.

use std::fmt;

use super::any::Malformed;

/// Fields of a `TaskInfo` that are required and missing, or hold another kind of value than the API declares, each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Invalid(Vec<Malformed>);

impl Invalid {
    /// Whether all fields are as the API declares them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the field of that name is among them.
    pub fn contains(&self, field: &str) -> bool {
        self.iter().any(|malformed| malformed.field() == field)
    }

    /// What is wrong with each.
    pub fn iter(&self) -> impl Iterator<Item = &Malformed> {
        self.0.iter()
    }

    /// Adds what is wrong with a field; what was wrong with it before is forgotten.
    pub(crate) fn add(&mut self, malformed: Malformed) {
        self.remove(malformed.field());
        self.0.push(malformed);
    }

    pub(super) fn remove(&mut self, field: &str) {
        self.0.retain(|malformed| malformed.field() != field);
    }
}

impl fmt::Display for Invalid {
    /// One sentence's worth, such as `“queueTime” is missing; “key” should be a string but is {}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, malformed) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            malformed.short(f)?;
        }
        Ok(())
    }
}
