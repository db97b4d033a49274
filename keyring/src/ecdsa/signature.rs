//! The two forms of a signature, which is a pair of numbers, r and s.
//! ```text
//! DER   SEQUENCE { INTEGER r, INTEGER s }           (RFC 3279, section 2.2.3)
//! JWS   r ‖ s, each as long as the curve's numbers  (RFC 7518, section 3.4)
//! ```

use ::der::{
    Decode, Encode,
    asn1::{AnyRef, UintRef},
};

use crate::algorithm::Curve;

/// A signature that has not the form it was announced as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no signature of the curve in this encoding; check marshaling_algorithm")]
pub struct MalformedSignature;

/// Turns DER into JWS form.
///
/// # Errors
/// [`MalformedSignature`], also if a number is longer than the curve's.
pub fn der_to_jws(curve: Curve, signature: &[u8]) -> Result<Vec<u8>, MalformedSignature> {
    let numbers = AnyRef::from_der(signature)
        .and_then(|pair| pair.sequence(|pair| Ok([UintRef::decode(pair)?, UintRef::decode(pair)?])))
        .map_err(|_| MalformedSignature)?;
    let mut jws = vec![0; 2 * curve.bytes()];
    for (number, half) in numbers.iter().zip(jws.chunks_exact_mut(curve.bytes())) {
        let from = half.len().checked_sub(number.as_bytes().len());
        half[from.ok_or(MalformedSignature)?..].copy_from_slice(number.as_bytes());
    }
    Ok(jws)
}

/// Turns JWS form into DER.
///
/// # Errors
/// [`MalformedSignature`] unless it has twice [`Curve::bytes`].
pub fn jws_to_der(curve: Curve, signature: &[u8]) -> Result<Vec<u8>, MalformedSignature> {
    if signature.len() != 2 * curve.bytes() {
        return Err(MalformedSignature);
    }
    let (r, s) = signature.split_at(curve.bytes());
    let number = |bytes| UintRef::new(bytes).map_err(|_| MalformedSignature);
    [number(r)?, number(s)?]
        .to_der()
        .map_err(|_| MalformedSignature)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_and_large_numbers() {
        let mut jws = vec![0; 64];
        jws[31] = 1;
        jws[32] = 0x80;
        let der = jws_to_der(Curve::P256, &jws).unwrap();
        assert_eq!(der[..7], [0x30, 38, 2, 1, 1, 2, 33]);
        assert_eq!(der[7..9], [0, 0x80]);
        assert_eq!(der_to_jws(Curve::P256, &der), Ok(jws));
    }

    #[test]
    fn refuses_other_forms() {
        let refused = |der: &[u8]| der_to_jws(Curve::P256, der) == Err(MalformedSignature);
        assert!(refused(&[]));
        assert!(refused(&[0x30, 3, 2, 1, 1]));
        assert!(refused(&[0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1]));
        assert!(refused(&[0x30, 6, 2, 1, 0xFF, 2, 1, 1]));
        assert!(refused(&[0x30, 7, 2, 2, 0, 1, 2, 1, 1]));
        assert!(refused(&[0x30, 6, 2, 1, 1, 2, 1, 1, 0]));
        assert!(!refused(&[0x30, 6, 2, 1, 1, 2, 1, 1]));
        let of_p384 = jws_to_der(Curve::P384, &[0x7F; 96]).unwrap();
        assert!(refused(&of_p384));
        for len in (0..140).filter(|&len| len != 64) {
            assert!(jws_to_der(Curve::P256, &vec![1; len]).is_err());
        }
    }

    proptest! {
        #[test]
        fn forms_lead_back(bytes: Vec<u8>, curve in prop::sample::select(&Curve::ALL)) {
            let mut jws = bytes;
            jws.resize(2 * curve.bytes(), 0);
            let der = jws_to_der(curve, &jws).unwrap();
            prop_assert_eq!(der_to_jws(curve, &der), Ok(jws));
        }
    }
}
