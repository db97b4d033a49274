//! The key under which the barrier keys lie.

use ring::rand::{SecureRandom, SystemRandom};

use super::BarrierError;
use crate::secret::{Secret256, SecretBytes};

/// Opens the barrier keys. It is stored only wrapped under the seal key, which exists only as
/// shares.
#[derive(Debug)]
pub struct RootKey(Secret256);

impl RootKey {
    /// A new one, from the operating system's random source.
    pub fn random() -> Result<Self, BarrierError> {
        Secret256::fill_with(|bytes| SystemRandom::new().fill(bytes))
            .map(Self)
            .map_err(|_| BarrierError::NoRandom)
    }

    /// Takes over an unwrapped root key. `None` unless it has 32 bytes.
    pub(crate) fn from_opened(bytes: &SecretBytes) -> Option<Self> {
        Secret256::copy_of(bytes.expose()).map(Self)
    }

    /// The key itself: to expand it, and to wrap it under another seal key.
    pub fn secret(&self) -> &Secret256 {
        &self.0
    }
}
