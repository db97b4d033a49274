//! `export/…`: the bytes of exportable keys.

use std::collections::BTreeMap;

use sealgate_keyring::{
    base64,
    error::Error as KeyringError,
    key::{Key, KeyError, KeyVersion},
};
use serde::Serialize;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

/// Which of a version's two keys is asked for.
#[derive(Clone, Copy)]
enum Exported {
    EncryptionKey,
    HmacKey,
}

#[derive(Serialize)]
struct Export<'k> {
    keys: BTreeMap<u32, String>,
    name: &'k str,
    #[serde(rename = "type")]
    key_type: &'static str,
}

/// `export/:type/:name` and `export/:type/:name/:version`; the parameter holds what stands behind
/// `export/`.
pub async fn export(_: &App, call: &Call) -> Result<Answer, Error> {
    let mut segments = call.parameter.split('/');
    let (Some(kind), Some(name), version, None) = (
        segments.next(),
        segments.next(),
        segments.next(),
        segments.next(),
    ) else {
        return Err(Error::UnsupportedPath);
    };
    let exported = match kind {
        "encryption-key" => Ok(Exported::EncryptionKey),
        "hmac-key" => Ok(Exported::HmacKey),
        "signing-key" => Err("signing not supported for the key"),
        "certificate-chain" => {
            Err("certificate chain not supported for keys that do not support signing")
        }
        "public-key" => Err("unknown key type for export type public-key"),
        _ => return Err(Error::bad_request(format!("invalid export type: {kind}"))),
    };
    match call.query.value("format").unwrap_or_default() {
        "" | "raw" => {}
        "der" | "pem" => {
            return Err(Error::bad_request(
                "unknown format for HMAC key; supported values are `` or `raw`",
            ));
        }
        format => return Err(Error::bad_request(format!("invalid format: {format}"))),
    }
    let key = call.mount()?.key(name).ok_or(Error::Absent)?;
    let public = matches!(kind, "public-key" | "certificate-chain");
    if !key.policy().exportable && !public {
        return Err(Error::bad_request("private key material is not exportable"));
    }
    if key.policy().soft_deleted {
        return Err(KeyringError::Key(KeyError::SoftDeleted).into());
    }
    let exported = exported.map_err(Error::bad_request)?;
    let entry = |version: &KeyVersion| {
        let secret = match exported {
            Exported::EncryptionKey => version.key(),
            Exported::HmacKey => version.hmac_key(),
        };
        (version.number().number(), base64::encode(secret.expose()))
    };
    let keys = match version {
        None => key
            .usable_versions()
            .map(|version| entry(version))
            .collect(),
        Some(version) => BTreeMap::from([entry(wanted(&key, version)?)]),
    };
    let (name, key_type) = (key.name().as_str(), key.policy().key_type.name());
    Ok(Answer::data(&Export {
        keys,
        name,
        key_type,
    }))
}

fn wanted<'k>(key: &'k Key, version: &str) -> Result<&'k KeyVersion, Error> {
    let policy = key.policy();
    let number: i64 = match version {
        "latest" => i64::from(policy.latest_version.number()),
        text => text
            .strip_prefix('v')
            .unwrap_or(text)
            .parse()
            .map_err(|_| Error::bad_request("invalid key version"))?,
    };
    if number < i64::from(policy.min_decryption_version.number()) {
        return Err(Error::bad_request(
            "version for export is below minimum decryption version",
        ));
    }
    key.usable_versions()
        .find(|version| i64::from(version.number().number()) == number)
        .map(|version| &**version)
        .ok_or_else(|| Error::bad_request("version does not exist or cannot be found"))
}
