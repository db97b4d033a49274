//! The signature schemes, and which of them AWS-LC does.

use aws_lc_rs::{
    digest::{Algorithm, Digest, SHA256, SHA384, SHA512},
    signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaParameters, RsaPssSaltLength, RsaSignatureEncoding,
    },
};

use super::{RsaError, emsa};
use crate::{algorithm::RsaSize, hash::HashAlgorithm};

/// How a digest is encoded to be signed (RFC 8017, section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaScheme {
    /// RSASSA-PSS, with MGF1 over the same hash function.
    Pss {
        /// The hash function that made the digest.
        hash: HashAlgorithm,
        /// The length of the salt.
        salt: SaltLength,
    },
    /// RSASSA-PKCS1-v1_5.
    Pkcs1v15 {
        /// The hash function that made the digest. Without one, any input stands in the signature
        /// as it is, without a `DigestInfo`: what it is must then be known from elsewhere.
        hash: Option<HashAlgorithm>,
    },
}

/// The length of a PSS salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltLength {
    /// The longest that fits when signing, whichever was used when verifying.
    Auto,
    /// As long as the digest.
    Hash,
    /// This many bytes, which may be none.
    Bytes(u16),
}

impl RsaScheme {
    /// Checks that a digest of this length can be signed.
    pub(super) fn check(self, digest_len: usize, size: RsaSize) -> Result<(), RsaError> {
        let hash = match self {
            Self::Pss { hash, salt } => {
                let longest = emsa::longest_salt(hash, size);
                if salt.signing_bytes(hash, size) > longest {
                    return Err(RsaError::SaltLength { longest });
                }
                hash
            }
            Self::Pkcs1v15 { hash: Some(hash) } => hash,
            Self::Pkcs1v15 { hash: None } => return Ok(()),
        };
        if digest_len != hash.digest_bytes() {
            return Err(RsaError::DigestLength {
                expected: hash.digest_bytes(),
                found: digest_len,
            });
        }
        Ok(())
    }

    /// The scheme and the checked digest as AWS-LC knows them for signing; `None` if it does not.
    pub(super) fn signed_by_aws_lc(
        self,
        digest: &[u8],
    ) -> Option<(&'static RsaSignatureEncoding, Digest)> {
        let (algorithm, pkcs1v15, pss): (&Algorithm, _, fn(SaltLength) -> _) = match self.hash()? {
            HashAlgorithm::Sha2_256 => (&SHA256, &RSA_PKCS1_SHA256, pss_sha256),
            HashAlgorithm::Sha2_384 => (&SHA384, &RSA_PKCS1_SHA384, pss_sha384),
            HashAlgorithm::Sha2_512 => (&SHA512, &RSA_PKCS1_SHA512, pss_sha512),
            _ => return None,
        };
        let encoding = match self {
            Self::Pss { salt, .. } => pss(salt),
            Self::Pkcs1v15 { .. } => pkcs1v15,
        };
        Some((encoding, Digest::import_less_safe(digest, algorithm).ok()?))
    }

    /// Where in [`VERIFIED_BY_AWS_LC`] the scheme is, and the checked digest as AWS-LC knows it;
    /// `None` if it does not. Of signatures with any salt it knows those with the longest.
    pub(super) fn verified_by_aws_lc(self, digest: &[u8]) -> Option<(usize, Digest)> {
        let (algorithm, row) = match self.hash()? {
            HashAlgorithm::Sha2_256 => (&SHA256, 0),
            HashAlgorithm::Sha2_384 => (&SHA384, 1),
            HashAlgorithm::Sha2_512 => (&SHA512, 2),
            _ => return None,
        };
        let column = match self {
            Self::Pkcs1v15 { .. } => 0,
            Self::Pss { salt, hash } => match salt.verifying_bytes(hash) {
                None => 1,
                Some(bytes) if bytes == hash.digest_bytes() => 2,
                Some(_) => return None,
            },
        };
        let digest = Digest::import_less_safe(digest, algorithm).ok()?;
        Some((3 * row + column, digest))
    }

    /// Whether a signature may have a salt of any length.
    pub(super) fn takes_any_salt(self) -> bool {
        matches!(
            self,
            Self::Pss {
                salt: SaltLength::Auto,
                ..
            }
        )
    }

    fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::Pss { hash, .. } => Some(hash),
            Self::Pkcs1v15 { hash } => hash,
        }
    }
}

impl SaltLength {
    /// The length of a new signature's salt, in bytes.
    pub(super) fn signing_bytes(self, hash: HashAlgorithm, size: RsaSize) -> usize {
        self.verifying_bytes(hash)
            .unwrap_or_else(|| emsa::longest_salt(hash, size))
    }

    /// The length that a signature's salt must have, in bytes; `None`: any.
    pub(super) fn verifying_bytes(self, hash: HashAlgorithm) -> Option<usize> {
        match self {
            Self::Auto => None,
            Self::Hash => Some(hash.digest_bytes()),
            Self::Bytes(len) => Some(len.into()),
        }
    }
}

/// AWS-LC is told the length by an encoding that lives for ever, so there is one for each.
macro_rules! pss_encodings {
    ($function:ident, $encoding:expr, $hash:expr) => {
        fn $function(salt: SaltLength) -> &'static RsaSignatureEncoding {
            const LENGTHS: usize = emsa::longest_salt($hash, RsaSize::Bits4096) + 1;
            static LONGEST: RsaSignatureEncoding =
                $encoding.with_pss_salt_length(RsaPssSaltLength::Max);
            static CHOSEN: [RsaSignatureEncoding; LENGTHS] = {
                let mut encodings = [const { $encoding }; LENGTHS];
                let mut len = 0;
                while len < LENGTHS {
                    let chosen = RsaPssSaltLength::Custom(len as u16);
                    encodings[len] = $encoding.with_pss_salt_length(chosen);
                    len += 1;
                }
                encodings
            };
            match salt {
                SaltLength::Auto => &LONGEST,
                SaltLength::Hash => &CHOSEN[$hash.digest_bytes()],
                SaltLength::Bytes(len) => &CHOSEN[usize::from(len)],
            }
        }
    };
}

pss_encodings!(pss_sha256, RSA_PSS_SHA256, HashAlgorithm::Sha2_256);
pss_encodings!(pss_sha384, RSA_PSS_SHA384, HashAlgorithm::Sha2_384);
pss_encodings!(pss_sha512, RSA_PSS_SHA512, HashAlgorithm::Sha2_512);

const fn with_longest_salt(parameters: RsaParameters) -> RsaParameters {
    parameters.with_pss_salt_length(RsaPssSaltLength::Max)
}

/// What AWS-LC verifies: for each hash function PKCS #1 v1.5, PSS with the longest salt, and PSS
/// with a salt as long as the digest.
pub(super) static VERIFIED_BY_AWS_LC: [RsaParameters; 9] = [
    RSA_PKCS1_2048_8192_SHA256,
    with_longest_salt(RSA_PSS_2048_8192_SHA256),
    RSA_PSS_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    with_longest_salt(RSA_PSS_2048_8192_SHA384),
    RSA_PSS_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
    with_longest_salt(RSA_PSS_2048_8192_SHA512),
    RSA_PSS_2048_8192_SHA512,
];
