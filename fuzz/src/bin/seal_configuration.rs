//! The seal configuration, which is stored in plain.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::seal::SealConfiguration;

fuzz_target!(|bytes: &[u8]| {
    let Ok(configuration) = SealConfiguration::parse(bytes) else {
        return;
    };
    let again = SealConfiguration::parse(&configuration.to_json()).expect("what we write, we read");
    assert_eq!(again, configuration);
});
