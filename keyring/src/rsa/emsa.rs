//! The encodings that are signed: EMSA-PKCS1-v1_5 and EMSA-PSS (RFC 8017, section 9).
//!
//! A key of whole bytes has a modulus whose highest bit is set, so an EMSA-PSS encoding is one bit
//! shorter than the modulus and as many bytes long.

use super::RsaError;
use crate::{algorithm::RsaSize, hash::HashAlgorithm};

/// What EMSA-PKCS1-v1_5 adds at least: 0, 1, eight bytes of padding, 0.
const PKCS1V15_OVERHEAD: usize = 11;
/// The last byte of every EMSA-PSS encoding.
const PSS_TRAILER: u8 = 0xbc;

/// EMSA-PKCS1-v1_5. Without a hash function, `digest` stands in it as it is.
pub(super) fn pkcs1v15(
    hash: Option<HashAlgorithm>,
    digest: &[u8],
    size: RsaSize,
) -> Result<Vec<u8>, RsaError> {
    let prefix = hash.map_or(&[][..], digest_info);
    let longest = size.bytes() - PKCS1V15_OVERHEAD - prefix.len();
    if digest.len() > longest {
        return Err(RsaError::MessageTooLong { longest });
    }
    let mut encoded = vec![0xff; size.bytes() - prefix.len() - digest.len()];
    (encoded[0], encoded[1]) = (0, 1);
    if let Some(last) = encoded.last_mut() {
        *last = 0;
    }
    encoded.extend_from_slice(prefix);
    encoded.extend_from_slice(digest);
    Ok(encoded)
}

/// The longest salt that fits, in bytes.
pub(super) const fn longest_salt(hash: HashAlgorithm, size: RsaSize) -> usize {
    size.bytes() - hash.digest_bytes() - 2
}

/// EMSA-PSS with MGF1 over the same hash function. The salt must fit.
pub(super) fn pss(hash: HashAlgorithm, digest: &[u8], salt: &[u8], size: RsaSize) -> Vec<u8> {
    let hash_of_all = pss_hash(hash, digest, salt);
    let hash_of_all = hash_of_all.as_bytes();
    let mut encoded = vec![0; size.bytes() - hash_of_all.len() - 1];
    let salt_start = encoded.len() - salt.len();
    encoded[salt_start - 1] = 1;
    encoded[salt_start..].copy_from_slice(salt);
    mask(hash, hash_of_all, &mut encoded);
    encoded[0] &= 0x7f;
    encoded.extend_from_slice(hash_of_all);
    encoded.push(PSS_TRAILER);
    encoded
}

/// Whether `encoded`, as long as the modulus, is an EMSA-PSS encoding of this digest. Without a
/// salt length, the salt is what stands behind the first 1.
pub(super) fn is_pss(
    hash: HashAlgorithm,
    digest: &[u8],
    salt_len: Option<usize>,
    encoded: &mut [u8],
) -> bool {
    let Some((&mut PSS_TRAILER, encoded)) = encoded.split_last_mut() else {
        return false;
    };
    let Some(data_len) = encoded.len().checked_sub(hash.digest_bytes()) else {
        return false;
    };
    let (data, hash_of_all) = encoded.split_at_mut(data_len);
    if data.first().is_none_or(|first| first & 0x80 != 0) {
        return false;
    }
    mask(hash, hash_of_all, data);
    data[0] &= 0x7f;
    let zeros = data.iter().take_while(|&&byte| byte == 0).count();
    let Some((1, salt)) = data[zeros..].split_first() else {
        return false;
    };
    salt_len.is_none_or(|len| len == salt.len())
        && pss_hash(hash, digest, salt).as_bytes() == hash_of_all
}

/// The hash over eight zeros, the digest and the salt.
fn pss_hash(hash: HashAlgorithm, digest: &[u8], salt: &[u8]) -> crate::hash::Digest {
    hash.digest(&[&[0; 8], digest, salt].concat())
}

/// Adds MGF1 of `seed` (RFC 8017, B.2.1) to `data`, modulo 2.
fn mask(hash: HashAlgorithm, seed: &[u8], data: &mut [u8]) {
    let mut input = [seed, &[0; 4]].concat();
    for (counter, chunk) in (0_u32..).zip(data.chunks_mut(hash.digest_bytes())) {
        input[seed.len()..].copy_from_slice(&counter.to_be_bytes());
        for (byte, mask) in chunk.iter_mut().zip(hash.digest(&input).as_bytes()) {
            *byte ^= mask;
        }
    }
}

/// The DER of a `DigestInfo` up to the digest (RFC 8017, section 9.2, note 1; for SHA-3 with the
/// identifiers of NIST's Computer Security Objects Register).
fn digest_info(hash: HashAlgorithm) -> &'static [u8] {
    /// The identifiers below 2.16.840.1.101.3.4.2 differ in one byte.
    macro_rules! nist {
        ($arc:literal, $digest_bytes:literal) => {
            &[
                0x30,
                17 + $digest_bytes,
                0x30,
                0x0d,
                0x06,
                0x09,
                0x60,
                0x86,
                0x48,
                0x01,
                0x65,
                0x03,
                0x04,
                0x02,
                $arc,
                0x05,
                0x00,
                0x04,
                $digest_bytes,
            ]
        };
    }
    match hash {
        HashAlgorithm::Sha1 => &[
            0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
            0x14,
        ],
        HashAlgorithm::Sha2_256 => nist!(1, 32),
        HashAlgorithm::Sha2_384 => nist!(2, 48),
        HashAlgorithm::Sha2_512 => nist!(3, 64),
        HashAlgorithm::Sha2_224 => nist!(4, 28),
        HashAlgorithm::Sha3_224 => nist!(7, 28),
        HashAlgorithm::Sha3_256 => nist!(8, 32),
        HashAlgorithm::Sha3_384 => nist!(9, 48),
        HashAlgorithm::Sha3_512 => nist!(10, 64),
    }
}
