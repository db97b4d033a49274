//! A secret that two parties have in common: ECDH, then HKDF.

use super::{Key, KeyError, Material};
use crate::{
    algorithm::AeadAlgorithm, ecdsa::EcdsaPublicKey, kdf, pem, secret::SecretBytes,
    version::Version,
};

impl Key {
    /// The key that this one and a peer's public key, as PEM, agree on: HKDF-SHA256, without salt
    /// or info, of the x coordinate that ECDH gives (NIST SP 800-56A, section 5.7.1.2).
    ///
    /// # Errors
    /// [`KeyError`], in the order and the words of the peers.
    pub fn agree(
        &self,
        version: i64,
        peer_pem: &str,
        algorithm: AeadAlgorithm,
    ) -> Result<SecretBytes, KeyError> {
        let policy = self.policy();
        if !policy.key_type.supports_key_agreement() {
            return Err(KeyError::NoKeyAgreement(policy.key_type));
        }
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        let number = match version {
            0 => policy.latest_version,
            ..0 => return Err(KeyError::BaseVersionNegative),
            asked => u32::try_from(asked)
                .ok()
                .and_then(Version::new)
                .filter(|&number| number <= policy.latest_version)
                .ok_or(KeyError::BaseVersionTooNew)?,
        };
        if policy
            .min_available_version
            .is_some_and(|oldest| number < oldest)
        {
            return Err(KeyError::BaseVersionTooOld);
        }
        if number < policy.oldest_decrypting() {
            return Err(KeyError::NoSuchVersion);
        }
        let version = self.working_version(number)?;
        let Material::Ecdsa(pair) = version.material() else {
            return Err(KeyError::NoKeyAgreement(policy.key_type));
        };
        let peer = pem::decode(peer_pem).map_err(|error| KeyError::PeerKey(error.to_string()))?;
        let peer = EcdsaPublicKey::from_spki(&peer.content).map_err(|_| KeyError::PeerNotEcdsa)?;
        if peer.curve() != pair.public().curve() {
            return Err(KeyError::PeerCurve(policy.key_type));
        }
        let own = pair.private().ok_or(KeyError::NoPrivatePartToAgree)?;
        let secret = own
            .agree(&peer)
            .map_err(|error| KeyError::PeerKey(error.to_string()))?;
        kdf::derive(&secret, b"", algorithm.key_bytes())
            .map_err(|error| KeyError::PeerKey(error.to_string()))
    }
}
