//! Labels of operations: the server's, else built-in English ones, else text derived from the id.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use vtask_vim::types::{OperationLabel, TaskInfo};

/// Built-in English labels: `descriptionId`, method and label of each operation, tab separated.
const BUILT_IN: &str = include_str!("operations.tsv");

/// Operation labels by `descriptionId`. Labels are only displayed; program logic uses the id.
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<HashMap<String, String>>);

impl Labels {
    /// Creates the map from the rows of a server's task manager.
    pub fn new(rows: Vec<OperationLabel>) -> Self {
        let rows = rows.into_iter().map(|row| (row.description_id, row.label));
        Self(Arc::new(rows.collect()))
    }

    /// Iterates over the server's labels with their `descriptionId`, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.0.iter();
        labels.map(|(id, label)| (id.as_str(), label.as_str()))
    }

    /// Returns the label of a task's operation: the server's, else the built-in one of its
    /// `descriptionId` or method, else text derived from either.
    pub fn operation<'a>(&'a self, info: &'a TaskInfo) -> Cow<'a, str> {
        let id = &*info.description_id;
        let method = info.name.as_deref().filter(|name| !name.is_empty());
        if let Some(label) = self.0.get(id) {
            return Cow::Borrowed(label);
        }
        if let Some(label) = built_in(id, method) {
            return Cow::Borrowed(label);
        }
        [Some(id), method]
            .into_iter()
            .flatten()
            .map(derived)
            .find(|label| !label.is_empty())
            .map_or(Cow::Borrowed("Unnamed operation"), Cow::Owned)
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are no labels.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns the built-in label of an operation. The id may have the prefix `vim.`.
fn built_in(id: &str, method: Option<&str>) -> Option<&'static str> {
    static BY_ID: LazyLock<HashMap<&str, &str>> =
        LazyLock::new(|| rows().map(|[id, _, label]| (id, label)).collect());
    static BY_METHOD: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let mut methods = HashMap::new();
        for [_, method, label] in rows() {
            methods.entry(method).or_insert(label);
        }
        methods
    });
    let by_id = BY_ID.get(id.strip_prefix("vim.").unwrap_or(id));
    by_id.or_else(|| BY_METHOD.get(method?)).copied()
}

fn rows() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells.try_into().ok()
    })
}

/// Names that keep their spelling; matched in any case.
const PROPER: [&str; 42] = [
    "CA", "CIM", "CNS", "CPU", "CRL", "CRLs", "DNS", "DPM", "DRS", "DVS", "EVC", "ESX", "ESXi",
    "HA", "HBA", "HCI", "ID", "IP", "LACP", "LUN", "NFS", "NIC", "NVMe", "OVA", "OVF", "RDM",
    "SCSI", "SDRS", "SSL", "TPM", "URL", "UUID", "vApp", "vCenter", "vCLS", "VASA", "VM", "VMFS",
    "vMotion", "VMs", "vSAN", "vTPM",
];

/// Suffixes of ids and method names that are not part of the operation (`LRO`: long-running
/// operation).
const MACHINERY: [&str; 4] = ["lro", "task", "tasks", "async"];

/// Derives a label from an id or a method's name: `VirtualMachine.ExportVmLRO` becomes `Export VM`,
/// `…clusters.software$apply` becomes `Apply software`, `RelocateVM_Task` becomes `Relocate VM`. A
/// one-word operation is followed by the type that it applies to.
fn derived(id: &str) -> String {
    let mut segments: Vec<Vec<String>> = id
        .split(['.', '$', ':', '/'])
        .map(words)
        .filter(|words| !words.is_empty())
        .collect();
    let Some(mut operation) = segments.pop() else {
        return String::new();
    };
    if operation.len() == 1
        && let Some(mut target) = segments.pop()
        // Skip the type if it repeats the operation: `EnterMaintenanceMode.enter`.
        && !target.contains(&operation[0])
    {
        operation.append(&mut target);
    }
    let mut label = operation.join(" ");
    if let Some(first) = label.chars().next()
        && !PROPER.contains(&operation[0].as_str())
    {
        label.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    label
}

/// Splits a name into lower-case words, keeps proper names and drops trailing technical suffixes.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        let before = at.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(at + 1);
        let begins = character.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                // The last capital of a run begins a word: `OVFTemplate`. Not in `VMs`.
                || after.is_some_and(|after| after.is_lowercase())
                    && !is_plural(&characters[at + 1..]));
        if begins {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        word.push(*character);
    }
    words.extend((!word.is_empty()).then_some(word));
    join_proper(&mut words);
    while words
        .last()
        .is_some_and(|last| MACHINERY.contains(&last.to_lowercase().as_str()))
    {
        words.pop();
    }
    for word in &mut words {
        let proper = PROPER
            .iter()
            .find(|proper| proper.eq_ignore_ascii_case(word));
        let is_acronym = word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
        match proper {
            Some(proper) => (*proper).clone_into(word),
            None if is_acronym => {}
            None => *word = word.to_lowercase(),
        }
    }
    words
}

/// True if the text after a capital is only the `s` of a plural.
fn is_plural(rest: &[char]) -> bool {
    rest.first() == Some(&'s') && rest.get(1).is_none_or(|next| next.is_uppercase())
}

/// Joins neighbouring words that form one proper name: `V`, `Motion`.
fn join_proper(words: &mut Vec<String>) {
    let mut at = 0;
    while at + 1 < words.len() {
        let joined = format!("{}{}", words[at], words[at + 1]);
        if words[at].eq_ignore_ascii_case("v")
            && PROPER
                .iter()
                .any(|proper| proper.eq_ignore_ascii_case(&joined))
        {
            words[at] = joined;
            words.remove(at + 1);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests;
