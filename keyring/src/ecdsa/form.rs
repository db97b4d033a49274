//! Whether bytes have the form of a signature at all, said before it is verified.

use ::der::{
    Decode, Reader, SliceReader, Tag, Tagged,
    asn1::{AnyRef, IntRef},
};

/// Why bytes are no DER signature, whatever the numbers in it. The sentences are the peers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureForm {
    /// No sequence of two integers.
    #[error("supplied signature is invalid")]
    Invalid,
    /// Something stands behind it.
    #[error("supplied signature contains extra data")]
    ExtraData,
}

/// Whether `signature` is a sequence of two integers and nothing else.
///
/// # Errors
/// [`SignatureForm`].
pub fn check_der(signature: &[u8]) -> Result<(), SignatureForm> {
    let invalid = |_| SignatureForm::Invalid;
    let (sequence, rest) = AnyRef::from_der_partial(signature).map_err(invalid)?;
    if sequence.tag() != Tag::Sequence {
        return Err(SignatureForm::Invalid);
    }
    let mut numbers = SliceReader::new(sequence.value()).map_err(invalid)?;
    for _ in 0..2 {
        IntRef::decode(&mut numbers).map_err(invalid)?;
    }
    if !numbers.is_finished() {
        return Err(SignatureForm::Invalid);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(SignatureForm::ExtraData)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_malformed_from_extended() {
        let whole = [0x30, 6, 2, 1, 1, 2, 1, 0xFF];
        assert_eq!(check_der(&whole), Ok(()));
        let extended = [whole.as_slice(), &[0]].concat();
        assert_eq!(check_der(&extended), Err(SignatureForm::ExtraData));
        for end in 0..whole.len() {
            assert_eq!(
                check_der(&whole[..end]),
                Err(SignatureForm::Invalid),
                "{end}"
            );
        }
        let three = [0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1];
        assert_eq!(check_der(&three), Err(SignatureForm::Invalid));
    }
}
