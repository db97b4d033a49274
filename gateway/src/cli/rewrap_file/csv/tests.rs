//! Columns, and fields in them.

use proptest::prelude::*;

use super::*;

fn splitter() -> Splitter {
    Splitter::new(b',')
}

fn columns(values: &[usize]) -> Columns {
    Columns {
        values: values.to_vec(),
        context: None,
        associated_data: None,
    }
}

/// All records of a file.
fn records<'f>(splitter: &mut Splitter, mut file: &'f [u8]) -> Vec<&'f [u8]> {
    let mut records = Vec::new();
    while let Some(end) = splitter.record_end(file, true, records.is_empty()) {
        let (record, rest) = file.split_at(end);
        records.push(record);
        file = rest;
    }
    records
}

/// What csv_core makes of a whole file.
fn oracle(file: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = ReaderBuilder::new().delimiter(b',').build();
    let (mut rest, mut field) = (file, Vec::new());
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let mut buffer = vec![0; file.len() + 1];
    loop {
        let (result, taken, written) = reader.read_field(rest, &mut buffer);
        rest = &rest[taken..];
        field.extend_from_slice(&buffer[..written]);
        match result {
            ReadFieldResult::Field { record_end } => {
                record.push(std::mem::take(&mut field));
                if record_end {
                    records.push(std::mem::take(&mut record));
                }
            }
            ReadFieldResult::End => return records,
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
        }
    }
}

#[test]
fn columns_are_numbers_or_names() {
    assert_eq!(Column::parse("1"), Ok(Column::Number(0)));
    assert_eq!(Column::parse("card"), Ok(Column::Name("card".to_owned())));
    for text in ["", "0"] {
        assert_eq!(Column::parse(text), Err(ColumnError), "{text:?}");
    }
}

#[test]
fn names_are_looked_up_in_the_header() {
    let header = splitter()
        .texts(b"\xef\xbb\xbf\"id\",card,id2,card\r\n", true)
        .unwrap();
    assert_eq!(header, ["id", "card", "id2", "card"]);
    let named = |name: &str| {
        let columns = Columns {
            values: vec![Column::Number(8), Column::Name(name.to_owned())],
            context: None,
            associated_data: None,
        };
        assert!(columns.has_names());
        columns.resolve(&header).map(|columns| columns.values)
    };
    assert_eq!(named("id2"), Ok(vec![8, 2]));
    let unknown = named("cards").unwrap_err().to_string();
    assert!(
        unknown.contains("\"cards\"") && unknown.contains("id, card, id2"),
        "{unknown}"
    );
    assert!(matches!(named("card"), Err(HeaderError::Ambiguous(_))));
}

#[test]
fn delimiters_leave_ciphertexts_alone() {
    for byte in *b",;\t| " {
        assert!(is_delimiter(byte));
    }
    for byte in *b"av1:+/=\"\r\n\xff" {
        assert!(!is_delimiter(byte), "{byte}");
    }
}

#[test]
fn records_end_behind_their_line_end() {
    let mut splitter = splitter();
    let mut end = |bytes: &[u8], at_end| splitter.record_end(bytes, at_end, false);
    assert_eq!(end(b"a,b\nc", false), Some(4));
    assert_eq!(end(b"a,b\r\nc", false), Some(5));
    assert_eq!(end(b"a,b\r", false), None);
    assert_eq!(end(b"a,b\r", true), Some(4));
    assert_eq!(end(b"a,b\rc", false), Some(4));
    assert_eq!(end(b"\"a\n\",b\nc", false), Some(7));
    assert_eq!(end(b"\"a\n\"", false), None);
    assert_eq!(end(b"a,", true), Some(2));
    assert_eq!(end(b"\n\n", false), None);
    assert_eq!(end(b"\n\n", true), Some(2));
    assert_eq!(end(b"", true), None);
    let long = [b"a".repeat(5000), b"\nb".to_vec()].concat();
    assert_eq!(end(&long, false), Some(5001));
}

