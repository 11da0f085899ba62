//! Line numbers of settings in the config file.

use toml::Value;

use crate::text::toml_line;

/// Line numbers of settings, for messages about them.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceLines {
    pub(super) sort: Option<usize>,
    /// Lines of the keys in `[columns]`; the name is empty for a plain list.
    pub(super) columns: Vec<(String, usize)>,
}

impl SourceLines {
    /// Finds the lines in the text of the file.
    pub(super) fn of(text: &str, columns: Option<&Value>) -> Self {
        let table = columns.and_then(Value::as_table);
        let keys = table.into_iter().flat_map(|table| table.keys());
        let lines = keys.filter_map(|key| Some((key.clone(), toml_line(text, &["columns", key])?)));
        let whole = toml_line(text, &["columns"]).map(|line| (String::new(), line));
        Self {
            sort: toml_line(text, &["defaults", "sort"]),
            columns: lines.chain(whole).collect(),
        }
    }
}
