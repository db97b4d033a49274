//! The text form of a ciphertext: any text is taken apart or refused.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::ciphertext::{Ciphertext, write_text};
use sealgate_keyring::version::Version;

fuzz_target!(|text: &str| {
    let Ok(ciphertext) = Ciphertext::parse(text) else {
        return;
    };
    let (Ok(sealed), Ok(number)) = (ciphertext.decode(), u32::try_from(ciphertext.version()))
    else {
        return;
    };
    let Some(version) = Version::new(number) else {
        return;
    };
    let mut written = String::new();
    write_text(version, &sealed, &mut written);
    let read = Ciphertext::parse(&written).expect("what we write, we read");
    assert_eq!(
        (read.version(), read.decode()),
        (ciphertext.version(), Ok(sealed))
    );
});
