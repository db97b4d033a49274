//! What stands behind the `?` of a URL.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::http::Query;

fuzz_target!(|text: &str| {
    let query = Query::parse(Some(text));
    let _ = (query.value("list"), query.value(""));
});
