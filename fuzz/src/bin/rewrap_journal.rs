//! What an interrupted run left.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::cli::rewrap_file::journal::Journal;

fuzz_target!(|bytes: &[u8]| {
    let Ok(journal) = Journal::parse(bytes) else {
        return;
    };
    assert_eq!(Journal::parse(&journal.to_bytes()), Ok(journal));
});
