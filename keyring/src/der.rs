//! Which of the key formats a DER document is, before a library reads it.
//!
//! AWS-LC tells the formats apart by trying them, and ignores what follows a document. Here a
//! document is the format it was announced as, and nothing follows.

use ::der::{Decode, Tag, Tagged, asn1::AnyRef};

/// A private key in PKCS #8, version 1 or 2 (RFC 5958): `SEQUENCE { INTEGER, SEQUENCE …`.
pub(crate) fn is_pkcs8(document: &[u8]) -> bool {
    content(document).is_some_and(|content| matches!(content, [2, 1, 0 | 1, 0x30, ..]))
}

/// A private key of an elliptic curve (RFC 5915): `SEQUENCE { INTEGER 1, OCTET STRING …`.
pub(crate) fn is_sec1(document: &[u8]) -> bool {
    content(document).is_some_and(|content| matches!(content, [2, 1, 1, 4, ..]))
}

/// A public key with its algorithm (RFC 5280, section 4.1.2.7): `SEQUENCE { SEQUENCE …`.
pub(crate) fn is_spki(document: &[u8]) -> bool {
    content(document).is_some_and(|content| matches!(content, [0x30, ..]))
}

/// What is in the sequence that is the whole document.
fn content(document: &[u8]) -> Option<&[u8]> {
    let element = AnyRef::from_der(document).ok()?;
    (element.tag() == Tag::Sequence).then(|| element.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats_apart() {
        let (pkcs8, sec1, spki) = (
            [0x30, 4, 2, 1, 0, 0x30],
            [0x30, 4, 2, 1, 1, 4],
            [0x30, 1, 0x30],
        );
        assert!(is_pkcs8(&pkcs8) && !is_sec1(&pkcs8) && !is_spki(&pkcs8));
        assert!(is_sec1(&sec1) && !is_pkcs8(&sec1) && !is_spki(&sec1));
        assert!(is_spki(&spki) && !is_pkcs8(&spki) && !is_sec1(&spki));
    }

    #[test]
    fn nothing_follows_and_nothing_is_missing() {
        assert!(!is_spki(&[0x30, 1, 0x30, 0]));
        assert!(!is_spki(&[0x30, 2, 0x30]));
        assert!(!is_spki(&[0x30, 0x81, 1, 0x30]));
        assert!(!is_spki(&[]));
    }
}
