//! Tests of the import parser with small crates.

use super::{graph::Graph, source};

/// Returns the imports between these files, as `from -> to`.
fn imports(files: &[(&str, &str)]) -> Vec<String> {
    let read = |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned())
    };
    let programs: &[&str] = if read("main.rs").is_some() {
        &["main"]
    } else {
        &[]
    };
    let crates: &[&str] = if read("low/lib.rs").is_some() {
        &["low"]
    } else {
        &[]
    };
    let modules = source::modules("lib.rs", programs, crates, &read);
    let imports = Graph::new(&modules, "sample", crates).imports();
    let mut pairs: Vec<String> = imports
        .iter()
        .map(|import| format!("{} -> {}", import.from_file, import.to_file))
        .collect();
    pairs.dedup();
    pairs
}

#[test]
fn every_form_of_path_is_resolved() {
    for text in [
        "use crate::b::Item;",
        "use super::b::{Other, Item as Renamed};",
        "use crate::{b::{self, Item}};",
        "fn f() -> crate::b::Item { make() }",
        "fn f() { let _ = vec![super::b::make()]; }",
        "use crate::b; fn f() { b::make(); }",
        "use crate::b as other; fn f(x: &other::Item) {}",
        "use super::b::*; fn f(x: &Item) {}",
        "pub(crate) use crate::b::Item;",
        "#[derive(Debug)] #[attribute(with = crate::b::make)] struct A;",
        "mod inner { use super::super::b::Item; }",
        "fn f() { use crate::b::Item; }",
        "#[cfg(not(test))] use crate::b::Item;",
        "#[cfg(any(test, unix))] use crate::b::Item;",
        "macro_rules! m { () => { $crate::b::make() } }",
        "use crate::passed::Item;",
        "use crate::passed; fn f(x: passed::Item) {}",
    ] {
        let files = [
            (
                "lib.rs",
                "mod a; pub mod b; mod passed { pub use super::b::Item; }",
            ),
            ("a.rs", text),
            (
                "b.rs",
                "pub struct Item; pub enum Other { A } pub fn make() {}",
            ),
        ];
        let found = imports(&files);
        assert!(
            found.contains(&"a.rs -> b.rs".to_owned()),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn test_code_and_non_imports_are_ignored() {
    for text in [
        "#[cfg(test)] use crate::b::Item;",
        "#[cfg(test)] mod tests { use crate::b::Item; }",
        "#[cfg(test)] mod tests;",
        "#[cfg(all(test, unix))] #[allow(unused)] fn f<A, B>(x: crate::b::Item) -> u8 { crate::b::make() }",
        "#[test] fn f() { crate::b::make(); }",
        "struct A { #[cfg(test)] b: crate::b::Item, c: u8 }",
        "// use crate::b::Item;\n/// [`crate::b::Item`]\nstruct A;",
        "const TEXT: &str = \"use crate::b::Item;\";",
        "use other::b::Item;",
        "use crate::b;",
        "fn f(x: Thing) { x.b::<u8>(); }",
        "pub(in crate::b) struct A;",
    ] {
        let files = [
            ("lib.rs", "mod a; pub mod b;"),
            ("a.rs", text),
            ("b.rs", "pub struct Item; pub fn make() {}"),
        ];
        assert_eq!(imports(&files), [""; 0], "{text}");
    }
}

#[test]
fn re_exports_are_resolved() {
    let files = [
        ("lib.rs", "pub mod a; mod c;"),
        (
            "a/mod.rs",
            "mod b; pub use b::Item; pub use b::sub::*; pub const LIMIT: u8 = 1;",
        ),
        (
            "a/b.rs",
            "pub mod sub; pub struct Item; fn f() { super::LIMIT; }",
        ),
        ("a/b/sub.rs", "pub struct Deep;"),
        ("c.rs", "use crate::a::{Item, Deep};"),
        ("main.rs", "use sample::a::Item;"),
    ];
    let expected = [
        "a/b.rs -> a/mod.rs",
        "c.rs -> a/b/sub.rs",
        "c.rs -> a/b.rs",
        "main.rs -> a/b.rs",
    ];
    let mut found = imports(&files);
    found.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn imports_from_and_within_other_crates_are_resolved() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use sample_low as low;"),
        ("a.rs", "use sample_low::deep::Item;"),
        ("b.rs", "use crate::low::deep::Item;"),
        ("low/lib.rs", "pub mod deep; mod c;"),
        ("low/deep.rs", "pub struct Item;"),
        ("low/c.rs", "use crate::deep::Item;"),
    ];
    assert_eq!(
        imports(&files),
        [
            "a.rs -> low/deep.rs",
            "b.rs -> low/deep.rs",
            "low/c.rs -> low/deep.rs"
        ]
    );
}
