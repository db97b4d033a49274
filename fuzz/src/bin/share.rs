//! A share as an operator types it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::share::Share;

fuzz_target!(|text: &str| {
    let Ok(share) = Share::parse(text) else {
        return;
    };
    let again = Share::parse(&share.expose_base64()).expect("what we write, we read");
    assert!(again.matches(&share) && again.label() == share.label());
});
