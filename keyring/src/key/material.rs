//! What a version of a key is made of: by algorithm, and with or without its private part.
//!
//! Everything is expanded once, so that an operation parses nothing. In records a
//! symmetric key is its bytes, Ed25519 its seed, others a PKCS #8 document, and a key of which
//! only the public part is known a SubjectPublicKeyInfo.

use ring::rand::{SecureRandom, SystemRandom};

use super::KeyVersionError;
use crate::{
    aead::Cipher,
    algorithm::{Algorithm, KeyType},
    ecdsa::{EcdsaPrivateKey, EcdsaPublicKey},
    ed25519::{Ed25519PrivateKey, Ed25519PublicKey},
    mac::Cmac,
    ml_dsa::{MlDsaPrivateKey, MlDsaPublicKey},
    rsa::{RsaPrivateKey, RsaPublicKey},
    secret::SecretBytes,
};

/// Lengths of an HMAC key, in bytes: what the peers take.
pub const HMAC_KEY_BYTES: std::ops::RangeInclusive<usize> = 32..=512;

/// The key of one version.
#[derive(Debug)]
pub enum Material {
    /// A symmetric key and its cipher.
    Aead {
        /// The key itself: to derive from, to export and to back up.
        key: SecretBytes,
        /// The expanded key.
        cipher: Cipher,
    },
    /// A key for HMAC.
    Hmac(SecretBytes),
    /// A key for CMAC, and its expanded form.
    Cmac {
        /// The key itself: to export.
        key: SecretBytes,
        /// The expanded key.
        cmac: Cmac,
    },
    /// An Ed25519 key.
    Ed25519(KeyPair<Ed25519PrivateKey>),
    /// A key on a NIST curve.
    Ecdsa(KeyPair<EcdsaPrivateKey>),
    /// An RSA key.
    Rsa(KeyPair<RsaPrivateKey>),
    /// An ML-DSA key.
    MlDsa(KeyPair<MlDsaPrivateKey>),
}

/// A private key with its public part, or the public part alone.
#[derive(Debug)]
pub enum KeyPair<K: PrivateKey> {
    /// Both parts.
    Whole(K),
    /// Only what anybody may know.
    PublicOnly(K::Public),
}

/// A private key that knows its public part.
pub trait PrivateKey {
    /// The public part.
    type Public;

    /// The public part.
    fn public_key(&self) -> &Self::Public;
}

impl PrivateKey for Ed25519PrivateKey {
    type Public = Ed25519PublicKey;

    fn public_key(&self) -> &Ed25519PublicKey {
        self.public_key()
    }
}

impl PrivateKey for EcdsaPrivateKey {
    type Public = EcdsaPublicKey;

    fn public_key(&self) -> &EcdsaPublicKey {
        self.public_key()
    }
}

impl PrivateKey for RsaPrivateKey {
    type Public = RsaPublicKey;

    fn public_key(&self) -> &RsaPublicKey {
        self.public_key()
    }
}

impl PrivateKey for MlDsaPrivateKey {
    type Public = MlDsaPublicKey;

    fn public_key(&self) -> &MlDsaPublicKey {
        self.public_key()
    }
}

impl<K: PrivateKey> KeyPair<K> {
    /// The private part, if it is here.
    pub fn private(&self) -> Option<&K> {
        match self {
            Self::Whole(key) => Some(key),
            Self::PublicOnly(_) => None,
        }
    }

    /// The public part.
    pub fn public(&self) -> &K::Public {
        match self {
            Self::Whole(key) => key.public_key(),
            Self::PublicOnly(public) => public,
        }
    }
}

/// The form of a version's key in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The secret, and with it everything.
    Secret,
    /// The public key alone.
    Public,
}

impl Material {
    /// A random key. `hmac_bytes` is the length of an HMAC key and means nothing to other types.
    ///
    /// # Errors
    /// [`KeyVersionError::NoRandomness`], [`KeyVersionError::HmacKeyBytes`].
    pub fn generate(key_type: KeyType, hmac_bytes: usize) -> Result<Self, KeyVersionError> {
        let generated = |_| KeyVersionError::NoRandomness;
        Ok(match key_type.algorithm() {
            Algorithm::Aead(algorithm) => {
                Self::from_secret(key_type, random(algorithm.key_bytes())?)?
            }
            Algorithm::Cmac(algorithm) => {
                Self::from_secret(key_type, random(algorithm.key_bytes())?)?
            }
            Algorithm::Hmac if !HMAC_KEY_BYTES.contains(&hmac_bytes) => {
                return Err(KeyVersionError::HmacKeyBytes);
            }
            Algorithm::Hmac => Self::Hmac(random(hmac_bytes)?),
            Algorithm::Ed25519 => Self::Ed25519(KeyPair::Whole(
                Ed25519PrivateKey::generate().map_err(|_| KeyVersionError::NoRandomness)?,
            )),
            Algorithm::Ecdsa(curve) => Self::Ecdsa(KeyPair::Whole(
                EcdsaPrivateKey::generate(curve).map_err(|_| KeyVersionError::NoRandomness)?,
            )),
            Algorithm::Rsa(size) => Self::Rsa(KeyPair::Whole(
                RsaPrivateKey::generate(size).map_err(generated)?,
            )),
            Algorithm::MlDsa(parameters) => Self::MlDsa(KeyPair::Whole(
                MlDsaPrivateKey::generate(parameters).map_err(|_| KeyVersionError::NoRandomness)?,
            )),
        })
    }

