//! Files of lines: where they end, and a ciphertext that is alone on its line.

use super::record::{Found, Value};

/// Length of the first line of `bytes`, its newline included. `None`: its end is not there yet;
/// with `at_end` there is nothing more to come.
pub fn record_end(bytes: &[u8], at_end: bool) -> Option<usize> {
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(newline) => Some(newline + 1),
        None => (at_end && !bytes.is_empty()).then_some(bytes.len()),
    }
}

/// The text of a line, without the blanks around it.
pub fn find(line: &[u8]) -> Found {
    let start = line.len() - line.trim_ascii_start().len();
    let trimmed = line.trim_ascii();
    let value = Value {
        span: start..start + trimmed.len(),
        quote: None,
        // What is not UTF-8 is no ciphertext, and stays none.
        text: String::from_utf8_lossy(trimmed).into_owned(),
    };
    Found {
        values: vec![value],
        ..Found::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_behind_their_newline() {
        assert_eq!(record_end(b"a\nb", false), Some(2));
        assert_eq!(record_end(b"a", false), None);
        assert_eq!(record_end(b"a", true), Some(1));
        assert_eq!(record_end(b"", true), None);
    }

    #[test]
    fn blanks_and_line_ends_stay_outside() {
        let found = find(b" \tvault:v1:aGk=\r\n");
        assert_eq!(found.values[0].span, 2..15);
        assert_eq!(found.values[0].text, "vault:v1:aGk=");
        assert_eq!(find(b"\n").values[0].text, "");
        assert_eq!(find(b"\xff\n").values[0].span, 0..1);
    }
}
