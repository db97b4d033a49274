//! `byok-export/…`: a key wrapped for another keyring, in the form that its import takes.

use std::collections::BTreeMap;

use sealgate_keyring::{
    base64,
    error::Error as KeyringError,
    import::{OaepHash, wrap},
    key::{Key, KeyVersion, Material},
};
use serde::Serialize;

use super::export::wanted;
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

/// `byok-export/:destination/:source[/:version]`.
pub async fn export(_: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Export<'k> {
        keys: BTreeMap<u32, String>,
        name: &'k str,
        #[serde(rename = "type")]
        key_type: &'static str,
    }
    let [destination, source, version] = &call.captured;
    let mount = call.mount()?;
    let destination = mount
        .key(destination)
        .ok_or_else(|| Error::bad_request("no such destination key to export to"))?;
    if destination.policy().soft_deleted {
        return Err(Error::bad_request(
            "for destination key: refusing to use soft-deleted key",
        ));
    }
    let source = mount
        .key(source)
        .ok_or_else(|| Error::bad_request("no such source key for export"))?;
    if !source.policy().exportable {
        return Err(Error::bad_request("key is not exportable"));
    }
    if source.policy().soft_deleted {
        return Err(Error::bad_request(
            "for source key: refusing to use soft-deleted key",
        ));
    }
    let versions: Vec<&KeyVersion> = match version.as_str() {
        "" => source.usable_versions().map(|version| &**version).collect(),
        version => vec![wanted(&source, version)?],
    };
    let hash = call.query.value("hash").unwrap_or("SHA256");
    let hash = OaepHash::new(hash)
        .ok_or_else(|| Error::bad_request(format!("unknown hash function: {hash}")))?;
    let wrapping_key = wrapping_version(&destination)?;
    let mut keys = BTreeMap::new();
    for version in versions {
        if let Some(wrapped) = wrapped(wrapping_key, hash, version.material())? {
            keys.insert(version.number().number(), wrapped);
        }
    }
    Ok(Answer::data(&Export {
        keys,
        name: source.name().as_str(),
        key_type: source.policy().key_type.name(),
    })
    .warn(call.unrecognized_in_query()))
}

fn wrapping_version(destination: &Key) -> Result<&Material, Error> {
    let policy = destination.policy();
    if !policy.key_type.supports_signing() {
        return Err(Error::bad_request(format!(
            "key wrapping (requring message signing) is not supported for key type {}",
            policy.key_type
        )));
    }
    let latest = destination.working_version(policy.latest_version)?;
    Some(latest.material())
        .filter(|material| matches!(material, Material::Rsa(_)))
        .ok_or_else(|| Error::bad_request("unsupported key type in use; must be a rsa key"))
}

/// The wrapped key; `None` where only its public part is known.
fn wrapped(
    wrapping_key: &Material,
    hash: OaepHash,
    material: &Material,
) -> Result<Option<String>, Error> {
    let Material::Rsa(wrapping_key) = wrapping_key else {
        return Ok(None);
    };
    let wrapped = match (material.symmetric(), material.to_pkcs8()) {
        (Some(key), _) => wrap(wrapping_key.public(), hash, key.expose()),
        (None, Some(document)) => wrap(wrapping_key.public(), hash, document.expose()),
        (None, None) => return Ok(None),
    };
    let wrapped = wrapped.map_err(KeyringError::from)?;
    Ok(Some(base64::encode(&wrapped)))
}
