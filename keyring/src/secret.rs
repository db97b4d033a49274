//! Secrets that wipe themselves.
//!
//! Both types live on the heap, so that moving them moves a pointer and leaves no copy behind.
//! Neither has `Clone`, `PartialEq` or a `Debug` that shows bytes. Leaving the type is a named
//! call, [`SecretBytes::expose`] or [`SecretArray::expose`], so that every crossing can be found.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Secret bytes of any length, wiped when dropped.
pub struct SecretBytes(Zeroizing<Box<[u8]>>);

impl SecretBytes {
    /// Allocates `len` zero bytes and lets `fill` write the secret in place.
    pub fn fill_with<E>(
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut bytes = Zeroizing::new(vec![0; len].into_boxed_slice());
        fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Takes over a vector. Spare capacity is given up first, and wiped with the old allocation.
    pub fn from_vec(mut bytes: Vec<u8>) -> Self {
        if bytes.capacity() == bytes.len() {
            return Self(Zeroizing::new(bytes.into_boxed_slice()));
        }
        let exact = Self::copy_of(&bytes);
        bytes.zeroize();
        exact
    }

    /// Copies `bytes`; the caller still owns, and must wipe, the original.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The secret itself. Every use needs a reason.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares in time that depends on the lengths only.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.len())
    }
}

/// A secret of `N` bytes, wiped when dropped.
pub struct SecretArray<const N: usize>(Box<Zeroizing<[u8; N]>>);

/// A 256-bit key.
pub type Secret256 = SecretArray<32>;

impl<const N: usize> SecretArray<N> {
    /// Allocates `N` zero bytes and lets `fill` write the secret in place.
    pub fn fill_with<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut bytes = Box::new(Zeroizing::new([0; N]));
        fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Copies `bytes` if there are exactly `N`; the caller still owns, and must wipe, the original.
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != N {
            return None;
        }
        let mut own = Box::new(Zeroizing::new([0; N]));
        own.copy_from_slice(bytes);
        Some(Self(own))
    }

    /// The secret itself. Every use needs a reason.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Compares in time that depends on the lengths only.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_slice().ct_eq(other).into()
    }
}

impl<const N: usize> fmt::Debug for SecretArray<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretArray({N} bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_byte() {
        let bytes = SecretBytes::copy_of(b"hunter2");
        let array = SecretArray::<4>::copy_of(b"abcd").unwrap();
        assert_eq!(
            format!("{bytes:?} {array:?}"),
            "SecretBytes(7 bytes) SecretArray(4 bytes)"
        );
    }

    #[test]
    fn compares_content_and_length() {
        let bytes = SecretBytes::from_vec(b"hunter2".to_vec());
        assert!(bytes.matches(b"hunter2"));
        assert!(!bytes.matches(b"hunter3") && !bytes.matches(b"hunter"));
        assert!(SecretArray::<4>::copy_of(b"abc").is_none());
    }
}
