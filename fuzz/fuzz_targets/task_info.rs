//! Any body as a `TaskInfo`: read, judged, shown and written again, and what was written reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vtask::vim::types::TaskInfo;

fuzz_target!(|body: &[u8]| {
    let Ok(value) = serde_json::from_slice(body) else {
        return;
    };
    let Ok(info) = TaskInfo::from_json(value) else {
        return;
    };
    let _ = (info.ended_cancelled(), info.parent_key(), info.root_key());
    if let Some(error) = &info.error {
        vtask::text::sanitize(&error.text());
    }
    let written = info.to_json();
    let again = TaskInfo::from_json(written.clone()).expect("what was written can be read");
    assert_eq!(again.to_json(), written);
});