    /// A key from the secret that a record holds.
    ///
    /// # Errors
    /// [`KeyVersionError`] if the bytes do not fit the type.
    pub fn from_secret(key_type: KeyType, key: SecretBytes) -> Result<Self, KeyVersionError> {
        let length = |expected| KeyVersionError::KeyLength {
            expected,
            found: key.len(),
        };
        Ok(match key_type.algorithm() {
            Algorithm::Aead(algorithm) => {
                let cipher = Cipher::new(algorithm, key.expose())
                    .map_err(|_| length(algorithm.key_bytes()))?;
                Self::Aead { key, cipher }
            }
            Algorithm::Hmac if !HMAC_KEY_BYTES.contains(&key.len()) => {
                return Err(KeyVersionError::HmacKeyBytes);
            }
            Algorithm::Hmac => Self::Hmac(key),
            Algorithm::Cmac(algorithm) => {
                let cmac = Cmac::new(algorithm, key.expose())
                    .map_err(|_| length(algorithm.key_bytes()))?;
                Self::Cmac { key, cmac }
            }
            Algorithm::Ed25519 => {
                Self::Ed25519(KeyPair::Whole(Ed25519PrivateKey::from_seed(key.expose())?))
            }
            Algorithm::Ecdsa(curve) => Self::Ecdsa(KeyPair::Whole(EcdsaPrivateKey::from_pkcs8(
                curve,
                key.expose(),
            )?)),
            Algorithm::Rsa(size) => {
                let private = RsaPrivateKey::from_pkcs8(key.expose())?;
                rsa_size(size, private.size())?;
                Self::Rsa(KeyPair::Whole(private))
            }
            Algorithm::MlDsa(parameters) => Self::MlDsa(KeyPair::Whole(
                MlDsaPrivateKey::from_pkcs8(parameters, key.expose())?,
            )),
        })
    }

    /// A key of which only the public part is known, from its SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyVersionError`] if the type has no public part, or this is not one of its keys.
    pub fn from_public(key_type: KeyType, spki: &[u8]) -> Result<Self, KeyVersionError> {
        Ok(match key_type.algorithm() {
            Algorithm::Ed25519 => {
                Self::Ed25519(KeyPair::PublicOnly(Ed25519PublicKey::from_spki(spki)?))
            }
            Algorithm::Ecdsa(curve) => {
                let public = EcdsaPublicKey::from_spki(spki)?;
                if public.curve() != curve {
                    return Err(KeyVersionError::OtherCurve {
                        expected: curve,
                        found: public.curve(),
                    });
                }
                Self::Ecdsa(KeyPair::PublicOnly(public))
            }
            Algorithm::Rsa(size) => {
                let public = RsaPublicKey::from_spki(spki)?;
                rsa_size(size, public.size())?;
                Self::Rsa(KeyPair::PublicOnly(public))
            }
            Algorithm::MlDsa(parameters) => Self::MlDsa(KeyPair::PublicOnly(
                MlDsaPublicKey::from_spki(parameters, spki)?,
            )),
            Algorithm::Aead(_) | Algorithm::Hmac | Algorithm::Cmac(_) => {
                return Err(KeyVersionError::NoPublicPart);
            }
        })
    }

    /// A key as it is imported: the bytes of a symmetric one, a PKCS #8 document otherwise.
    ///
    /// # Errors
    /// [`KeyVersionError`].
    pub fn from_import(key_type: KeyType, document: SecretBytes) -> Result<Self, KeyVersionError> {
        match key_type.algorithm() {
            Algorithm::Ed25519 => {
                let private = Ed25519PrivateKey::from_pkcs8(document.expose())?;
                Ok(Self::Ed25519(KeyPair::Whole(private)))
            }
            Algorithm::Rsa(_) => {
                let material = Self::from_secret(key_type, document)?;
                if let Self::Rsa(KeyPair::Whole(private)) = &material {
                    private.check_pair()?;
                }
                Ok(material)
            }
            Algorithm::Aead(_)
            | Algorithm::Hmac
            | Algorithm::Cmac(_)
            | Algorithm::Ecdsa(_)
            | Algorithm::MlDsa(_) => Self::from_secret(key_type, document),
        }
    }

