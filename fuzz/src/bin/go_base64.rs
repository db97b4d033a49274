//! Base64 as Go reads it: where the strict decoder agrees, both give the same bytes.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::base64;

fuzz_target!(|text: &[u8]| {
    match base64::decode(text) {
        Ok(bytes) => assert_eq!(base64::decode(base64::encode(&bytes).as_bytes()), Ok(bytes)),
        Err(base64::Base64Error(at)) => assert!(at <= text.len()),
    }
});
