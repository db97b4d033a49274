//! The numbers of a private key: read from PKCS #8 (RFC 5958) and PKCS #1 (RFC 8017, A.1.2),
//! completed, checked for their lengths.

use crypto_bigint::{BoxedUint, NonZero, Odd};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::RsaError;
use crate::{algorithm::RsaSize, secret::SecretBytes};

/// `rsaEncryption`.
const RSA: ObjectIdentifier = pkcs1::ALGORITHM_OID;
/// `id-RSASSA-PSS`: some tools mark keys that are meant for PSS so. The key inside is the same.
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// The numbers of a private key, big-endian.
#[derive(Debug)]
pub struct RsaComponents {
    /// The modulus `p · q`.
    pub n: Vec<u8>,
    /// The public exponent.
    pub e: Vec<u8>,
    /// The private exponent.
    pub d: SecretBytes,
    /// The first prime.
    pub p: SecretBytes,
    /// The second prime.
    pub q: SecretBytes,
    /// `d mod (p − 1)`; computed if absent.
    pub dp: Option<SecretBytes>,
    /// `d mod (q − 1)`; computed if absent.
    pub dq: Option<SecretBytes>,
    /// `q⁻¹ mod p`; computed if absent.
    pub qinv: Option<SecretBytes>,
}

impl RsaComponents {
    /// Reads a PKCS #8 document.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, RsaError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| RsaError::Encoding)?;
        if !is_rsa(info.algorithm.oid) {
            return Err(RsaError::Encoding);
        }
        Self::from_pkcs1(info.private_key.as_bytes())
    }

    /// Reads an `RSAPrivateKey`.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, RsaError> {
        let key = RsaPrivateKeyRef::try_from(der).map_err(|_| RsaError::Encoding)?;
        if key.other_prime_infos.is_some() {
            return Err(RsaError::MultiPrime);
        }
        Ok(Self {
            n: key.modulus.as_bytes().to_vec(),
            e: key.public_exponent.as_bytes().to_vec(),
            d: SecretBytes::copy_of(key.private_exponent.as_bytes()),
            p: SecretBytes::copy_of(key.prime1.as_bytes()),
            q: SecretBytes::copy_of(key.prime2.as_bytes()),
            dp: Some(SecretBytes::copy_of(key.exponent1.as_bytes())),
            dq: Some(SecretBytes::copy_of(key.exponent2.as_bytes())),
            qinv: Some(SecretBytes::copy_of(key.coefficient.as_bytes())),
        })
    }

    /// A copy without leading zeros, with every number there and none longer than the modulus.
    /// Whether they belong together is not looked at.
    pub(super) fn complete(&self) -> Result<(RsaSize, Numbers), RsaError> {
        let n = trimmed(&self.n);
        let size = size_of(n)?;
        let secret = |bytes: &SecretBytes| {
            let bytes = trimmed(bytes.expose());
            let fits = !bytes.is_empty() && bytes.len() <= n.len();
            fits.then(|| SecretBytes::copy_of(bytes))
                .ok_or(RsaError::Inconsistent)
        };
        let or_compute =
            |given: &Option<SecretBytes>, compute: &dyn Fn() -> Option<SecretBytes>| match given {
                Some(given) => secret(given),
                None => compute().ok_or(RsaError::Inconsistent),
            };
        let (d, p, q) = (secret(&self.d)?, secret(&self.p)?, secret(&self.q)?);
        let numbers = Numbers {
            dp: or_compute(&self.dp, &|| reduced_exponent(&d, &p))?,
            dq: or_compute(&self.dq, &|| reduced_exponent(&d, &q))?,
            qinv: or_compute(&self.qinv, &|| inverse(&q, &p))?,
            n: n.to_vec(),
            e: trimmed(&self.e).to_vec(),
            d,
            p,
            q,
        };
        Ok((size, numbers))
    }
}

/// The components, all of them, without leading zeros.
pub(super) struct Numbers {
    pub(super) n: Vec<u8>,
    pub(super) e: Vec<u8>,
    pub(super) d: SecretBytes,
    pub(super) p: SecretBytes,
    pub(super) q: SecretBytes,
    pub(super) dp: SecretBytes,
    pub(super) dq: SecretBytes,
    pub(super) qinv: SecretBytes,
}

impl Numbers {
    pub(super) fn to_components(&self) -> RsaComponents {
        let copy = |secret: &SecretBytes| SecretBytes::copy_of(secret.expose());
        RsaComponents {
            n: self.n.clone(),
            e: self.e.clone(),
            d: copy(&self.d),
            p: copy(&self.p),
            q: copy(&self.q),
            dp: Some(copy(&self.dp)),
            dq: Some(copy(&self.dq)),
            qinv: Some(copy(&self.qinv)),
        }
    }
}

pub(super) fn is_rsa(algorithm: ObjectIdentifier) -> bool {
    algorithm == RSA || algorithm == RSA_PSS
}

/// The size of keys with this modulus.
pub(super) fn size_of(n: &[u8]) -> Result<RsaSize, RsaError> {
    let n = trimmed(n);
    let leading_zeros = n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = n.len() * 8 - leading_zeros;
    RsaSize::ALL
        .into_iter()
        .find(|size| size.bits() == bits)
        .ok_or(RsaError::Size { bits })
}

/// Without leading zeros.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    &bytes[zeros..]
}

/// A number as wide as its bytes.
pub(super) fn number(bytes: &[u8]) -> BoxedUint {
    let bits = u32::try_from(bytes.len() * 8).expect("checked to be no longer than a modulus");
    BoxedUint::from_be_slice(bytes, bits.max(64)).expect("as wide as its bytes")
}

/// `d mod (prime − 1)`.
fn reduced_exponent(d: &SecretBytes, prime: &SecretBytes) -> Option<SecretBytes> {
    let d = Zeroizing::new(number(d.expose()));
    let mut order = number(prime.expose());
    order.wrapping_sub_assign(BoxedUint::one());
    let order = Zeroizing::new(Option::from(NonZero::new(order))?);
    Some(secret_of(d.rem(&*order)))
}

/// `q⁻¹ mod p`.
fn inverse(q: &SecretBytes, p: &SecretBytes) -> Option<SecretBytes> {
    let p: Zeroizing<Odd<BoxedUint>> = Zeroizing::new(Option::from(number(p.expose()).to_odd())?);
    let q = Zeroizing::new(number(q.expose()));
    let q = Zeroizing::new(q.rem(p.as_nz_ref()));
    let inverse: Option<BoxedUint> = q.invert_odd_mod(&p).into();
    inverse.map(secret_of)
}

fn secret_of(number: BoxedUint) -> SecretBytes {
    let number = Zeroizing::new(number);
    let bytes = Zeroizing::new(number.to_be_bytes());
    SecretBytes::copy_of(trimmed(&bytes))
}
