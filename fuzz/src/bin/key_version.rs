//! The opened record of a key version.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::{algorithm::KeyType, key::KeyVersion, version::Version};

fuzz_target!(|bytes: &[u8]| {
    for key_type in KeyType::ALL {
        let Ok(version) = KeyVersion::decode(key_type, Version::FIRST, bytes) else {
            continue;
        };
        let encoded = version.encode();
        // The schema before, 1, comes back in the present one.
        if bytes.starts_with(&[1]) {
            let again = KeyVersion::decode(key_type, Version::FIRST, encoded.expose());
            assert!(again.is_ok_and(|again| again.encode().matches(encoded.expose())));
        } else {
            assert!(encoded.matches(bytes));
        }
    }
});
