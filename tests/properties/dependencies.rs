//! Checks of the dependencies against deny.toml: licence and source of each, and no crate in two
//! versions except for the listed ones. Needs no network and no tool but cargo.

use std::{collections::BTreeMap, env, fs, process::Command};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(file: &str) -> toml::Table {
    let text = fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
    text.parse().unwrap()
}

fn texts(list: &toml::Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Returns the packages built on this platform, from cargo metadata.
fn packages() -> Vec<Value> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", host.unwrap()])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let built: Vec<&Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["id"])
        .collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| built.contains(&&package["id"]))
        .cloned()
        .collect()
}

/// True if the allowed licences satisfy an SPDX expression.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let met = is_any_met(&mut words, allowed);
    assert_eq!(words.next(), None, "{expression}");
    met
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn is_any_met(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = is_all_met(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= is_all_met(words, allowed);
    }
    met
}

fn is_all_met(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = is_license_met(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= is_license_met(words, allowed);
    }
    met
}

fn is_license_met(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let word = words.next().expect("a licence");
    if word == "(" {
        let met = is_any_met(words, allowed);
        assert_eq!(words.next(), Some(")"));
        return met;
    }
    let licence = match words.next_if_eq(&"WITH") {
        Some(_) => format!("{word} WITH {}", words.next().expect("an exception")),
        None => word.to_owned(),
    };
    allowed.contains(&licence)
}

#[test]
fn spdx_expressions_are_evaluated() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT AND GPL-3.0 OR ISC", true),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(MIT OR ISC) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn licences_and_sources_are_allowed() {
    let rules = read("deny.toml");
    let allowed = texts(&rules["licenses"]["allow"]);
    let registries = texts(&rules["sources"]["allow-registry"]);
    let packages = packages();
    assert!(packages.len() > 100, "only {}", packages.len());
    let mut refused = Vec::new();
    for package in &packages {
        let name = &package["name"];
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_met(licence, &allowed) {
            refused.push(format!("{name}: its licence is {licence}"));
        }
        // Only vtask itself is local.
        if let Some(source) = package["source"].as_str() {
            let source = source.trim_start_matches("registry+");
            if !registries.iter().any(|known| known == source) {
                refused.push(format!("{name}: it comes from {source}"));
            }
        }
    }
    assert!(
        refused.is_empty(),
        "deny.toml does not allow:\n{}",
        refused.join("\n")
    );
}

#[test]
fn no_unlisted_duplicate_crates() {
    let rules = read("deny.toml");
    let skipped: Vec<String> = rules["bans"]["skip"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["crate"].as_str().unwrap().to_owned())
        .collect();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in read("Cargo.lock")["package"].as_array().unwrap() {
        let [name, version] = ["name", "version"].map(|key| package[key].as_str().unwrap());
        versions
            .entry(name.to_owned())
            .or_default()
            .push(version.to_owned());
    }
    let is_skipped = |name: &str, version: &str| {
        skipped.iter().any(|row| {
            let (known, from) = row.split_once(':').unwrap();
            known == name && format!("{version}.").starts_with(&format!("{from}."))
        })
    };
    let mut duplicates = Vec::new();
    for (name, versions) in &versions {
        let remaining: Vec<_> = versions
            .iter()
            .filter(|version| !is_skipped(name, version))
            .collect();
        if remaining.len() > 1 {
            duplicates.push(format!("{name}: {remaining:?}"));
        }
    }
    assert!(
        duplicates.is_empty(),
        "in several versions (see `cargo tree -d`; skip the older one in deny.toml, with the reason):\n{}",
        duplicates.join("\n")
    );
    for row in &skipped {
        let (name, _) = row.split_once(':').unwrap();
        let is_duplicated = versions
            .get(name)
            .is_some_and(|versions| versions.len() > 1);
        assert!(
            is_duplicated,
            "deny.toml skips {row}, which has no duplicate any more"
        );
    }
}
