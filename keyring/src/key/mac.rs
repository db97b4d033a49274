//! What a key does with a message that only key holders shall recognize: HMAC and CMAC.
//!
//! Every version of every key has an HMAC key. CMAC is for keys of that type alone. The order of
//! the checks and the sentences are the peers'.

use super::{Key, KeyError, KeyVersion, Material, Use};
use crate::{
    base64,
    hash::HashAlgorithm,
    mac::{self, Cmac},
    version::Version,
    versioned::{self, VersionedError},
};

/// A message authentication code and the version that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mac {
    /// The version.
    pub version: Version,
    /// `vault:v<N>:<base64>`.
    pub text: String,
}

impl Mac {
    fn new(version: Version, tag: &[u8]) -> Self {
        let mut text = String::new();
        versioned::write_prefix(version, &mut text);
        base64::encode_append(tag, &mut text);
        Self { version, text }
    }
}

impl Key {
    /// The HMAC of `input` by the version that the caller asked for; 0: the latest.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn hmac(&self, version: i64, hash: HashAlgorithm, input: &[u8]) -> Result<Mac, KeyError> {
        let version = self.hmac_version(version)?;
        let tag = mac::hmac(hash, version.hmac_key().expose(), input);
        version.meter().count(Use::Hmac);
        Ok(Mac::new(version.number(), tag.as_ref()))
    }

    /// Whether an HMAC can be asked of this version at all; 0: the latest.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn hmac_version(&self, asked: i64) -> Result<&KeyVersion, KeyError> {
        let policy = self.policy();
        let latest = policy.latest_version;
        let asked = match asked {
            0 => i64::from(latest.number()),
            asked => asked,
        };
        let oldest = policy.oldest_encrypting();
        if oldest.is_some_and(|oldest| asked < i64::from(oldest.number())) {
            return Err(KeyError::HmacVersionTooOld);
        }
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        if asked < 0 {
            return Err(KeyError::HmacVersionNegative);
        }
        if asked > i64::from(latest.number()) {
            return Err(KeyError::HmacVersionTooNew(latest));
        }
        self.usable_version(asked)
    }

    /// Whether `tag` is the HMAC of `input` by a version that still verifies.
    ///
    /// # Errors
    /// [`KeyError`] if the tag has no usable form.
    pub fn verify_hmac(
        &self,
        tag: &str,
        hash: HashAlgorithm,
        input: &[u8],
    ) -> Result<bool, KeyError> {
        let (version, tag) = self.parse_mac(tag)?;
        let key = version.hmac_key().expose();
        Ok(version.verified(Use::Hmac, mac::verify_hmac(hash, key, input, &tag)))
    }

    /// The CMAC of `input`, cut to `bytes`, by the version that the caller asked for; 0: the
    /// latest.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn cmac(&self, version: i64, input: &[u8], bytes: usize) -> Result<Mac, KeyError> {
        let version = self.hmac_version(version)?;
        let tag = self.cmac_of(version)?.tag(input);
        let tag = tag.get(..bytes).ok_or(KeyError::MacLength)?;
        version.meter().count(Use::Hmac);
        Ok(Mac::new(version.number(), tag))
    }

    /// Whether `tag`, which may be cut to `bytes`, is the CMAC of `input`.
    ///
    /// # Errors
    /// [`KeyError`] if the tag has no usable form.
    pub fn verify_cmac(&self, tag: &str, input: &[u8], bytes: usize) -> Result<bool, KeyError> {
        let (version, tag) = self.parse_mac(tag)?;
        let cmac = self.cmac_of(version)?;
        let is_valid = tag.len() == bytes && cmac.verify(input, &tag);
        Ok(version.verified(Use::Hmac, is_valid))
    }

    fn cmac_of<'v>(&self, version: &'v KeyVersion) -> Result<&'v Cmac, KeyError> {
        match version.material() {
            Material::Cmac { cmac, .. } => Ok(cmac),
            _ => Err(KeyError::CmacNotSupported(self.policy().key_type)),
        }
    }

    fn parse_mac(&self, text: &str) -> Result<(&KeyVersion, Vec<u8>), KeyError> {
        let (number, tag) = versioned::parse(text).map_err(|error| match error {
            VersionedError::NoPrefix => KeyError::HmacNoPrefix,
            VersionedError::WrongNumberOfFields => KeyError::HmacFields,
            VersionedError::BadVersion => KeyError::HmacVersion,
        })?;
        let tag = base64::decode(tag.as_ref()).map_err(KeyError::HmacBase64)?;
        let policy = self.policy();
        if number > i64::from(policy.latest_version.number()) {
            return Err(KeyError::HmacTooNew);
        }
        if number < i64::from(policy.oldest_decrypting().number()) {
            return Err(KeyError::HmacTooOld);
        }
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        Ok((self.usable_version(number)?, tag))
    }

    /// A version that the minimum decryption version does not exclude.
    fn usable_version(&self, number: i64) -> Result<&KeyVersion, KeyError> {
        let number = u32::try_from(number)
            .ok()
            .and_then(Version::new)
            .filter(|&number| number >= self.policy().oldest_decrypting())
            .ok_or(KeyError::NoSuchVersion)?;
        self.working_version(number).map(|version| &**version)
    }
}
