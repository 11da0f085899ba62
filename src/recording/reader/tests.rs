use std::io::Cursor;

use super::*;
use crate::{ConnectionState, Entry};

const HEADER: &str =
    r#"{"vtask_record":1,"vtask":"0.1.0","started":"2026-11-29T10:00:00Z","vcenters":["vc01"]}"#;
const LIVE: &str = r#"{"t":"2026-11-29T10:00:01Z","vc":0,"link":{"state":"live"}}"#;
const LATER: &str = r#"{"t":"2026-11-29T10:00:01Z","vc":0,"weather":{"sky":"blue"}}"#;
const GONE: &str =
    r#"{"t":"2026-11-29T10:00:02Z","vc":0,"gone":{"task":"task-1","at":"2026-11-29T10:00:02Z"}}"#;

fn read(bytes: impl Into<Vec<u8>>) -> (Vec<Line>, Damage) {
    let mut reader = Reader::new(Cursor::new(bytes.into()), "test").unwrap();
    let lines = reader.by_ref().collect();
    (lines, reader.damage().clone())
}

fn refused(bytes: impl Into<Vec<u8>>) -> String {
    Reader::new(Cursor::new(bytes.into()), "x.zst")
        .unwrap_err()
        .to_string()
}

fn frame(text: &str) -> Vec<u8> {
    zstd::bulk::compress(text.as_bytes(), 1).unwrap()
}

#[test]
fn plain_and_compressed_records_are_read_the_same() {
    let plain = format!("{HEADER}\n{LIVE}\n{GONE}\n");
    let (lines, damage) = read(plain.clone());
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].entry, Entry::Link(ConnectionState::Live));
    assert_eq!(damage, Damage::default());
    let frames = [
        frame(&format!("{HEADER}\n{LIVE}\n")),
        frame(&format!("{GONE}\n")),
    ]
    .concat();
    assert_eq!(read(frames), (lines.clone(), damage.clone()));
    assert_eq!(read(frame(&plain)), (lines, damage));
}

#[test]
fn every_torn_tail_keeps_all_whole_frames() {
    let first = frame(&format!("{HEADER}\n{LIVE}\n"));
    let whole = [first.clone(), frame(&format!("{GONE}\n{GONE}\n"))].concat();
    for end in first.len() + 1..whole.len() {
        let (lines, damage) = read(&whole[..end]);
        assert!(!lines.is_empty(), "{end}");
        assert_eq!(lines[0].entry, Entry::Link(ConnectionState::Live));
        let rest = damage.rest.unwrap_or_default();
        assert!(
            rest.contains("the end of the record is missing"),
            "{end}: {rest}"
        );
    }
    let plain = format!("{HEADER}\n{LIVE}\n{}", &GONE[..30]);
    let (lines, damage) = read(plain);
    assert_eq!(lines.len(), 1);
    assert!(
        damage
            .to_string()
            .contains("the end of the record is missing")
    );
}

#[test]
fn damage_in_the_middle_ends_the_record() {
    let mut whole = frame(&format!("{HEADER}\n{LIVE}\n"));
    whole.extend(b"not zstd at all");
    let (lines, damage) = read(whole);
    assert_eq!(lines.len(), 1);
    assert!(damage.rest.is_some());
}

#[test]
fn invalid_lines_are_skipped_and_counted() {
    let text =
        format!("{HEADER}\n\n{{}}\nnonsense\n{LIVE}\n{HEADER}\n[1]\n{LATER}\n\u{0}\n{GONE}\n");
    let (lines, damage) = read(text);
    assert_eq!((lines.len(), damage.invalid_lines), (2, 4));
    assert_eq!(damage.to_string(), "4 invalid lines were skipped");
}

#[test]
fn line_length_is_limited() {
    let long = format!("{HEADER}\n{}\n{LIVE}\n", "x".repeat(2 * MAX_LINE + 5));
    let (lines, damage) = read(frame(&long));
    assert_eq!((lines.len(), damage.invalid_lines), (1, 1));
}

#[test]
fn decompression_ratio_is_limited() {
    // 200 MB of blank lines in a few kilobytes.
    let mut bomb = frame(&format!("{HEADER}\n"));
    let line = [" ".repeat((1 << 20) - 1), "\n".to_owned()].concat();
    let block = zstd::bulk::compress(line.repeat(100).as_bytes(), 1).unwrap();
    bomb.extend(&block);
    bomb.extend(&block);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let (lines, damage) = read(bomb);
    assert!(lines.is_empty());
    let rest = damage.rest.unwrap();
    assert!(rest.contains("expands more"), "{rest}");
}

#[test]
fn other_files_and_later_versions_are_refused() {
    for other in ["", "\n", "{}\n", "hello\n", "[]", "\u{1b}[31m\n"] {
        assert!(refused(other).contains("is not a vtask record"), "{other}");
    }
    let later = HEADER.replace(r#""vtask_record":1"#, r#""vtask_record":99"#);
    assert_eq!(
        refused(later),
        "x.zst has version 99 of the record format; this vtask reads up to 1. Use a newer vtask."
    );
    let error = Reader::open(Path::new("/nowhere/x.zst")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read /nowhere/x.zst"));
}
