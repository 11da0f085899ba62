//! Entry points of the fuzz targets, with their seeds and random modifications of those.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::{cases, entry_points};

/// Entry point of a fuzz target.
type EntryPoint = fn(&[u8]);

const ENTRY_POINTS: [(&str, EntryPoint); 4] = [
    ("task_info", entry_points::task_info),
    ("update_set", entry_points::update_set),
    ("fault", entry_points::fault),
    ("record", entry_points::record),
];

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let files = fs::read_dir(directory).unwrap();
    files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

/// Generates a modification: position, number of removed bytes, inserted bytes.
fn change() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let pieces = [
        "null",
        "{}",
        "[]",
        "\"\"",
        "\"\\ud800\"",
        "1e999",
        "-1",
        "{\"_value\":",
        "}",
        "\"_typeName\":\"int\",",
        ",",
        "\u{0}",
        "[[[[",
        "99999999999999999999",
    ];
    let piece = prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec());
    let bytes = prop::collection::vec(any::<u8>(), 0..4);
    (
        any::<prop::sample::Index>(),
        0_usize..12,
        prop_oneof![piece, bytes],
    )
}

#[test]
fn every_entry_point_accepts_every_seed() {
    for (target, _) in ENTRY_POINTS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target}");
        for seed in seeds {
            for (_, entry_point) in ENTRY_POINTS {
                entry_point(&seed);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn modified_seeds_do_not_panic(seed_index in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        for (target, entry_point) in ENTRY_POINTS {
            let seeds = seeds(target);
            let mut body = seed_index.get(&seeds).clone();
            for (position, removed_length, inserted) in &changes {
                let start = position.index(body.len() + 1);
                let end = (start + removed_length).min(body.len());
                body.splice(start..end, inserted.iter().copied());
            }
            entry_point(&body);
        }
    }
}
