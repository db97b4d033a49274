//! Records of a CSV file, and fields in them.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate::cli::rewrap_file::csv::{Columns, Splitter};

fuzz_target!(|file: &[u8]| {
    let columns = Columns {
        values: vec![1, 0],
        context: Some(2),
        associated_data: None,
    };
    let mut splitter = Splitter::new(b',');
    let (mut rest, mut first) = (file, true);
    while let Some(end) = splitter.record_end(rest, true, first) {
        assert!(0 < end && end <= rest.len());
        let (record, more) = rest.split_at(end);
        if let Ok(found) = splitter.find(record, &columns, first) {
            let mut last = 0;
            for value in found.values {
                assert!(last <= value.span.start && value.span.end <= record.len());
                last = value.span.end;
            }
        }
        (rest, first) = (more, false);
    }
    assert!(rest.is_empty());
});
