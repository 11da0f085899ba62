//! The guides name files that exist.

use std::{fs, path::Path};

use regex::Regex;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn files_named_by_the_guides_exist() {
    let path = Regex::new(r"`([A-Za-z0-9_./-]+(?:\.(?:rs|toml|txt|tsv|json|md)|/))`").unwrap();
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let docs = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().display()));
    let top = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"].map(str::to_owned);
    let guides = docs
        .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "md"))
        .chain(top);
    for guide in guides {
        let text = fs::read_to_string(Path::new(ROOT).join(&guide)).unwrap();
        // Names in the table of bad and good names are examples.
        let text = text.split("| instead of |").next().unwrap();
        for found in path.captures_iter(text) {
            let name = &found[1];
            let exists = [ROOT.to_owned(), format!("{ROOT}/src")]
                .iter()
                .any(|directory| Path::new(directory).join(name).exists());
            let is_of_user = name.starts_with('~') || name.starts_with('/');
            assert!(exists || is_of_user, "{guide} names {name}");
        }
    }
}