    /// What a record keeps of it.
    pub(super) fn to_record(&self) -> (Part, SecretBytes) {
        let copy = |key: &SecretBytes| (Part::Secret, SecretBytes::copy_of(key.expose()));
        match self {
            Self::Aead { key, .. } | Self::Hmac(key) | Self::Cmac { key, .. } => copy(key),
            Self::Ed25519(KeyPair::Whole(key)) => {
                (Part::Secret, SecretBytes::copy_of(key.seed().expose()))
            }
            Self::Ecdsa(KeyPair::Whole(key)) => (Part::Secret, key.to_pkcs8()),
            Self::Rsa(KeyPair::Whole(key)) => (Part::Secret, key.to_pkcs8()),
            Self::MlDsa(KeyPair::Whole(key)) => (Part::Secret, key.to_pkcs8()),
            Self::Ed25519(KeyPair::PublicOnly(_))
            | Self::Ecdsa(KeyPair::PublicOnly(_))
            | Self::Rsa(KeyPair::PublicOnly(_))
            | Self::MlDsa(KeyPair::PublicOnly(_)) => {
                let spki = self.public_spki().expect("these types have a public part");
                (Part::Public, SecretBytes::from_vec(spki))
            }
        }
    }

    /// The public part as a SubjectPublicKeyInfo (RFC 5280); `None` for types without one.
    pub fn public_spki(&self) -> Option<Vec<u8>> {
        match self {
            Self::Aead { .. } | Self::Hmac(_) | Self::Cmac { .. } => None,
            Self::Ed25519(pair) => Some(pair.public().to_spki()),
            Self::Ecdsa(pair) => Some(pair.public().to_spki()),
            Self::Rsa(pair) => Some(pair.public().to_spki()),
            Self::MlDsa(pair) => Some(pair.public().to_spki()),
        }
    }

    /// The private part as a PKCS #8 document (RFC 5208); `None` for symmetric keys, and where
    /// only the public part is known.
    pub fn to_pkcs8(&self) -> Option<SecretBytes> {
        match self {
            Self::Aead { .. } | Self::Hmac(_) | Self::Cmac { .. } => None,
            Self::Ed25519(pair) => pair.private().map(Ed25519PrivateKey::to_pkcs8),
            Self::Ecdsa(pair) => pair.private().map(EcdsaPrivateKey::to_pkcs8),
            Self::Rsa(pair) => pair.private().map(RsaPrivateKey::to_pkcs8),
            Self::MlDsa(pair) => pair.private().map(MlDsaPrivateKey::to_pkcs8),
        }
    }

    /// The bytes of a symmetric key: to derive from, to export and to back up.
    pub fn symmetric(&self) -> Option<&SecretBytes> {
        match self {
            Self::Aead { key, .. } | Self::Hmac(key) | Self::Cmac { key, .. } => Some(key),
            Self::Ed25519(_) | Self::Ecdsa(_) | Self::Rsa(_) | Self::MlDsa(_) => None,
        }
    }

    /// Whether the secret is here, and not only its public part.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Aead { .. } | Self::Hmac(_) | Self::Cmac { .. } => true,
            Self::Ed25519(pair) => pair.private().is_some(),
            Self::Ecdsa(pair) => pair.private().is_some(),
            Self::Rsa(pair) => pair.private().is_some(),
            Self::MlDsa(pair) => pair.private().is_some(),
        }
    }
}

fn rsa_size(
    expected: crate::algorithm::RsaSize,
    found: crate::algorithm::RsaSize,
) -> Result<(), KeyVersionError> {
    if expected == found {
        Ok(())
    } else {
        let (expected, found) = (expected.bytes(), found.bytes());
        Err(KeyVersionError::RsaSize { expected, found })
    }
}

/// Random bytes from the operating system.
pub(super) fn random(len: usize) -> Result<SecretBytes, KeyVersionError> {
    SecretBytes::fill_with(len, |bytes| SystemRandom::new().fill(bytes))
        .map_err(|_| KeyVersionError::NoRandomness)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        algorithm::RsaSize,
        rsa::{RsaError, composite},
    };

    #[test]
    fn imports_no_rsa_key_that_contradicts_itself() {
        let key_type = KeyType::ALL
            .into_iter()
            .find(|t| matches!(t.algorithm(), Algorithm::Rsa(RsaSize::Bits2048)))
            .unwrap();
        let refused = Material::from_import(key_type, composite::key().to_pkcs8());
        assert!(matches!(
            refused,
            Err(KeyVersionError::Rsa(RsaError::Inconsistent))
        ));
        // Stored records were checked when they came.
        assert!(Material::from_secret(key_type, composite::key().to_pkcs8()).is_ok());
    }
}
