//! Fields that most tasks lack, kept apart so that tens of thousands of tasks stay small.

use serde_json::{Map, Value};

use crate::types::{invalid_fields::InvalidFields, limits};

/// Values of the rare fields of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RareFields {
    pub(super) progress_details: Vec<Value>,
    pub(super) change_tag: Option<Box<str>>,
    pub(super) activation_id: Option<Box<str>>,
    pub(super) unknown: Unknown,
    pub(super) invalid: InvalidFields,
}

/// The values of a task without rare fields.
static NONE: RareFields = RareFields {
    progress_details: Vec::new(),
    change_tag: None,
    activation_id: None,
    unknown: Unknown(None),
    invalid: InvalidFields::NONE,
};

/// The rare fields of a task. Allocates only if there are any.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rare(Option<Box<RareFields>>);

impl Rare {
    pub(super) fn get(&self) -> &RareFields {
        self.0.as_deref().unwrap_or(&NONE)
    }

    pub(super) fn edit(&mut self, edit: impl FnOnce(&mut RareFields)) {
        let mut fields = self.0.take().unwrap_or_else(|| Box::new(NONE.clone()));
        edit(&mut fields);
        self.0 = (*fields != NONE).then_some(fields);
    }
}

/// Unknown fields, as sent. Allocates only if there are any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unknown(Option<Box<Map<String, Value>>>);

impl Unknown {
    /// Returns the value of a field.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.as_ref()?.get(field)
    }

    /// Iterates over the fields in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|fields| fields.iter())
    }

    /// Sets a field; `null` unsets it.
    pub(super) fn assign(&mut self, field: &str, value: Value) {
        if !value.is_null() {
            let fields = self.0.get_or_insert_default();
            limits::insert(fields, field, value);
        } else if let Some(fields) = &mut self.0 {
            fields.shift_remove(field);
            self.0 = self.0.take().filter(|fields| !fields.is_empty());
        }
    }
}
