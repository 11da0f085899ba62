//! The language of the doc comments: they begin with a verb or a noun phrase and use the field's words.
//!
//! `cargo test --test integration comments -- --nocapture` prints the shares.

use std::{fs, path::Path};

use regex::Regex;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The largest share of doc comments that may break a rule, in percent.
const MAX_PERCENT: usize = 3;

/// Clauses such as "What is known" or "Whether it ended" in the place of a verb or a noun.
const OPENING: &str = r"^(What|Whether|How|Where|Who|Whom|Whose|When|Why)\s+[a-z]";

/// Words that no other project of this kind uses in its comments.
const DIALECT: &str = r"(?i)\b(tells?|told|says?|said|stands?|stood|hears?|heard|lies|befalls?|befell|befallen|so many|nobody|somebody|people|whoever|in vain|anew|litter|is over|the hand|the ear)\b";

/// Collects the doc comments of a file, each as one line of text.
fn doc_comments(source: &str) -> Vec<String> {
    let mut comments = Vec::new();
    let mut current = String::new();
    let lines = source.lines().map(str::trim_start);
    for line in lines.chain(std::iter::once("")) {
        let text = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        match text {
            Some(text) if !text.trim().is_empty() => {
                current.push_str(text.trim());
                current.push(' ');
            }
            _ if !current.is_empty() => comments.push(std::mem::take(&mut current)),
            _ => {}
        }
    }
    comments
}

fn read_all(directory: &Path, comments: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_all(&path, comments);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            comments.extend(doc_comments(&fs::read_to_string(path).unwrap()));
        }
    }
}

fn breaking<'a>(comments: &'a [String], rule: &str) -> Vec<&'a String> {
    let rule = Regex::new(rule).unwrap();
    comments
        .iter()
        .filter(|comment| rule.is_match(comment))
        .collect()
}

#[test]
fn doc_comments_use_plain_english() {
    let mut comments = Vec::new();
    read_all(Path::new(SOURCES), &mut comments);
    assert!(comments.len() > 1_000, "{}", comments.len());
    for (name, rule) in [("opening clause", OPENING), ("dialect", DIALECT)] {
        let found = breaking(&comments, rule);
        println!("{name}: {} of {} doc comments", found.len(), comments.len());
        assert!(
            found.len() * 100 < comments.len() * MAX_PERCENT,
            "{name}: {} of {}, for instance {:#?}",
            found.len(),
            comments.len(),
            found.iter().take(20).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_comment_that_breaks_a_rule_is_counted() {
    let source =
        "/// What is known.\n/// More.\nfn a() {}\n//! Reads a file.\n\n/// It is told.\nfn b() {}";
    let comments = doc_comments(source);
    assert_eq!(comments.len(), 3, "{comments:?}");
    assert_eq!(breaking(&comments, OPENING).len(), 1);
    assert_eq!(breaking(&comments, DIALECT).len(), 1);
}
