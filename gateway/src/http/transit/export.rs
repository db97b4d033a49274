//! `export/…`: the bytes of exportable keys, and public keys and certificates of any.

use std::{collections::BTreeMap, sync::Arc};

use sealgate_keyring::{
    base64,
    error::Error as KeyringError,
    key::{Key, KeyError, KeyVersion, Material},
    pem,
    secret::SecretBytes,
};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::describe::certificate_chain;
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exported {
    EncryptionKey,
    SigningKey,
    HmacKey,
    CmacKey,
    PublicKey,
    CertificateChain,
}

/// How it is to be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// What the type has had since the peers began.
    Default,
    /// The bytes as base64.
    Raw,
    /// A PKCS #8 document or SubjectPublicKeyInfo as base64.
    Der,
    /// The same as PEM.
    Pem,
}

/// The text of a key; wiped when dropped.
struct Text(Zeroizing<String>);

impl Text {
    fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    fn base64(bytes: &[u8]) -> Self {
        Self::new(base64::encode(bytes))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[derive(Serialize)]
struct Export<'k> {
    keys: BTreeMap<u32, Text>,
    name: &'k str,
    #[serde(rename = "type")]
    key_type: &'static str,
}

/// `export/:type/:name` and `export/:type/:name/:version`.
pub async fn export(_: &App, call: &Call) -> Result<Answer, Error> {
    let [kind, name, version] = &call.captured;
    let exported = Exported::parse(kind)?;
    let format = Format::parse(call.query.value("format").unwrap_or_default())?;
    let key = call.mount()?.key(name).ok_or(Error::Absent)?;
    let public = matches!(exported, Exported::PublicKey | Exported::CertificateChain);
    if !key.policy().exportable && !public {
        return Err(Error::bad_request("private key material is not exportable"));
    }
    if key.policy().soft_deleted {
        return Err(KeyringError::Key(KeyError::SoftDeleted).into());
    }
    exported.allowed_for(&key)?;
    let entry = |version: &Arc<KeyVersion>| {
        let text = exported.text(&key, version, format)?;
        Ok::<_, Error>((version.number().number(), text))
    };
    let keys = match version.as_str() {
        "" => key.usable_versions().map(entry).collect::<Result<_, _>>()?,
        version => BTreeMap::from([entry(wanted(&key, version)?)?]),
    };
    let (name, key_type) = (key.name().as_str(), key.policy().key_type.name());
    Ok(Answer::data(&Export {
        keys,
        name,
        key_type,
    })
    .warn(call.unrecognized_in_query()))
}

/// The version that a path asks for.
///
/// # Errors
/// 400 that says why there is none.
pub fn wanted<'k>(key: &'k Key, version: &str) -> Result<&'k Arc<KeyVersion>, Error> {
    let policy = key.policy();
    let number: i64 = match version {
        "latest" => i64::from(policy.latest_version.number()),
        text => text
            .strip_prefix('v')
            .unwrap_or(text)
            .parse()
            .map_err(|_| Error::bad_request("invalid key version"))?,
    };
    if number < i64::from(policy.oldest_decrypting().number()) {
        return Err(Error::bad_request(
            "version for export is below minimum decryption version",
        ));
    }
    key.usable_versions()
        .find(|version| i64::from(version.number().number()) == number)
        .ok_or_else(|| Error::bad_request("version does not exist or cannot be found"))
}

impl Exported {
    fn parse(kind: &str) -> Result<Self, Error> {
        Ok(match kind {
            "encryption-key" => Self::EncryptionKey,
            "signing-key" => Self::SigningKey,
            "hmac-key" => Self::HmacKey,
            "cmac-key" => Self::CmacKey,
            "public-key" => Self::PublicKey,
            "certificate-chain" => Self::CertificateChain,
            _ => return Err(Error::bad_request(format!("invalid export type: {kind}"))),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::EncryptionKey => "encryption-key",
            Self::SigningKey => "signing-key",
            Self::HmacKey => "hmac-key",
            Self::CmacKey => "cmac-key",
            Self::PublicKey => "public-key",
            Self::CertificateChain => "certificate-chain",
        }
    }

    fn allowed_for(self, key: &Key) -> Result<(), Error> {
        let key_type = key.policy().key_type;
        match self {
            Self::EncryptionKey if !key_type.supports_encryption() => {
                Err(Error::bad_request("encryption not supported for the key"))
            }
            Self::SigningKey if !key_type.supports_signing() => {
                Err(Error::bad_request("signing not supported for the key"))
            }
            Self::CertificateChain if !key_type.supports_signing() => Err(Error::bad_request(
                "certificate chain not supported for keys that do not support signing",
            )),
            _ => Ok(()),
        }
    }

    fn text(self, key: &Key, version: &KeyVersion, format: Format) -> Result<Text, Error> {
        match self {
            Self::HmacKey => symmetric(version.hmac_key(), format),
            Self::CertificateChain if version.certificates().is_empty() => Err(Error::bad_request(
                "selected key version does not have a certificate chain imported",
            )),
            Self::CertificateChain => Ok(Text::new(certificate_chain(version))),
            Self::PublicKey => public(version.material(), format).unwrap_or_else(|| {
                let (key_type, kind) = (key.policy().key_type, self.name());
                Err(Error::bad_request(format!(
                    "unknown key type {key_type} for export type {kind}"
                )))
            }),
            Self::CmacKey => match version.material() {
                Material::Cmac { key, .. } => symmetric(key, format),
                _ => Err(Error::bad_request("CMAC not supported for the key")),
            },
            Self::EncryptionKey | Self::SigningKey => private(version.material(), format),
        }
    }
}

impl Format {
    fn parse(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "" => Self::Default,
            "raw" => Self::Raw,
            "der" => Self::Der,
            "pem" => Self::Pem,
            other => return Err(Error::bad_request(format!("invalid format: {other}"))),
        })
    }
}

