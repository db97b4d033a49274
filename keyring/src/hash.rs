//! The hash functions of the API: names, lengths, digests.
//!
//! SHA-1 and SHA-2 are FIPS 180-4's, SHA-3 is FIPS 202's.

use std::fmt;

use aws_lc_rs::digest::{
    self, SHA1_FOR_LEGACY_USE_ONLY, SHA3_256, SHA3_384, SHA3_512, SHA224, SHA256, SHA384, SHA512,
};
use sha3::{Digest as _, Sha3_224};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names of FIPS 180-4 and FIPS 202")]
pub enum HashAlgorithm {
    Sha1,
    Sha2_224,
    Sha2_256,
    Sha2_384,
    Sha2_512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

/// The longest digest, in bytes.
const LONGEST: usize = 64;

/// What a hash function makes of an input: 20 to 64 bytes, no secret, on the stack.
#[derive(Clone, Copy)]
pub struct Digest {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Digest {
    fn new(digest: &[u8]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..digest.len()].copy_from_slice(digest);
        Self {
            bytes,
            len: digest.len(),
        }
    }

    /// The digest, as long as [`HashAlgorithm::digest_bytes`] says.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

impl HashAlgorithm {
    /// Every hash function.
    pub const ALL: [Self; 9] = [
        Self::Sha1,
        Self::Sha2_224,
        Self::Sha2_256,
        Self::Sha2_384,
        Self::Sha2_512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// The name in the API, such as `sha2-256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha2_224 => "sha2-224",
            Self::Sha2_256 => "sha2-256",
            Self::Sha2_384 => "sha2-384",
            Self::Sha2_512 => "sha2-512",
            Self::Sha3_224 => "sha3-224",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
        }
    }

    /// The hash function of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.name() == name)
    }

    /// Length of a digest, in bytes.
    pub const fn digest_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha2_224 | Self::Sha3_224 => 28,
            Self::Sha2_256 | Self::Sha3_256 => 32,
            Self::Sha2_384 | Self::Sha3_384 => 48,
            Self::Sha2_512 | Self::Sha3_512 => 64,
        }
    }

    /// Hashes `input`.
    pub fn digest(self, input: &[u8]) -> Digest {
        let algorithm = match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha2_224 => &SHA224,
            Self::Sha2_256 => &SHA256,
            Self::Sha2_384 => &SHA384,
            Self::Sha2_512 => &SHA512,
            // AWS-LC has the other three only.
            Self::Sha3_224 => return Digest::new(&Sha3_224::digest(input)),
            Self::Sha3_256 => &SHA3_256,
            Self::Sha3_384 => &SHA3_384,
            Self::Sha3_512 => &SHA3_512,
        };
        Digest::new(digest::digest(algorithm, input).as_ref())
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for hash in HashAlgorithm::ALL {
            assert_eq!(HashAlgorithm::from_name(hash.name()), Some(hash));
        }
        assert_eq!(HashAlgorithm::from_name("md5"), None);
    }

    /// The first four bytes of each digest of "abc": the examples that NIST publishes with FIPS
    /// 180-4 and FIPS 202.
    #[test]
    fn agrees_with_the_examples_of_nist() {
        let published = [
            "a9993e36", "23097d22", "ba7816bf", "cb00753f", "ddaf35a1", "e642824c", "3a985da7",
            "ec014982", "b751850b",
        ];
        for (hash, start) in HashAlgorithm::ALL.into_iter().zip(published) {
            let digest = hash.digest(b"abc");
            assert_eq!(digest.as_bytes().len(), hash.digest_bytes());
            assert!(
                format!("{digest:?}").starts_with(&format!("Digest({start}")),
                "{hash}: {digest:?}"
            );
        }
    }
}