#[test]
fn fields_are_found_with_their_quotes() {
    let record = b"\n1,\"vault:v1:aGk=\",\"say \"\"x\"\"\",\r\n";
    let found = splitter()
        .find(record, &columns(&[1, 3, 2]), false)
        .unwrap();
    let values: Vec<_> = found
        .values
        .iter()
        .map(|value| {
            (
                &record[value.span.clone()],
                value.quote,
                value.text.as_str(),
            )
        })
        .collect();
    assert_eq!(
        values,
        [
            (&b"\"vault:v1:aGk=\""[..], Some(QUOTE), "vault:v1:aGk="),
            (b"\"say \"\"x\"\"\"", Some(QUOTE), "say \"x\""),
            (b"", None, ""),
        ]
    );
}

#[test]
fn context_and_associated_data_have_columns() {
    let columns = Columns {
        values: vec![0],
        context: Some(2),
        associated_data: Some(1),
    };
    let found = splitter().find(b"a,b,c", &columns, false).unwrap();
    assert_eq!(found.context.as_deref(), Some("c"));
    assert_eq!(found.associated_data.as_deref(), Some("b"));
    assert_eq!(
        splitter().find(b"a,b\n", &columns, false),
        Err(Fault::NoColumn(3))
    );
    assert_eq!(
        splitter().find(b"\r\n", &columns, false),
        Ok(Found::default())
    );
    assert_eq!(
        splitter().find(b"a,\xff,c", &columns, false),
        Err(Fault::NotText)
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_field() {
    let file = b"\xef\xbb\xbf\"a\nb\",c\n";
    let mut splitter = splitter();
    assert_eq!(splitter.record_end(file, true, true), Some(file.len()));
    assert_eq!(splitter.texts(file, true).unwrap(), ["a\nb", "c"]);
}

proptest! {
    /// Whatever the bytes: nothing is lost, and the fields are those of csv_core.
    #[test]
    fn agrees_with_csv_core(file in prop::collection::vec(
        prop::sample::select(&b"ab,\"\r\n\xef\xbb\xbf "[..]), 0..60)
    ) {
        let mut splitter = splitter();
        let records = records(&mut splitter, &file);
        prop_assert_eq!(records.concat(), file.clone());
        let mut fields = Vec::new();
        for (number, record) in records.iter().enumerate() {
            let mut contents = Vec::new();
            let counted = splitter.fields(record, number == 0, |_, field| {
                assert!(field.start <= field.end && field.end <= record.len());
                contents.push(field.content.to_vec());
                Ok(())
            });
            prop_assert_eq!(counted.unwrap(), contents.len());
            if !contents.is_empty() {
                fields.push(contents);
            }
        }
        prop_assert_eq!(fields, oracle(&file));
    }

    /// A field that is replaced is replaced, and the others stay.
    #[test]
    fn other_fields_stay(
        fields in prop::collection::vec("[ab,\"\n é]{0,6}", 2..5), quoted: bool, place in 0usize..2,
    ) {
        let line = |fields: &[String]| {
            let quote = |field: &String| {
                if quoted || field.contains([',', '"', '\n']) || field.is_empty() {
                    format!("\"{}\"", field.replace('"', "\"\""))
                } else {
                    field.clone()
                }
            };
            fields.iter().map(quote).collect::<Vec<_>>().join(",") + "\n"
        };
        let before = line(&fields);
        let mut splitter = splitter();
        let found = splitter.find(before.as_bytes(), &columns(&[place]), false).unwrap();
        let value = &found.values[0];
        prop_assert_eq!(&value.text, &fields[place]);
        let quote = value.quote.map_or("", |_| "\"");
        let mut after = before.clone();
        after.replace_range(value.span.clone(), &format!("{quote}vault:v2:aGk={quote}"));
        let mut expected = fields.clone();
        expected[place] = "vault:v2:aGk=".to_owned();
        prop_assert_eq!(splitter.texts(after.as_bytes(), false).unwrap(), expected);
        prop_assert_eq!(splitter.record_end(after.as_bytes(), false, false), Some(after.len()));
    }
}