fn symmetric(key: &SecretBytes, format: Format) -> Result<Text, Error> {
    match format {
        Format::Default | Format::Raw => Ok(Text::base64(key.expose())),
        Format::Der | Format::Pem => Err(Error::bad_request(
            "unknown format for HMAC key; supported values are `` or `raw`",
        )),
    }
}

fn no_raw_format(family: &str) -> Error {
    Error::bad_request(format!(
        "unknown key format for {family} key; supported values are ``, `der`, or `pem`"
    ))
}

/// The secret part; "" where only the public one is known.
fn private(material: &Material, format: Format) -> Result<Text, Error> {
    let pkcs8 = || match (material.to_pkcs8(), format) {
        (None, _) => Text::new(String::new()),
        (Some(document), Format::Der) => Text::base64(document.expose()),
        (Some(document), _) => Text::new(pem::encode(pem::PRIVATE_KEY, document.expose())),
    };
    Ok(match (material, format) {
        (Material::Aead { key, .. } | Material::Hmac(key) | Material::Cmac { key, .. }, format) => {
            return symmetric(key, format);
        }
        (Material::Ed25519(pair), Format::Default | Format::Raw) => match pair.private() {
            None => Text::new(String::new()),
            Some(key) => Text::base64(key.expanded().expose()),
        },
        (Material::Ecdsa(pair), Format::Default) => match pair.private() {
            None => Text::new(String::new()),
            Some(key) => trimmed(pem::encode(pem::EC_PRIVATE_KEY, key.to_sec1().expose())),
        },
        (Material::Rsa(pair), Format::Default) => match pair.private() {
            None => Text::new(String::new()),
            Some(key) => Text::new(pem::encode(pem::RSA_PRIVATE_KEY, key.to_pkcs1().expose())),
        },
        (Material::Ecdsa(_), Format::Raw) => return Err(no_raw_format("ec")),
        (Material::Rsa(_), Format::Raw) => return Err(no_raw_format("rsa")),
        (Material::MlDsa(_), Format::Raw) => return Err(no_raw_format("ml-dsa")),
        (Material::Rsa(_), Format::Pem) | (_, Format::Der) => pkcs8(),
        (_, Format::Default | Format::Pem) => trimmed(pkcs8().0.to_string()),
    })
}

/// The public part; `None` for types without one.
fn public(material: &Material, format: Format) -> Option<Result<Text, Error>> {
    let spki = material.public_spki()?;
    let block = || pem::encode(pem::PUBLIC_KEY, &spki);
    Some(Ok(match (material, format) {
        (Material::Ed25519(pair), Format::Default | Format::Raw) => {
            Text::base64(pair.public().as_bytes())
        }
        (Material::MlDsa(pair), Format::Default | Format::Raw) => {
            Text::base64(pair.public().as_bytes())
        }
        (Material::Ecdsa(_), Format::Raw) => return Some(Err(no_raw_format("ec"))),
        (_, Format::Raw) => return Some(Err(no_raw_format("rsa"))),
        (_, Format::Der) => Text::base64(&spki),
        (Material::Rsa(_), Format::Default | Format::Pem) => Text::new(block()),
        (_, Format::Default | Format::Pem) => trimmed(block()),
    }))
}

/// The peers leave the line feed at the end away, but for RSA.
fn trimmed(text: String) -> Text {
    let text = Zeroizing::new(text);
    Text::new(text.trim_end().to_owned())
}
