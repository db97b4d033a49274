//! One version in a backup: Go's structures for its kind of key.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

use super::{document::CONVERGENT_FORM, number::Number};
use crate::{
    algorithm::{Algorithm, KeyType},
    base64,
    ecdsa::{EcdsaPrivateKey, EcdsaPublicKey},
    ed25519::{Ed25519PrivateKey, Ed25519PublicKey},
    key::{KeyPair, KeyVersion, KeyVersionError, Material},
    ml_dsa::{MlDsaPrivateKey, MlDsaPublicKey},
    pem,
    rsa::{RsaComponents, RsaPrivateKey, RsaPublicKey},
    secret::SecretBytes,
    version::Version,
};

const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    key: Bytes,
    hmac_key: Bytes,
    time: String,
    ec_x: Option<Number>,
    ec_y: Option<Number>,
    ec_d: Option<Number>,
    rsa_key: Option<RsaKey>,
    rsa_public_key: Option<RsaPublic>,
    public_key: String,
    pub(super) convergent_version: i32,
    /// Seconds since 1970.
    creation_time: i64,
    certificate_chain: Option<Vec<Bytes>>,
    external_key_ref: String,
}

/// Go's `rsa.PrivateKey`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RsaKey {
    n: Number,
    e: u64,
    d: Number,
    primes: Vec<Number>,
    #[serde(default)]
    precomputed: Precomputed,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Precomputed {
    dp: Option<Number>,
    dq: Option<Number>,
    qinv: Option<Number>,
    #[serde(rename = "CRTValues")]
    crt_values: Vec<serde_json::Value>,
}

/// Go's `rsa.PublicKey`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RsaPublic {
    n: Number,
    e: u64,
}

/// Go writes a byte slice as base64, and an empty one as `null`.
#[derive(Default)]
struct Bytes(Option<SecretBytes>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            None => serializer.serialize_none(),
            Some(bytes) => {
                let text = Zeroizing::new(base64::encode(bytes.expose()));
                serializer.serialize_str(&text)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(Self(None));
        };
        let bytes = base64::decode(Zeroizing::new(text).as_bytes()).map_err(D::Error::custom)?;
        Ok(Self(
            (!bytes.is_empty()).then(|| SecretBytes::from_vec(bytes)),
        ))
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            key: Bytes(None),
            hmac_key: Bytes(None),
            time: ZERO_TIME.to_owned(),
            ec_x: None,
            ec_y: None,
            ec_d: None,
            rsa_key: None,
            rsa_public_key: None,
            public_key: String::new(),
            convergent_version: 0,
            creation_time: 0,
            certificate_chain: None,
            external_key_ref: String::new(),
        }
    }
}

impl Entry {
    /// What a backup keeps of `version`.
    pub(super) fn of(version: &KeyVersion, convergent: bool) -> Self {
        let copy = |bytes: &[u8]| Bytes(Some(SecretBytes::copy_of(bytes)));
        let certificates = version.certificates();
        let mut entry = Self {
            hmac_key: copy(version.hmac_key().expose()),
            time: version.created().to_string(),
            convergent_version: if convergent { CONVERGENT_FORM } else { 0 },
            creation_time: version.created().as_second(),
            certificate_chain: (!certificates.is_empty())
                .then(|| certificates.iter().map(|der| copy(der)).collect()),
            ..Self::default()
        };
        match version.material() {
            Material::Aead { key, .. } | Material::Hmac(key) | Material::Cmac { key, .. } => {
                entry.key = copy(key.expose());
            }
            Material::Ed25519(pair) => {
                let public = pair.public().as_bytes();
                entry.key = Bytes(pair.private().map(|key| key.expanded()));
                entry.public_key = base64::encode(public);
            }
            Material::Ecdsa(pair) => {
                let public = pair.public();
                entry.ec_x = Some(Number::from_be(public.x()));
                entry.ec_y = Some(Number::from_be(public.y()));
                entry.ec_d = pair
                    .private()
                    .map(|key| Number::from_be(key.scalar().expose()));
                entry.public_key = pem::encode("PUBLIC KEY", &public.to_spki());
            }
            Material::Rsa(KeyPair::Whole(key)) => entry.rsa_key = Some(RsaKey::of(key)),
            Material::Rsa(KeyPair::PublicOnly(key)) => {
                entry.rsa_public_key = Some(RsaPublic {
                    n: Number::from_be(key.n()),
                    e: exponent(key.e()),
                });
            }
            Material::MlDsa(pair) => {
                entry.key = Bytes(pair.private().map(MlDsaPrivateKey::to_pkcs8));
                entry.public_key = base64::encode(pair.public().as_bytes());
            }
        }
        entry
    }

