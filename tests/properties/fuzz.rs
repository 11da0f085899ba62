//! Entry points of the fuzz targets, with their seeds and random modifications of those.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::{cases, entry_points};

/// Entry point of a fuzz target.
type Door = fn(&[u8]);

const DOORS: [(&str, Door); 4] = [
    ("task_info", entry_points::task_info),
    ("update_set", entry_points::update_set),
    ("fault", entry_points::fault),
    ("record", entry_points::record),
];

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let files = fs::read_dir(folder).unwrap();
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
    for (target, _) in DOORS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target}");
        for seed in seeds {
            for (_, door) in DOORS {
                door(&seed);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn modified_seeds_do_not_panic(which in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        for (target, door) in DOORS {
            let seeds = seeds(target);
            let mut body = which.get(&seeds).clone();
            for (at, gone, new) in &changes {
                let start = at.index(body.len() + 1);
                let end = (start + gone).min(body.len());
                body.splice(start..end, new.iter().copied());
            }
            door(&body);
        }
    }
}
