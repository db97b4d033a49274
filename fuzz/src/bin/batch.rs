//! The items of a batch.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::http::{Fields, transit::items};

fuzz_target!(|body: &[u8]| {
    let Ok(fields) = Fields::parse(body) else {
        return;
    };
    let Some(raw) = fields.raw("batch_input") else {
        return;
    };
    for strictness in items::Strictness::ALL {
        let Ok(items) = items::parse(raw, strictness, 100) else {
            continue;
        };
        assert!((1..=100).contains(&items.len()));
    }
});
