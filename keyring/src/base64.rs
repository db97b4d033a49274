//! Standard base64 (RFC 4648, section 4), as Go's `encoding/base64` reads it.
//!
//! Clients of Vault and OpenBao were written against Go's decoder: it skips carriage returns and
//! line feeds, does not mind bits left over in the last digit, and names the byte at which it
//! gives up. The fast path takes strict input; whatever it refuses goes to the slow one, which
//! follows Go's rules to the byte.

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroize;

/// The input is no base64: where Go's decoder stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {0}")]
pub struct Base64Error(pub usize);

/// Decodes `text`.
///
/// # Errors
/// [`Base64Error`] with the offset that Go reports.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    let mut out = Vec::new();
    decode_append(text, &mut out)?;
    Ok(out)
}

/// Decodes `text` behind what `out` already holds; `out` is unchanged after an error.
///
/// # Errors
/// [`Base64Error`] with the offset that Go reports.
pub fn decode_append(text: &[u8], out: &mut Vec<u8>) -> Result<(), Base64Error> {
    let before = out.len();
    // One allocation of the right size, so that no half-filled one with secrets is left behind.
    out.reserve_exact(STANDARD.estimated_decoded_length(text.len()));
    if STANDARD.decode_append(text, out).is_ok() {
        return Ok(());
    }
    out.truncate(before);
    decode_like_go(text, out).inspect_err(|_| {
        out[before..].zeroize();
        out.truncate(before);
    })
}

/// Encodes `bytes` behind what `out` already holds.
pub fn encode_append(bytes: &[u8], out: &mut String) {
    out.reserve(STANDARD.encoded_length(bytes.len()));
    STANDARD.encode_append(bytes, out);
}

/// Encodes `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// Encodes `bytes` with the URL-safe alphabet and without padding behind what `out` already holds.
pub fn encode_url_append(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, out);
}

/// Decodes the URL-safe alphabet without padding; `None` for anything else.
pub fn decode_url(text: &[u8]) -> Option<Vec<u8>> {
    let newline = |byte: &u8| matches!(byte, b'\n' | b'\r');
    if text.iter().any(newline) {
        let text: Vec<u8> = text.iter().copied().filter(|byte| !newline(byte)).collect();
        return URL_SAFE_NO_PAD.decode_to_vec(text).ok();
    }
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

fn decode_like_go(text: &[u8], out: &mut Vec<u8>) -> Result<(), Base64Error> {
    let newline = |byte: u8| byte == b'\n' || byte == b'\r';
    let skip_newlines = |mut at: usize| {
        while text.get(at).copied().is_some_and(newline) {
            at += 1;
        }
        at
    };
    let mut at = 0;
    loop {
        let mut digits = [0u8; 4];
        let mut count = 0;
        while count < 4 {
            let Some(&byte) = text.get(at) else {
                return if count == 0 {
                    Ok(())
                } else {
                    Err(Base64Error(at - count))
                };
            };
            at += 1;
            if let Some(digit) = digit(byte) {
                digits[count] = digit;
                count += 1;
            } else if byte == b'=' {
                return finish(text, at, &digits[..count], out, skip_newlines);
            } else if !newline(byte) {
                return Err(Base64Error(at - 1));
            }
        }
        let word = digits
            .iter()
            .fold(0u32, |word, &digit| word << 6 | u32::from(digit));
        out.extend_from_slice(&word.to_be_bytes()[1..]);
    }
}

/// Reads what follows the first padding character, which stands before `at`.
fn finish(
    text: &[u8],
    mut at: usize,
    digits: &[u8],
    out: &mut Vec<u8>,
    skip_newlines: impl Fn(usize) -> usize,
) -> Result<(), Base64Error> {
    if digits.len() < 2 {
        return Err(Base64Error(at - 1));
    }
    if digits.len() == 2 {
        at = skip_newlines(at);
        match text.get(at) {
            None => return Err(Base64Error(text.len())),
            Some(b'=') => at += 1,
            Some(_) => return Err(Base64Error(at - 1)),
        }
    }
    at = skip_newlines(at);
    if at < text.len() {
        return Err(Base64Error(at));
    }
    let mut word = digits
        .iter()
        .fold(0u32, |word, &digit| word << 6 | u32::from(digit));
    word <<= 6 * (4 - digits.len());
    out.extend_from_slice(&word.to_be_bytes()[1..digits.len()]);
    Ok(())
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Inputs and offsets as Go 1.26's `base64.StdEncoding.DecodeString` answers them.
    #[test]
    fn fails_where_go_fails() {
        for (text, offset) in [
            ("abc", 0),
            ("abcd=", 4),
            ("ab=c", 2),
            ("ab=", 3),
            ("!!!!", 0),
            ("AAAA!", 4),
            ("ab==x", 4),
            ("=", 0),
        ] {
            assert_eq!(decode(text.as_bytes()), Err(Base64Error(offset)), "{text}");
        }
    }

    #[test]
    fn accepts_newlines_and_left_over_bits() {
        assert_eq!(decode(b"aGVs\r\nbG8=\n").unwrap(), b"hello");
        assert_eq!(decode(b"aGVsbG9=").unwrap(), b"hello");
        assert_eq!(decode(b"").unwrap(), b"");
    }

    proptest! {
        #[test]
        fn returns_what_was_encoded(bytes: Vec<u8>) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()).unwrap(), bytes);
        }

        #[test]
        fn both_paths_agree(text in "[A-Za-z0-9+/=\r\n!]{0,24}") {
            let mut slow = Vec::new();
            let slow = decode_like_go(text.as_bytes(), &mut slow).map(|()| slow);
            prop_assert_eq!(decode(text.as_bytes()), slow);
        }
    }
}
