//! One version of a key: its material, its HMAC key, when it was made, and its certificates.
//!
//! ```text
//! the sealed record of a version, before the barrier seals it (numbers are big-endian)
//! ┌────────┬────────┬──────────────────┬──────────────────┬─────────┬─────┬──────────────┬──────────┬
//! │ schema │ part   │ created, seconds │ created, nanosec.│ key len │ key │ HMAC key len │ HMAC key │
//! │ 1 byte │ 1 byte │ 8 bytes          │ 4 bytes          │ 2 bytes │ …   │ 2 bytes      │ …        │
//! └────────┴────────┴──────────────────┴──────────────────┴─────────┴─────┴──────────────┴──────────┴
//! ┬──────────────┬───────────────────┬─────────────┬
//! │ certificates │ certificate len   │ certificate │  as often as their number says
//! │ 2 bytes      │ 4 bytes           │ DER         │
//! ┴──────────────┴───────────────────┴─────────────┴
//! part: 0 the secret, 1 the public key alone
//! ```
//! Schema 1 had neither part nor certificates; it is still read.

use std::{convert::Infallible, sync::Arc};

use jiff::Timestamp;

use super::{
    Meter, Use,
    material::{Material, Part, random},
};
use crate::{
    algorithm::{Curve, KeyType},
    ecdsa::EcdsaError,
    ed25519::Ed25519Error,
    ml_dsa::MlDsaError,
    rsa::RsaError,
    secret::SecretBytes,
    version::Version,
};

const SCHEMA: u8 = 2;
const SCHEMA_WITHOUT_PART: u8 = 1;
const HEADER_BYTES: usize = 1 + 1 + 8 + 4;
const HMAC_KEY_BYTES: usize = 32;
const MAX_CERTIFICATES: usize = 32;
const MAX_CERTIFICATE_BYTES: usize = 256 * 1024;

