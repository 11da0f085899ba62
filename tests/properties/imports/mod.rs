//! Import tests: no imports from lower to higher layers and no import cycles in `src`.

mod cycles;
mod graph;
mod layers;
mod parsing;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    sync::LazyLock,
};

use graph::{Graph, Import};
use source::Module;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
const LISTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/properties/imports");
/// Crates of the workspace, each in the directory of its name.
const CRATES: [&str; 8] = [
    "files",
    "metrics",
    "recording",
    "simulator",
    "task",
    "text",
    "vim",
    "watch",
];
/// Environment variable that removes obsolete entries from the lists.
const SHRINK: &str = "VTASK_SHRINK_LISTS";

static MODULES: LazyLock<Vec<Module>> = LazyLock::new(|| {
    let read = |file: &str| fs::read_to_string(format!("{SOURCES}/{file}")).ok();
    source::modules("lib.rs", &["main"], &CRATES, &read)
});

static IMPORTS: LazyLock<BTreeSet<Import>> =
    LazyLock::new(|| Graph::new(&MODULES, "vtask", &CRATES).imports());

/// A list of allowed entries. Lines that begin with `#` are comments.
struct List {
    file: String,
    head: String,
    /// Separator of the entries.
    between: &'static str,
    /// Lines of each entry.
    entries: BTreeSet<Vec<String>>,
}

impl List {
    /// Reads a list of single-line entries, or of multi-line entries separated by an empty line.
    fn read(name: &str, between: &'static str) -> Self {
        let file = format!("{LISTS}/{name}");
        let text = fs::read_to_string(&file).unwrap();
        let (head, body): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.starts_with('#'));
        let body = body.join("\n");
        let lines = |entry: &str| entry.lines().map(str::to_owned).collect();
        Self {
            file,
            head: head.join("\n"),
            between,
            entries: body
                .trim()
                .split(between)
                .filter(|entry| !entry.is_empty())
                .map(lines)
                .collect(),
        }
    }

    fn written(&self, entries: &[&Vec<String>]) -> String {
        let entries: Vec<String> = entries.iter().map(|lines| lines.join("\n")).collect();
        entries.join(self.between) + "\n"
    }

    /// Panics unless the findings equal the allowed entries. An entry found in parts or with fewer
    /// lines counts as shrunk.
    fn assert_allows(&self, found: &BTreeSet<Vec<String>>) {
        let is_allowed = |entry: &&Vec<String>| {
            let is_part_of =
                |allowed: &Vec<String>| entry.iter().all(|line| allowed.contains(line));
            self.entries.iter().any(is_part_of)
        };
        let new: Vec<_> = found.iter().filter(|entry| !is_allowed(entry)).collect();
        assert!(
            new.is_empty(),
            "new, and not allowed:\n{}",
            self.written(&new)
        );
        if *found == self.entries {
            return;
        }
        if env::var_os(SHRINK).is_some() {
            let entries: Vec<_> = found.iter().collect();
            fs::write(
                &self.file,
                format!("{}\n\n{}", self.head, self.written(&entries)),
            )
            .unwrap();
            return;
        }
        let obsolete: Vec<_> = self.entries.difference(found).collect();
        panic!(
            "{} has obsolete entries; run this with {SHRINK}=1. Obsolete:\n{}",
            self.file,
            self.written(&obsolete)
        );
    }
}

#[test]
fn every_module_has_a_layer() {
    let without = MODULES
        .iter()
        .filter(|module| !layers::has_layer(&module.path));
    let without: Vec<_> = without.map(|module| module.path.join("::")).collect();
    assert!(
        without.is_empty(),
        "give them one in imports/layers.rs: {without:?}"
    );
}

#[test]
fn imports_do_not_go_up() {
    let mut upward: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for import in &*IMPORTS {
        if let Some((from, to)) = layers::violated(import) {
            let line = format!("{} -> {}", import.from_file, import.to_file);
            let example = format!("{from} must not know {to}: {}", import.path);
            upward.entry(line).or_insert((example, 0)).1 += 1;
        }
    }
    for (line, (example, paths)) in &upward {
        println!("{line}  ({example}; {paths} paths)");
    }
    let found = upward.into_keys().map(|line| vec![line]).collect();
    List::read("allowed_imports.txt", "\n").assert_allows(&found);
}

#[test]
fn imports_have_no_cycles() {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in &*IMPORTS {
        edges
            .entry(&import.from_file)
            .or_default()
            .insert(&import.to_file);
    }
    let cycles = cycles::cycles(&edges);
    for cycle in &cycles {
        println!("a cycle of {} files:", cycle.len());
        for import in &*IMPORTS {
            if cycle.contains(&&*import.from_file) && cycle.contains(&&*import.to_file) {
                println!(
                    "  {} -> {}  ({})",
                    import.from_file, import.to_file, import.path
                );
            }
        }
    }
    let owned = |cycle: Vec<&str>| cycle.into_iter().map(str::to_owned).collect();
    let found = cycles.into_iter().map(owned).collect();
    List::read("allowed_cycles.txt", "\n\n").assert_allows(&found);
}
