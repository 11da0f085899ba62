//! Handles of records.

slotmap::new_key_type! {
    /// Handle of a record: valid until the record is removed, never reused.
    pub struct Handle;
}
