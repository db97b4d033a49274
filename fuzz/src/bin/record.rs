//! A record at rest: any bytes are taken apart or refused.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::record::Record;

fuzz_target!(|bytes: &[u8]| {
    let _ = Record::parse(bytes);
});