/// Why bytes do not make a key version.
#[derive(Debug, thiserror::Error)]
pub enum KeyVersionError {
    /// The operating system gave no random bytes.
    #[error("the operating system's random source failed")]
    NoRandomness,
    /// The key has the wrong number of bytes for its type.
    #[error("a key of this type has {expected} bytes, not {found}")]
    KeyLength {
        /// What the type asks for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// An HMAC key is too short or too long.
    #[error("invalid key size for HMAC key, must be between 32 and 512 bytes")]
    HmacKeyBytes,
    /// An RSA key of another size.
    #[error("invalid key size: expected {expected} bytes, got {found} bytes")]
    RsaSize {
        /// What the type asks for, in bytes.
        expected: usize,
        /// What was given, in bytes.
        found: usize,
    },
    /// An EC key on another curve.
    #[error("invalid curve: expected {}, got {}", expected.nist_name(), found.nist_name())]
    OtherCurve {
        /// What the type asks for.
        expected: Curve,
        /// What was given.
        found: Curve,
    },
    /// Only keys that sign have a public part.
    #[error("keys of this type have no public key")]
    NoPublicPart,
    /// The HMAC key is missing or longer than a record can hold.
    #[error("an HMAC key has 1 to 65535 bytes")]
    HmacKeyLength,
    /// More than a record should hold.
    #[error(
        "a certificate chain has at most 32 certificates and 256 KiB; leave out what is not needed"
    )]
    Certificates,
    /// The record ends early, goes on too long, or has another schema.
    #[error("the key version record is malformed")]
    Malformed,
    /// Not an ECDSA key of this type.
    #[error(transparent)]
    Ecdsa(#[from] EcdsaError),
    /// Not an Ed25519 key.
    #[error(transparent)]
    Ed25519(#[from] Ed25519Error),
    /// Not an RSA key.
    #[error(transparent)]
    Rsa(#[from] RsaError),
    /// Not an ML-DSA key.
    #[error(transparent)]
    MlDsa(#[from] MlDsaError),
}

/// One version of a key.
#[derive(Debug)]
pub struct KeyVersion {
    number: Version,
    created: Timestamp,
    material: Arc<Material>,
    hmac_key: SecretBytes,
    /// DER, the leaf first.
    certificates: Vec<Vec<u8>>,
    /// Shared with the same version as it was before it got certificates, say.
    meter: Arc<Meter>,
}

impl KeyVersion {
    /// A new version with random keys. `hmac_bytes` is the length of a key of the type HMAC.
    ///
    /// # Errors
    /// [`KeyVersionError::NoRandomness`], [`KeyVersionError::HmacKeyBytes`].
    pub fn generate(
        key_type: KeyType,
        hmac_bytes: usize,
        number: Version,
        created: Timestamp,
    ) -> Result<Self, KeyVersionError> {
        Self::of_material(number, created, Material::generate(key_type, hmac_bytes)?)
    }

    /// A version of this material, with an HMAC key that fits: keys of the type HMAC are their
    /// own, as the peers have it.
    ///
    /// # Errors
    /// [`KeyVersionError::NoRandomness`].
    pub fn of_material(
        number: Version,
        created: Timestamp,
        material: Material,
    ) -> Result<Self, KeyVersionError> {
        let hmac_key = match &material {
            Material::Hmac(key) => SecretBytes::copy_of(key.expose()),
            _ => random(HMAC_KEY_BYTES)?,
        };
        Self::new(number, created, material, hmac_key, Vec::new())
    }

    /// A version of all its parts.
    ///
    /// # Errors
    /// [`KeyVersionError::HmacKeyLength`].
    pub fn new(
        number: Version,
        created: Timestamp,
        material: impl Into<Arc<Material>>,
        hmac_key: SecretBytes,
        certificates: Vec<Vec<u8>>,
    ) -> Result<Self, KeyVersionError> {
        let bytes: usize = certificates.iter().map(Vec::len).sum();
        if certificates.len() > MAX_CERTIFICATES || bytes > MAX_CERTIFICATE_BYTES {
            return Err(KeyVersionError::Certificates);
        }
        if hmac_key.is_empty() || hmac_key.len() > usize::from(u16::MAX) {
            return Err(KeyVersionError::HmacKeyLength);
        }
        Ok(Self {
            number,
            created,
            material: material.into(),
            hmac_key,
            certificates,
            meter: Arc::default(),
        })
    }

    /// The same version with another key: the private part of a key that was public before, say.
    ///
    /// # Errors
    /// Never for parts that made a version before.
    pub fn with_material(&self, material: Material) -> Result<Self, KeyVersionError> {
        let hmac_key = SecretBytes::copy_of(self.hmac_key.expose());
        let certificates = self.certificates.clone();
        let next = Self::new(self.number, self.created, material, hmac_key, certificates)?;
        Ok(next.counting_with(self))
    }

    /// The same version with these certificates, DER, the leaf first.
    ///
    /// # Errors
    /// [`KeyVersionError::Certificates`].
    pub fn with_certificates(&self, certificates: Vec<Vec<u8>>) -> Result<Self, KeyVersionError> {
        let material = self.material.clone();
        let hmac_key = SecretBytes::copy_of(self.hmac_key.expose());
        let next = Self::new(self.number, self.created, material, hmac_key, certificates)?;
        Ok(next.counting_with(self))
    }

    /// What the version has done, and may still do.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Counts a verification that succeeded; what it answered.
    pub(super) fn verified(&self, use_: Use, is_valid: bool) -> bool {
        if is_valid {
            self.meter.count(use_);
        }
        is_valid
    }

    /// The same version with the counters of `other`, which it was before.
    #[must_use]
    pub(crate) fn counting_with(mut self, other: &Self) -> Self {
        self.meter = other.meter.clone();
        self
    }

    /// Whether this is `other`, read once more. Of versions that encrypt under a budget nothing
    /// ever changes.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.number == other.number && self.encode().matches(other.encode().expose())
    }

    /// Whether both encrypt with the same bytes, whatever else is said of them: their number, when
    /// they were made, the HMAC key beside them. Keys that no budget is for are never the same.
    pub(crate) fn encrypts_as(&self, other: &Self) -> bool {
        match (self.material.symmetric(), other.material.symmetric()) {
            (Some(key), Some(other)) => key.matches(other.expose()),
            _ => false,
        }
    }

    /// The version's number.
    pub fn number(&self) -> Version {
        self.number
    }

    /// When the version was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// The key itself.
    pub fn material(&self) -> &Material {
        &self.material
    }

    /// The key for HMACs, which every version has beside its own.
    pub fn hmac_key(&self) -> &SecretBytes {
        &self.hmac_key
    }

    /// The certificates for this version's public key, DER, the leaf first; often none.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// The record of this version, for the barrier to seal.
    pub fn encode(&self) -> SecretBytes {
        let (part, key) = self.material.to_record();
        let (key, hmac_key) = (key.expose(), self.hmac_key.expose());
        let certificates: usize = self.certificates.iter().map(|der| 4 + der.len()).sum();
        let len = HEADER_BYTES + 2 + key.len() + 2 + hmac_key.len() + 2 + certificates;
        let encoded = SecretBytes::fill_with(len, |mut out| {
            let mut put = |bytes: &[u8]| {
                let (head, tail) = std::mem::take(&mut out).split_at_mut(bytes.len());
                head.copy_from_slice(bytes);
                out = tail;
            };
            put(&[SCHEMA, if part == Part::Secret { 0 } else { 1 }]);
            put(&self.created.as_second().to_be_bytes());
            put(&self.created.subsec_nanosecond().to_be_bytes());
            for secret in [key, hmac_key] {
                put(&length::<2>(secret.len()));
                put(secret);
            }
            put(&length::<2>(self.certificates.len()));
            for certificate in &self.certificates {
                put(&length::<4>(certificate.len()));
                put(certificate);
            }
            Ok::<(), Infallible>(())
        });
        let Ok(encoded) = encoded;
        encoded
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// [`KeyVersionError`]: the record is malformed or does not fit the key type.
    pub fn decode(
        key_type: KeyType,
        number: Version,
        record: &[u8],
    ) -> Result<Self, KeyVersionError> {
        let mut rest = record;
        let [schema] = take::<1>(&mut rest)?;
        let part = match schema {
            SCHEMA_WITHOUT_PART => Part::Secret,
            SCHEMA => match take::<1>(&mut rest)? {
                [0] => Part::Secret,
                [1] => Part::Public,
                _ => return Err(KeyVersionError::Malformed),
            },
            _ => return Err(KeyVersionError::Malformed),
        };
        let seconds = i64::from_be_bytes(take(&mut rest)?);
        let nanoseconds = i32::from_be_bytes(take(&mut rest)?);
        let key = SecretBytes::copy_of(take_slice::<2>(&mut rest)?);
        let hmac_key = SecretBytes::copy_of(take_slice::<2>(&mut rest)?);
        let mut certificates = Vec::new();
        if schema == SCHEMA {
            for _ in 0..u16::from_be_bytes(take(&mut rest)?) {
                certificates.push(take_slice::<4>(&mut rest)?.to_vec());
            }
        }
        let created =
            Timestamp::new(seconds, nanoseconds).map_err(|_| KeyVersionError::Malformed)?;
        // Seconds and nanoseconds of different signs would come back as other numbers.
        let same = (created.as_second(), created.subsec_nanosecond()) == (seconds, nanoseconds);
        if !rest.is_empty() || !same {
            return Err(KeyVersionError::Malformed);
        }
        let material = read_material(key_type, part, key)?;
        Self::new(number, created, material, hmac_key, certificates)
    }
}

fn read_material(
    key_type: KeyType,
    part: Part,
    key: SecretBytes,
) -> Result<Material, KeyVersionError> {
    match part {
        Part::Secret => Material::from_secret(key_type, key),
        Part::Public => Material::from_public(key_type, key.expose()),
    }
}

/// The last `N` bytes of a length.
fn length<const N: usize>(len: usize) -> [u8; N] {
    let bytes = len.to_be_bytes();
    let (high, low) = bytes
        .split_last_chunk::<N>()
        .map(|(high, low)| (high, *low))
        .expect("a length has eight bytes");
    assert!(
        high.iter().all(|&byte| byte == 0),
        "checked when the version was made"
    );
    low
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], KeyVersionError> {
    let (head, tail) = rest.split_first_chunk().ok_or(KeyVersionError::Malformed)?;
    *rest = tail;
    Ok(*head)
}

/// Bytes behind a length of `N` bytes.
fn take_slice<'r, const N: usize>(rest: &mut &'r [u8]) -> Result<&'r [u8], KeyVersionError> {
    let len = take::<N>(rest)?
        .iter()
        .fold(0_usize, |len, &byte| len << 8 | usize::from(byte));
    let (slice, tail) = rest
        .split_at_checked(len)
        .ok_or(KeyVersionError::Malformed)?;
    *rest = tail;
    Ok(slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_writes_and_nothing_shorter() {
        let created = Timestamp::new(1_700_000_000, 123_456_789).unwrap();
        let number = Version::new(7).unwrap();
        for key_type in KeyType::ALL {
            let version = KeyVersion::generate(key_type, 48, number, created).unwrap();
            let certificates = vec![vec![1, 2, 3], Vec::new()];
            let version = version.with_certificates(certificates).unwrap();
            let record = version.encode();
            let read = KeyVersion::decode(key_type, number, record.expose()).unwrap();
            assert_eq!(read.created(), created);
            assert!(read.encode().matches(record.expose()), "{key_type}");
            for len in 0..record.len() {
                let cut = &record.expose()[..len];
                assert!(KeyVersion::decode(key_type, number, cut).is_err(), "{len}");
            }
            for other in KeyType::ALL {
                let fits = KeyVersion::decode(other, number, record.expose()).is_ok();
                let both_sign = key_type.has_public_key() && other.has_public_key();
                assert!(!fits || !both_sign || other == key_type);
            }
        }
    }

    #[test]
    fn reads_and_writes_public_keys_alone() {
        for key_type in KeyType::ALL.into_iter().filter(|t| t.has_public_key()) {
            let material = Material::generate(key_type, 0).unwrap();
            let spki = material.public_spki().unwrap();
            let public = Material::from_public(key_type, &spki).unwrap();
            let now = Timestamp::UNIX_EPOCH;
            let version = KeyVersion::of_material(Version::FIRST, now, public).unwrap();
            let record = version.encode();
            let read = KeyVersion::decode(key_type, Version::FIRST, record.expose()).unwrap();
            assert!(!read.material().is_whole());
            assert_eq!(read.material().public_spki(), Some(spki));
        }
    }

    #[test]
    fn reads_the_first_schema() {
        let record = [
            &[1][..],
            &7_i64.to_be_bytes(),
            &8_i32.to_be_bytes(),
            &[0, 16],
            &[3; 16],
            &[0, 2],
            &[4; 2],
        ];
        let record = record.concat();
        let read = KeyVersion::decode(KeyType::Aes128Gcm96, Version::FIRST, &record).unwrap();
        assert_eq!(read.created(), Timestamp::new(7, 8).unwrap());
        assert!(read.material().symmetric().unwrap().matches(&[3; 16]));
        assert!(read.hmac_key().matches(&[4; 2]));
    }

    proptest! {
        #[test]
        fn never_panics(record: Vec<u8>) {
            let _ = KeyVersion::decode(KeyType::Aes128Gcm96, Version::FIRST, &record);
        }
    }
}
