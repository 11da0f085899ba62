//! Properties of text output: safe to print, and as wide as computed.

use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use vtask::text::{
    json_line, json_pretty, prefix, sanitize, sanitize_lines, truncate, width, wrap,
};

use super::cases;
use crate::support::hostile::is_safe;

/// Generates characters, problematic ones more often.
fn character() -> impl Strategy<Value = char> {
    let ranges = |ranges: &[(u32, u32)]| {
        let all: Vec<_> = ranges
            .iter()
            .flat_map(|(from, to)| *from..=*to)
            .filter_map(char::from_u32)
            .collect();
        prop::sample::select(all)
    };
    prop_oneof![
        3 => any::<char>(),
        2 => ranges(&[(0x20, 0x7e)]),
        2 => ranges(&[(0, 0x1f), (0x7f, 0xa0)]),
        2 => ranges(&[(0x300, 0x36f), (0x483, 0x489), (0x591, 0x5bd), (0x610, 0x61a), (0xe31, 0xe3a), (0x1ab0, 0x1ac0), (0x20d0, 0x20f0)]),
        2 => ranges(&[(0x200b, 0x200f), (0x2028, 0x202f), (0x2060, 0x206f), (0xfe00, 0xfe0f), (0xfff0, 0xffff), (0xe0000, 0xe01ef)]),
        2 => ranges(&[(0x1f1e6, 0x1f1ff), (0x1f3fb, 0x1f3ff), (0x1f466, 0x1f469), (0x200d, 0x200d), (0xfe0f, 0xfe0f), (0x2764, 0x2764), (0x20e3, 0x20e3), (0x30, 0x32)]),
        1 => ranges(&[(0x600, 0x6ff), (0x900, 0x97f), (0x1100, 0x11ff), (0x1780, 0x17ff), (0x180b, 0x180f), (0xa8e0, 0xa8f1), (0xa960, 0xa97c), (0xd7b0, 0xd7fb)]),
        1 => ranges(&[(0x3000, 0x3100), (0xff00, 0xffef), (0x4e00, 0x4e40), (0xac00, 0xac40)]),
    ]
}

fn text(max_length: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..max_length).prop_map(String::from_iter)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text(12).prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(6), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn sanitize_is_safe_and_idempotent(text in text(60)) {
        let safe = sanitize(&text);
        prop_assert!(is_safe(&safe), "{safe:?}");
        prop_assert_eq!(sanitize(&safe), &*safe);
        for line in sanitize_lines(&text) {
            prop_assert!(is_safe(&line), "{:?}", line);
        }
    }

    #[test]
    fn width_of_sanitized_text_is_unambiguous(text in text(40)) {
        let safe = sanitize(&text);
        for grapheme in safe.graphemes(true) {
            let single: usize = grapheme.chars().filter_map(UnicodeWidthChar::width).sum();
            prop_assert_eq!(grapheme.width(), single, "{:?}", grapheme);
        }
        let single: usize = safe.chars().filter_map(UnicodeWidthChar::width).sum();
        prop_assert_eq!(width(&safe), single);
    }

    #[test]
    fn truncated_text_fits_width(text in text(80), columns in 0_usize..40) {
        let safe = sanitize(&text);
        prop_assert!(width(&truncate(&safe, columns, "…")) <= columns);
        prop_assert!(width(prefix(&safe, columns)) <= columns);
        // A wide letter or a grapheme cluster cannot be made narrower.
        let min_columns = safe.graphemes(true).map(width).max().unwrap_or(0).max(2);
        let columns = columns.max(min_columns + 1);
        for part in wrap(&safe, columns) {
            prop_assert!(width(&part) <= columns, "{:?}", part);
        }
        let kept: String = wrap(&safe, columns).concat().chars().filter(|c| !c.is_whitespace()).collect();
        let all: String = safe.chars().filter(|c| !c.is_whitespace()).collect();
        prop_assert_eq!(kept, all, "wrapping loses nothing but spaces");
    }

    #[test]
    fn json_line_is_safe_and_lossless(value in value()) {
        for written in [json_line(&value), json_pretty(&value)] {
            prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            prop_assert!(written.lines().all(is_safe), "{:?}", written);
        }
        prop_assert!(!json_line(&json!([value])).contains('\n'));
    }
}
