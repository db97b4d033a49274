//! `derive-key/:name`: a key that this keyring and somebody else agree on.

use sealgate_keyring::{
    algorithm::{Algorithm, KeyType},
    error::Error as KeyringError,
    import::ImportError,
    key::Material,
};

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

pub async fn derive(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let algorithm = fields
        .string("key_derivation_algorithm")?
        .unwrap_or("ecdh".into());
    if algorithm != "ecdh" {
        return Err(Error::bad_request(format!(
            "key derivation algorithm {algorithm} not supported"
        )));
    }
    let peer = fields.string("peer_public_key")?.unwrap_or_default();
    if peer.is_empty() {
        return Err(Error::bad_request("peer public key not provided"));
    }
    let derived_type = fields
        .string("derived_key_type")?
        .unwrap_or(KeyType::Aes256Gcm96.name().into());
    let known: Option<KeyType> = derived_type.to_lowercase().parse().ok();
    let Some((key_type, Algorithm::Aead(algorithm))) =
        known.map(|key_type| (key_type, key_type.algorithm()))
    else {
        return Err(Error::bad_request(format!(
            "unknown key type {derived_type}"
        )));
    };
    let base = fields.string("base_key_name")?.unwrap_or_default();
    let base = call
        .mount()?
        .key(&base)
        .ok_or_else(|| Error::bad_request("specified base key not found"))?;
    let version = fields.integer("base_key_version")?.unwrap_or(0);
    let agreed = base.agree(version, &peer, algorithm)?;
    let len = agreed.len();
    let material = Material::from_secret(key_type, agreed).map_err(KeyringError::from)?;
    let (mount, name) = (call.mount()?, call.key_name()?);
    let taken = mount.key(name.as_str()).map(|key| key.policy().key_type);
    app.keyring
        .import_agreed_key(mount, name, key_type, material)
        .await
        .map_err(|error| match (error, taken.map(KeyType::algorithm)) {
            (KeyringError::Import(ImportError::DerivedKeyExists), Some(Algorithm::Aead(other)))
                if other.key_bytes() != len =>
            {
                Error::bad_request(format!(
                    "error importing key: invalid key size {len} bytes for key type {other}"
                ))
            }
            (error, _) => error.into(),
        })?;
    Ok(Answer::empty())
}
