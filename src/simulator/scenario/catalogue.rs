//! The operations that the server knows: the rows behind `TaskManager.description.methodInfo`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its key, `TaskInfo.descriptionId`.
    pub key: Arc<str>,
    /// The method that starts it, `TaskInfo.name`; internal operations have none.
    pub method: Option<Arc<str>>,
    /// Its name for people.
    pub label: &'static str,
    /// A sentence about it.
    pub summary: &'static str,
}

/// The operations in the order of the file, and by key.
#[derive(Debug)]
pub struct Catalogue {
    rows: Vec<Operation>,
    by_key: HashMap<Arc<str>, usize>,
}

const FILE: &str = include_str!("../../../assets/scenarios/operations.tsv");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(FILE));

impl Catalogue {
    /// The one that the program carries.
    pub fn built_in() -> &'static Self {
        &CATALOGUE
    }

    fn read(text: &'static str) -> Self {
        let rows: Vec<Operation> = text.lines().filter_map(read_row).collect();
        let by_key = rows
            .iter()
            .enumerate()
            .map(|(index, row)| (row.key.clone(), index))
            .collect();
        Self { rows, by_key }
    }

    /// Every operation.
    pub fn rows(&self) -> &[Operation] {
        &self.rows
    }

    /// The operation of this key.
    pub fn find(&self, key: &str) -> Option<&Operation> {
        self.by_key.get(key).map(|index| &self.rows[*index])
    }
}

fn read_row(line: &'static str) -> Option<Operation> {
    if line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let (key, method, label, summary) = (
        columns.next()?,
        columns.next()?,
        columns.next()?,
        columns.next()?,
    );
    let method = (!method.is_empty()).then(|| method.into());
    columns.next().is_none().then(|| Operation {
        key: key.into(),
        method,
        label,
        summary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read_and_keys_are_unique() {
        let written = FILE.lines().filter(|line| !line.starts_with('#')).count();
        let catalogue = Catalogue::built_in();
        assert_eq!(catalogue.rows().len(), written);
        assert_eq!(catalogue.by_key.len(), written);
        assert!(written >= 150);
        for row in catalogue.rows() {
            assert!(
                !row.key.is_empty() && !row.label.is_empty() && !row.summary.is_empty(),
                "{row:?}"
            );
        }
    }
}
