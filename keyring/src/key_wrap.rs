//! AES key wrap with padding (AES-KWP): one key encrypts another, with no nonce.
//!
//! RFC 5649 over RFC 3394, section 2.2.1; NIST SP 800-38F, section 6.3, names it KWP-AE and
//! KWP-AD. With blocks of eight bytes:
//! ```text
//! A          = A65959A6 ‖ length of the secret in bytes (32 bits, big endian)
//! R₁ ‖ … ‖ Rₙ = secret ‖ zeros up to a whole block
//!
//! n = 1:  wrapped = AES(key, A ‖ R₁)
//! n > 1:  for j = 0 … 5, for i = 1 … n:
//!             A ‖ Rᵢ = AES(key, A ‖ Rᵢ), then A = A ⊕ (n · j + i)
//!         wrapped = A ‖ R₁ ‖ … ‖ Rₙ
//! ```
//! Unwrapping runs it backwards and takes the secret only if the constant, the length and the zeros
//! are right. The same secret wrapped twice with the same key gives the same bytes.
//!
//! AES is AWS-LC's, and keys have 256 bits only.

use aws_lc_rs::{
    error::Unspecified,
    key_wrap::{AES_256, AesKek, KeyWrapPadded},
};
use zeroize::Zeroizing;

use crate::{
    secret::{Secret256, SecretBytes},
    wipe::{DEEP_BYTES, bleached_by},
};

/// How many bytes a wrapped secret has before the padded secret itself.
const BLOCK_BYTES: usize = 8;

/// Why nothing was wrapped or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyWrapError {
    /// The secret is empty, or too long for the library.
    #[error("a secret of this length cannot be wrapped; give 1 to 2^31 - 16 bytes")]
    Length,
    /// The bytes were wrapped with another key, in another way, or changed. Which of these it is,
    /// is not said.
    #[error("this was not wrapped with the key, or was changed")]
    Authenticity,
}

/// Wraps a secret: its length rounded up to whole blocks of eight bytes, and eight bytes more.
///
/// # Errors
/// [`KeyWrapError::Length`].
pub fn wrap(key: &Secret256, secret: &[u8]) -> Result<Vec<u8>, KeyWrapError> {
    let mut wrapped = vec![0; secret.len().next_multiple_of(BLOCK_BYTES) + BLOCK_BYTES];
    // The expanded key lies on the stack.
    let len = bleached_by::<DEEP_BYTES, _>(|| {
        let kek = AesKek::new(&AES_256, key.expose())?;
        Ok(kek.wrap_with_padding(secret, &mut wrapped)?.len())
    })
    .map_err(|Unspecified| KeyWrapError::Length)?;
    wrapped.truncate(len);
    Ok(wrapped)
}

/// Unwraps what [`wrap`] gave.
///
/// # Errors
/// [`KeyWrapError::Authenticity`].
pub fn unwrap(key: &Secret256, wrapped: &[u8]) -> Result<SecretBytes, KeyWrapError> {
    // AWS-LC decrypts into it before it knows whether the key was right.
    let mut opened = Zeroizing::new(vec![0; wrapped.len()]);
    let len = bleached_by::<DEEP_BYTES, _>(|| {
        let kek = AesKek::new(&AES_256, key.expose())?;
        Ok(kek.unwrap_with_padding(wrapped, &mut opened)?.len())
    })
    .map_err(|Unspecified| KeyWrapError::Authenticity)?;
    Ok(SecretBytes::copy_of(&opened[..len]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wraps_no_empty_secret() {
        let key = Secret256::copy_of(&[7; 32]).unwrap();
        assert_eq!(wrap(&key, &[]).err(), Some(KeyWrapError::Length));
        assert_eq!(unwrap(&key, &[]).err(), Some(KeyWrapError::Authenticity));
    }

    proptest! {
        #[test]
        fn unwraps_what_it_wraps_and_nothing_else(
            key: [u8; 32],
            other_key: [u8; 32],
            secret in prop::collection::vec(any::<u8>(), 1..200),
            at: prop::sample::Index,
            bit in 0_u8..8,
        ) {
            let key = Secret256::copy_of(&key).unwrap();
            let wrapped = wrap(&key, &secret).unwrap();
            prop_assert_eq!(wrapped.len(), secret.len().next_multiple_of(8) + 8);
            prop_assert!(unwrap(&key, &wrapped).unwrap().matches(&secret));

            let refused = Some(KeyWrapError::Authenticity);
            let mut changed = wrapped.clone();
            changed[at.index(wrapped.len())] ^= 1 << bit;
            prop_assert_eq!(unwrap(&key, &changed).err(), refused);
            prop_assert_eq!(unwrap(&key, &wrapped[..at.index(wrapped.len())]).err(), refused);
            let longer = [wrapped.as_slice(), &[0; 8]].concat();
            prop_assert_eq!(unwrap(&key, &longer).err(), refused);
            prop_assume!(!key.matches(&other_key));
            let other_key = Secret256::copy_of(&other_key).unwrap();
            prop_assert_eq!(unwrap(&other_key, &wrapped).err(), refused);
        }

        #[test]
        fn takes_no_bytes_that_were_not_wrapped(
            key: [u8; 32],
            bytes in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let key = Secret256::copy_of(&key).unwrap();
            let refused = Some(KeyWrapError::Authenticity);
            prop_assert_eq!(unwrap(&key, &bytes).err(), refused);
        }
    }
}
