//! Strings in a JSON line, and others in their places.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::cli::rewrap_file::json::{Fields, Path, find};

fuzz_target!(|line: &[u8]| {
    let path = |text| Path::parse(text).expect("it is a path");
    let fields = Fields {
        values: vec![path("a"), path("b.a"), path("b")],
        context: Some(path("c")),
        associated_data: None,
    };
    let Ok(found) = find(line, &fields) else {
        return;
    };
    let text = "vault:v1:AAAA";
    let (mut replaced, mut copied) = (Vec::new(), 0);
    for value in &found.values {
        let token = &line[value.span.clone()];
        assert_eq!(value.quote, Some(b'"'));
        assert_eq!(
            serde_json::from_slice::<String>(token).ok(),
            Some(value.text.clone())
        );
        replaced.extend_from_slice(&line[copied..value.span.start]);
        replaced.extend_from_slice(format!("\"{text}\"").as_bytes());
        copied = value.span.end;
    }
    replaced.extend_from_slice(&line[copied..]);
    let again = find(&replaced, &fields).expect("it stays an object");
    assert_eq!(again.values.len(), found.values.len());
    assert!(again.values.iter().all(|value| value.text == text));
});
