//! PEM: any text is read or refused, and what is read can be written and read again.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::pem;

fuzz_target!(|text: &str| {
    let Ok(blocks) = pem::decode_all(text) else {
        assert!(pem::decode(text).is_err());
        return;
    };
    assert_eq!(pem::decode(text).is_ok(), blocks.len() == 1);
    // A label may hold anything, even what ends the line that it stands in.
    let simple = |block: &pem::Block| block.label.chars().all(|c| c.is_ascii_alphanumeric());
    if blocks.iter().all(simple) {
        let write = |block: &pem::Block| pem::encode(&block.label, &block.content);
        let written: String = blocks.iter().map(write).collect();
        assert_eq!(pem::decode_all(&written), Ok(blocks));
    }
});
