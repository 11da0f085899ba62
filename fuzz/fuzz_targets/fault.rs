//! Any body as a fault: its chain, its words and its own fields.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vtask::{text::sanitize, vim::types::Fault};

fuzz_target!(|body: &[u8]| {
    let Ok(value) = serde_json::from_slice(body) else {
        return;
    };
    let fault = Fault::new(value);
    for fault in fault.chain() {
        let text = sanitize(&fault.text()).into_owned();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        let _ = (fault.type_name(), fault.is_request_canceled(), fault.messages());
        fault.own_fields().for_each(drop);
    }
    let again = Fault::new(fault.as_json().clone());
    assert_eq!(again.text(), fault.text());
});
