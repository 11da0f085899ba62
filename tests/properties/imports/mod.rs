//! Import tests: no imports from lower to higher layers and no import cycles in `src`.

mod cycles;
mod graph;
mod layers;
mod parsing;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::LazyLock,
};

use graph::{Graph, Import};
use source::Module;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
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

static MODULES: LazyLock<Vec<Module>> = LazyLock::new(|| {
    let read = |file: &str| fs::read_to_string(format!("{SOURCES}/{file}")).ok();
    source::modules("lib.rs", &["main"], &CRATES, &read)
});

static IMPORTS: LazyLock<BTreeSet<Import>> =
    LazyLock::new(|| Graph::new(&MODULES, "vtask", &CRATES).imports());

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
    let upward: Vec<String> = IMPORTS
        .iter()
        .filter_map(|import| {
            let (from, to) = layers::violated(import)?;
            Some(format!(
                "{} -> {}: {from} must not know {to} ({})",
                import.from_file, import.to_file, import.path
            ))
        })
        .collect();
    assert!(upward.is_empty(), "{}", upward.join("\n"));
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
    let is_part = |import: &&Import| {
        let has_both = |cycle: &Vec<&str>| {
            cycle.contains(&&*import.from_file) && cycle.contains(&&*import.to_file)
        };
        cycles.iter().any(has_both)
    };
    let parts: Vec<String> = IMPORTS
        .iter()
        .filter(is_part)
        .map(|import| {
            format!(
                "{} -> {} ({})",
                import.from_file, import.to_file, import.path
            )
        })
        .collect();
    assert!(parts.is_empty(), "{}", parts.join("\n"));
}
