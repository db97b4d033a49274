//! PEM: any text is read or refused, and what is read can be written and read again.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::pem;

fuzz_target!(|text: &str| {
    if let Ok(block) = pem::decode(text) {
        let written = pem::encode(&block.label, &block.content);
        // A label may hold anything, even what ends the line that it stands in.
        if block.label.chars().all(|c| c.is_ascii_alphanumeric()) {
            assert_eq!(pem::decode(&written), Ok(block));
        }
    }
    if let Ok(certificates) = pem::decode_certificates(text) {
        let written: String = certificates
            .iter()
            .map(|certificate| pem::encode(pem::CERTIFICATE, certificate))
            .collect();
        assert_eq!(pem::decode_certificates(&written), Ok(certificates));
    }
});
