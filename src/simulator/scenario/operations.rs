//! Catalogue of operations, the source of `TaskManager.description.methodInfo`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Operation of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationInfo {
    /// Value of `TaskInfo.descriptionId`.
    pub key: Arc<str>,
    /// Value of `TaskInfo.name`; `None` for internal operations.
    pub method: Option<Arc<str>>,
    /// Display name.
    pub label: &'static str,
    /// One-sentence description.
    pub summary: &'static str,
}

/// Operations in file order, indexed by key.
#[derive(Debug)]
pub struct OperationCatalogue {
    rows: Vec<OperationInfo>,
    by_key: HashMap<Arc<str>, usize>,
}

const FILE: &str = include_str!("../scenarios/operations.tsv");

static CATALOGUE: LazyLock<OperationCatalogue> = LazyLock::new(|| OperationCatalogue::read(FILE));

impl OperationCatalogue {
    /// Returns the catalogue built into the program.
    pub fn built_in() -> &'static Self {
        &CATALOGUE
    }

    fn read(text: &'static str) -> Self {
        let rows: Vec<OperationInfo> = text.lines().filter_map(read_row).collect();
        let by_key = rows
            .iter()
            .enumerate()
            .map(|(index, row)| (row.key.clone(), index))
            .collect();
        Self { rows, by_key }
    }

    /// Returns all operations in file order.
    pub fn rows(&self) -> &[OperationInfo] {
        &self.rows
    }

    /// Returns the operation with this key.
    pub fn find(&self, key: &str) -> Option<&OperationInfo> {
        self.by_key.get(key).map(|index| &self.rows[*index])
    }
}

fn read_row(line: &'static str) -> Option<OperationInfo> {
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
    columns.next().is_none().then(|| OperationInfo {
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
        let catalogue = OperationCatalogue::built_in();
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

    #[test]
    fn operations_of_methods_with_a_task_have_their_names() {
        for (key, method) in [
            ("Datastore.rename", "Rename_Task"),
            ("HostSystem.rename", "Rename_Task"),
            ("VirtualMachine.attachDisk", "AttachDisk_Task"),
            ("VirtualMachine.makePrimary", "MakePrimaryVM_Task"),
            (
                "VirtualMachine.reloadFromPath",
                "reloadVirtualMachineFromPath_Task",
            ),
        ] {
            let operation = OperationCatalogue::built_in().find(key).unwrap();
            assert_eq!(operation.method.as_deref(), Some(method), "{key}");
        }
    }
}
