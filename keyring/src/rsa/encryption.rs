//! The paddings of encryption, and how much fits.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm,
};

use crate::{algorithm::RsaSize, hash::HashAlgorithm};

/// How a message is padded to be encrypted (RFC 8017, section 7). OAEP is without a label and with
/// MGF1 over the same hash function; the peers use [`Self::OaepSha256`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaEncryption {
    /// RSAES-OAEP with SHA-256.
    OaepSha256,
    /// RSAES-OAEP with SHA-1, for others' keys that ask for it.
    OaepSha1,
    /// RSAES-OAEP with SHA-384.
    OaepSha384,
    /// RSAES-OAEP with SHA-512.
    OaepSha512,
    /// RSAES-PKCS1-v1_5. Whoever may send ciphertexts and sees which of them decrypt can decrypt
    /// others' (Bleichenbacher, 1998), however constant the time is: no answer may differ for it.
    Pkcs1v15,
}

impl RsaEncryption {
    /// Every padding.
    pub const ALL: [Self; 5] = [
        Self::OaepSha256,
        Self::OaepSha1,
        Self::OaepSha384,
        Self::OaepSha512,
        Self::Pkcs1v15,
    ];

    /// The longest message, in bytes.
    pub const fn longest(self, size: RsaSize) -> usize {
        match self.oaep_hash() {
            Some(hash) => size.bytes() - 2 * hash.digest_bytes() - 2,
            None => size.bytes() - 11,
        }
    }

    const fn oaep_hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::OaepSha1 => Some(HashAlgorithm::Sha1),
            Self::OaepSha256 => Some(HashAlgorithm::Sha2_256),
            Self::OaepSha384 => Some(HashAlgorithm::Sha2_384),
            Self::OaepSha512 => Some(HashAlgorithm::Sha2_512),
            Self::Pkcs1v15 => None,
        }
    }

    pub(super) fn oaep(self) -> Option<&'static OaepAlgorithm> {
        match self {
            Self::OaepSha1 => Some(&OAEP_SHA1_MGF1SHA1),
            Self::OaepSha256 => Some(&OAEP_SHA256_MGF1SHA256),
            Self::OaepSha384 => Some(&OAEP_SHA384_MGF1SHA384),
            Self::OaepSha512 => Some(&OAEP_SHA512_MGF1SHA512),
            Self::Pkcs1v15 => None,
        }
    }
}
