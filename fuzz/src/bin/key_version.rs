//! The opened record of a key version.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::{algorithm::KeyType, key::KeyVersion, version::Version};

fuzz_target!(|bytes: &[u8]| {
    for key_type in KeyType::ALL {
        let Ok(version) = KeyVersion::decode(key_type, Version::FIRST, bytes) else {
            continue;
        };
        assert!(version.encode().matches(bytes));
    }
});
