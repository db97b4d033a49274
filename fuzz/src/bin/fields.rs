//! JSON bodies, and every way in which a handler reads a member.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::http::Fields;

fuzz_target!(|body: &[u8]| {
    let Ok(fields) = Fields::parse(body) else {
        return;
    };
    let _ = (
        fields.string("a"),
        fields.integer("a"),
        fields.boolean("a"),
        fields.seconds("a"),
    );
    let _ = fields.unrecognized(|name| name == "a");
});
