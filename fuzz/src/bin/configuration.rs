//! The configuration file.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::config::Config;

fuzz_target!(|text: &str| {
    let _ = Config::parse(text, std::iter::empty());
});
