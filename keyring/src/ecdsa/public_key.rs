//! Public keys.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    signature::{EcdsaVerificationAlgorithm, ParsedPublicKey},
};

use super::EcdsaError;
use crate::{algorithm::Curve, der};

/// First byte of a point with both coordinates (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A point on a curve, parsed once. Threads share it without a lock.
pub struct EcdsaPublicKey {
    curve: Curve,
    /// Made from the uncompressed point, which it keeps.
    parsed: ParsedPublicKey,
}

impl EcdsaPublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5480); it names the curve.
    ///
    /// # Errors
    /// [`EcdsaError::PublicKey`], also for another curve than those of [`Curve`].
    pub fn from_spki(document: &[u8]) -> Result<Self, EcdsaError> {
        if !der::is_spki(document) {
            return Err(EcdsaError::PublicKey);
        }
        Curve::ALL
            .into_iter()
            .find_map(|curve| {
                let parsed = ParsedPublicKey::new(verification(curve), document).ok()?;
                let written = parsed.as_der().ok()?;
                let (_, point) = written
                    .as_ref()
                    .split_at_checked(written.as_ref().len().checked_sub(point_bytes(curve))?)?;
                Self::from_point(curve, point).ok()
            })
            .ok_or(EcdsaError::PublicKey)
    }

    /// Makes one of the two coordinates, big-endian, which may be shorter than the curve's.
    ///
    /// # Errors
    /// [`EcdsaError::PublicKey`] if the point is not on the curve.
    pub fn from_coordinates(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, EcdsaError> {
        let mut point = vec![0; point_bytes(curve)];
        point[0] = UNCOMPRESSED;
        let (to_x, to_y) = point[1..].split_at_mut(curve.bytes());
        for (coordinate, to) in [(x, to_x), (y, to_y)] {
            let from = to.len().checked_sub(coordinate.len());
            to[from.ok_or(EcdsaError::PublicKey)?..].copy_from_slice(coordinate);
        }
        Self::from_point(curve, &point)
    }

    /// Makes one of the uncompressed point.
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, EcdsaError> {
        if point.len() != point_bytes(curve) || point[0] != UNCOMPRESSED {
            return Err(EcdsaError::PublicKey);
        }
        let parsed =
            ParsedPublicKey::new(verification(curve), point).map_err(|_| EcdsaError::PublicKey)?;
        Ok(Self { curve, parsed })
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The first coordinate, big-endian, [`Curve::bytes`] long.
    pub fn x(&self) -> &[u8] {
        &self.point()[1..=self.curve.bytes()]
    }

    /// The second coordinate, big-endian, [`Curve::bytes`] long.
    pub fn y(&self) -> &[u8] {
        &self.point()[1 + self.curve.bytes()..]
    }

    /// The uncompressed point: 4, x and y.
    pub(super) fn point(&self) -> &[u8] {
        self.parsed.as_ref()
    }

    /// The SubjectPublicKeyInfo (RFC 5480) with the curve's name and the uncompressed point.
    pub fn to_spki(&self) -> Vec<u8> {
        let document = self.parsed.as_der().expect("a point that was parsed");
        document.as_ref().to_vec()
    }

    /// Whether `signature`, DER, is this key's for `digest`, which may have any length that
    /// [`sign`](super::EcdsaPrivateKey::sign) takes.
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        self.curve
            .digest(digest)
            .is_ok_and(|digest| self.parsed.verify_digest_sig(&digest, signature).is_ok())
    }
}

impl fmt::Debug for EcdsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcdsaPublicKey({:?})", self.curve)
    }
}

fn verification(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    curve.ecdsa()
}

fn point_bytes(curve: Curve) -> usize {
    1 + 2 * curve.bytes()
}