    /// Whether there is a key in it, be it the public one alone.
    pub(super) fn holds_a_key(&self) -> bool {
        self.key.0.is_some()
            || self.ec_x.is_some()
            || self.rsa_key.is_some()
            || self.rsa_public_key.is_some()
            || !self.public_key.is_empty()
    }

    /// Makes the version; `Ok(None)` if there is no key in the entry.
    pub(super) fn read(
        self,
        key_type: KeyType,
        number: Version,
    ) -> Result<Option<KeyVersion>, KeyVersionError> {
        let created = self.created();
        let certificates = self.certificate_chain.unwrap_or_default();
        let certificates = certificates
            .into_iter()
            .filter_map(|der| Some(der.0?.expose().to_vec()))
            .collect();
        let material = match key_type.algorithm() {
            Algorithm::Aead(_) | Algorithm::Hmac | Algorithm::Cmac(_) => match self.key.0 {
                None => return Ok(None),
                Some(key) => Material::from_secret(key_type, key)?,
            },
            Algorithm::Ed25519 => Material::Ed25519(match self.key.0 {
                Some(key) => KeyPair::Whole(Ed25519PrivateKey::from_expanded(key.expose())?),
                None if self.public_key.is_empty() => return Ok(None),
                None => {
                    let public = base64::decode(self.public_key.as_bytes()).unwrap_or_default();
                    KeyPair::PublicOnly(Ed25519PublicKey::from_bytes(&public)?)
                }
            }),
            Algorithm::Ecdsa(curve) => Material::Ecdsa(match (self.ec_d, self.ec_x, self.ec_y) {
                (Some(d), ..) => KeyPair::Whole(EcdsaPrivateKey::from_scalar(curve, d.as_be())?),
                (None, Some(x), Some(y)) => KeyPair::PublicOnly(EcdsaPublicKey::from_coordinates(
                    curve,
                    x.as_be(),
                    y.as_be(),
                )?),
                _ => return Ok(None),
            }),
            Algorithm::Rsa(_) => match (self.rsa_key, self.rsa_public_key) {
                (Some(key), _) => Material::from_import(key_type, key.read()?.to_pkcs8())?,
                (None, Some(key)) => {
                    let public =
                        RsaPublicKey::from_components(key.n.as_be(), &key.e.to_be_bytes())?;
                    Material::from_public(key_type, &public.to_spki())?
                }
                (None, None) => return Ok(None),
            },
            Algorithm::MlDsa(parameters) => match self.key.0 {
                Some(seed) => Material::from_secret(key_type, seed)?,
                None if self.public_key.is_empty() => return Ok(None),
                None => {
                    let public = base64::decode(self.public_key.as_bytes()).unwrap_or_default();
                    Material::MlDsa(KeyPair::PublicOnly(MlDsaPublicKey::from_bytes(
                        parameters, &public,
                    )?))
                }
            },
        };
        match self.hmac_key.0 {
            Some(hmac_key) => {
                KeyVersion::new(number, created, material, hmac_key, certificates).map(Some)
            }
            None => KeyVersion::of_material(number, created, material)?
                .with_certificates(certificates)
                .map(Some),
        }
    }

    fn created(&self) -> Timestamp {
        let stamped = self.time.parse().ok().filter(|_| self.time != ZERO_TIME);
        let counted = || Timestamp::from_second(self.creation_time).ok();
        stamped.or_else(counted).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl RsaKey {
    fn of(key: &RsaPrivateKey) -> Self {
        let parts = key.components();
        let number = |secret: &Option<SecretBytes>| {
            secret
                .as_ref()
                .map(|secret| Number::from_be(secret.expose()))
        };
        Self {
            n: Number::from_be(&parts.n),
            e: exponent(&parts.e),
            d: Number::from_be(parts.d.expose()),
            primes: vec![
                Number::from_be(parts.p.expose()),
                Number::from_be(parts.q.expose()),
            ],
            precomputed: Precomputed {
                dp: number(&parts.dp),
                dq: number(&parts.dq),
                qinv: number(&parts.qinv),
                crt_values: Vec::new(),
            },
        }
    }

    fn read(self) -> Result<RsaPrivateKey, KeyVersionError> {
        let secret = |number: Number| SecretBytes::copy_of(number.as_be());
        let [p, q] =
            <[Number; 2]>::try_from(self.primes).map_err(|_| KeyVersionError::Malformed)?;
        Ok(RsaPrivateKey::from_components(&RsaComponents {
            n: self.n.as_be().to_vec(),
            e: self.e.to_be_bytes().to_vec(),
            d: secret(self.d),
            p: secret(p),
            q: secret(q),
            dp: self.precomputed.dp.map(secret),
            dq: self.precomputed.dq.map(secret),
            qinv: self.precomputed.qinv.map(secret),
        })?)
    }
}

/// A public exponent as Go keeps it.
fn exponent(big_endian: &[u8]) -> u64 {
    big_endian
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}
