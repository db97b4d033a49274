//! A plaintext backup of a peer.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::{base64, clock::Clock, key::backup};

fuzz_target!(|json: &[u8]| {
    let now = Clock::system().now();
    let Ok(key) = backup::read(&base64::encode(json), None, now) else {
        return;
    };
    backup::read(&backup::write(&key), None, now).expect("what we write, we read");
});
