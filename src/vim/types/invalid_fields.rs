//! Fields of a data object that could not be read.

use std::fmt;

use super::any::Malformed;

/// Fields of a `TaskInfo` that are required and missing, or of another kind than declared; at most one error per
/// field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InvalidFields(Vec<Malformed>);

impl InvalidFields {
    pub(super) const NONE: Self = Self(Vec::new());

    /// True if all fields are as declared by the API.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the field of that name is invalid.
    pub fn contains(&self, field: &str) -> bool {
        self.iter().any(|malformed| malformed.field() == field)
    }

    /// Iterates over the errors.
    pub fn iter(&self) -> impl Iterator<Item = &Malformed> {
        self.0.iter()
    }

    /// Adds the error of a field, replacing an earlier one.
    pub(crate) fn add(&mut self, malformed: Malformed) {
        self.remove(malformed.field());
        self.0.push(malformed);
    }

    pub(super) fn remove(&mut self, field: &str) {
        self.0.retain(|malformed| malformed.field() != field);
    }
}

impl fmt::Display for InvalidFields {
    /// Formats all errors in one sentence, such as `“queueTime” is missing; “key” should be a string but is {}`.
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
