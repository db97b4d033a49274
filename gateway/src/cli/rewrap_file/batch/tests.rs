//! Files cut into batches, and put together again.

use proptest::prelude::*;

use super::super::csv::{Columns, Splitter};
use super::super::json::{Fields, Path};
use super::*;

const RULES: Rules = Rules {
    latest: Some(2),
    keep_others: false,
    batch_size: 2,
};

fn batches(text: &str, shape: Shape, rules: Rules) -> Vec<Batch> {
    let batches = Batches::new(text.as_bytes(), shape, rules, true, 0);
    batches.map(Result::unwrap).collect()
}

fn csv(context: Option<usize>) -> Shape {
    Shape::Csv {
        splitter: Box::new(Splitter::new(b',')),
        columns: Columns {
            values: vec![1],
            context,
            associated_data: None,
        },
        header: true,
    }
}

fn json() -> Shape {
    Shape::JsonLines(Fields {
        values: vec![Path::parse("a").unwrap()],
        context: None,
        associated_data: None,
    })
}

#[test]
fn every_value_is_counted_and_every_fault_has_a_line() {
    let text = "vault:v1:aa\n\nvault:v2:bb\nnonsense\n vault:v1:cc \nvault:v3:dd";
    let batches = batches(text, Shape::Lines, RULES);
    let raw: Vec<_> = batches.iter().flat_map(|batch| batch.raw.clone()).collect();
    assert_eq!(raw, text.as_bytes());
    let sent: Vec<_> = batches.iter().map(|batch| batch.changes.len()).collect();
    assert_eq!(sent, [2, 1]);
    let lines = batches.iter().flat_map(|batch| &batch.changes);
    assert_eq!(
        lines.map(|change| change.line).collect::<Vec<_>>(),
        [1, 5, 6]
    );
    let tally = &batches[0].tally;
    assert_eq!(
        (tally.records, tally.empty, tally.up_to_date, tally.failed),
        (5, 1, 1, 1)
    );
    let (line, fault) = &batches[0].faults[0];
    assert!(
        *line == 4 && fault.contains("\"nonsense\" is not a ciphertext"),
        "{fault}"
    );
}

#[test]
fn others_may_stay_and_the_latest_may_go() {
    let rules = Rules {
        latest: None,
        keep_others: true,
        ..RULES
    };
    let batches = batches("nonsense\nvault:v2:bb\n", Shape::Lines, rules);
    assert_eq!(batches[0].changes.len(), 1);
    assert_eq!((batches[0].tally.others, batches[0].tally.failed), (1, 0));
}

#[test]
fn new_texts_take_the_places_of_old_ones() {
    let text = "id,card\n1,\"vault:v1:aa\"\n2,vault:v1:bb\n3,vault:v1:cc\n";
    let rules = Rules {
        batch_size: 9,
        ..RULES
    };
    let batches = batches(text, csv(None), rules);
    let new = |text: &str| Some(text.to_owned());
    let bytes = batches[0].with(&[new("vault:v2:xyz"), None, new("vault:v2:")]);
    let expected = "id,card\n1,\"vault:v2:xyz\"\n2,vault:v1:bb\n3,vault:v2:\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    assert_eq!(batches[0].tally.records, 3);
}

#[test]
fn a_context_must_be_there_and_be_base64() {
    let text = "id,card,c\n1,vault:v1:aa,YQ==\n2,vault:v1:bb,\n3,vault:v1:cc,?\n4,vault:v2:dd,\n";
    let batches = batches(text, csv(Some(2)), RULES);
    let batch = &batches[0];
    assert_eq!(batch.changes.len(), 1);
    assert_eq!(batch.changes[0].context.as_deref(), Some(&b"a"[..]));
    assert_eq!(
        batch.faults,
        [
            (3, "the context is missing or empty".to_owned()),
            (4, "the context is not base64".to_owned())
        ]
    );
}

#[test]
fn a_record_of_many_lines_names_the_line_of_its_value() {
    let text = "id,card\n\n\"1\n\n\",nonsense\n{\n";
    let batches = batches(text, csv(None), RULES);
    let lines: Vec<_> = batches[0].faults.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [5, 6]);
}

#[test]
fn endless_records_are_refused() {
    let endless = io::repeat(b'x');
    let mut batches = Batches::new(endless, Shape::Lines, RULES, true, 0);
    let refused = batches.next().unwrap();
    assert!(matches!(
        refused,
        Err(FileError::RecordTooLong { line: 1, .. })
    ));
}

/// Gives one byte at a time.
struct Dripping<'t>(&'t [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.len().min(buffer.len()).min(1);
        let (now, later) = self.0.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.0 = later;
        Ok(length)
    }
}

proptest! {
    /// Whatever the file: no byte is lost, and batches do not depend on how it is read, nor
    /// on where a run began.
    #[test]
    fn cutting_loses_nothing(
        text in "(vault:v[12]:aa|[,\"\n\r{}a:]|\"a\":){0,40}", shape in 0..3, batch_size in 1usize..4,
    ) {
        let shape = || match shape {
            0 => Shape::Lines,
            1 => json(),
            _ => csv(None),
        };
        let rules = Rules { batch_size, ..RULES };
        let whole = batches(&text, shape(), rules);
        let raw: Vec<_> = whole.iter().flat_map(|batch| batch.raw.clone()).collect();
        prop_assert_eq!(&raw, text.as_bytes());
        let unchanged = whole.iter().flat_map(|batch| batch.with(&vec![None; batch.changes.len()]));
        prop_assert_eq!(unchanged.collect::<Vec<_>>(), raw);

        let dripping = Batches::new(Dripping(text.as_bytes()), shape(), rules, true, 0);
        let dripping: Vec<_> = dripping.map(Result::unwrap).collect();
        prop_assert_eq!(format!("{whole:?}"), format!("{dripping:?}"));

        let (mut bytes, mut lines) = (0, 0);
        for (number, batch) in whole.iter().enumerate() {
            bytes += batch.raw.len();
            lines += batch.lines;
            let rest = Batches::new(&text.as_bytes()[bytes..], shape(), rules, false, lines);
            let rest: Vec<_> = rest.map(Result::unwrap).collect();
            prop_assert_eq!(format!("{:?}", &whole[number + 1..]), format!("{rest:?}"));
        }
    }
}
