//! `wrapping_key`, `keys/:name/import` and `keys/:name/import_version`.

use sealgate_keyring::{
    algorithm::KeyType,
    base64,
    error::Error as KeyringError,
    import::OaepHash,
    key::{Derivation, Imported, KeyVersionError, NewKey},
    secret::SecretBytes,
};
use serde::Serialize;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
};

pub async fn wrapping_key(app: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct WrappingKey {
        public_key: String,
    }
    let key = app.keyring.wrapping_key(call.mount()?).await?;
    let public_key = key.public_pem().map_err(KeyringError::from)?;
    Ok(Answer::data(&WrappingKey { public_key }))
}

pub async fn import(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    if fields.raw("convergent_encryption").is_some() {
        return Err(Error::bad_request(
            "import cannot be used on keys with convergent encryption enabled",
        ));
    }
    let allow_rotation = fields.boolean("allow_rotation")?.unwrap_or(false);
    let auto_rotate_seconds = fields.seconds("auto_rotate_period")?.unwrap_or(0);
    if auto_rotate_seconds > 0 && !allow_rotation {
        return Err(Error::bad_request(
            "allow_rotation must be set to true if auto-rotation is enabled",
        ));
    }
    let key_type = match fields.string("type")? {
        None => KeyType::Aes256Gcm96,
        Some(name) => {
            let lower = name.to_lowercase();
            let unknown = |_| Error::bad_request(format!("unknown key type: {name}"));
            lower.parse().map_err(unknown)?
        }
    };
    let derived = fields.boolean("derived")?.unwrap_or(false);
    let new = NewKey {
        // The peers leave imported keys with their oldest derivation, and so must we, or neither
        // could read what the other wrote.
        derivation: if derived {
            Derivation::PerContextByCounter
        } else {
            Derivation::None
        },
        exportable: fields.boolean("exportable")?.unwrap_or(false),
        allow_plaintext_backup: fields.boolean("allow_plaintext_backup")?.unwrap_or(false),
        auto_rotate_seconds,
        ..NewKey::of_type(key_type)
    };
    let mount = call.mount()?;
    let exists = || {
        Error::bad_request(
            "the import path cannot be used with an existing key; use import-version to rotate an existing imported key",
        )
    };
    if mount.key(&call.parameter).is_some() {
        return Err(exists());
    }
    let material = unwrapped(app, call, &fields).await?;
    let len = material.len();
    let imported = Imported { allow_rotation };
    let done = app
        .keyring
        .import_key(mount, call.key_name()?, new, imported, material)
        .await;
    done.map_err(|error| match error {
        KeyringError::KeyExists(_) => exists(),
        error => wrong_length(error, len, key_type),
    })?;
    Ok(Answer::empty())
}

pub async fn import_version(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let (mount, name) = (call.mount()?, call.key_name()?);
    let missing = || {
        Error::bad_request(format!(
            "no key found with name {name}; to import a new key, use the import/ endpoint"
        ))
    };
    let key = mount.key(name.as_str()).ok_or_else(missing)?;
    key.policy().import_version().map_err(KeyringError::from)?;
    if fields.raw("version").is_some() {
        return Err(Error::bad_request(
            "only a version whose private key is missing can be updated, and keys of this type have none",
        ));
    }
    let material = unwrapped(app, call, &fields).await?;
    let len = material.len();
    let done = app
        .keyring
        .import_key_version(mount, name.clone(), material)
        .await;
    done.map_err(|error| match error {
        KeyringError::KeyNotFound => missing(),
        error => wrong_length(error, len, key.policy().key_type),
    })?;
    Ok(Answer::empty())
}

async fn unwrapped(app: &App, call: &Call, fields: &Fields<'_>) -> Result<SecretBytes, Error> {
    let hash = fields.string("hash_function")?.unwrap_or("SHA256".into());
    let hash = OaepHash::new(&hash)
        .ok_or_else(|| Error::bad_request(format!("unknown hash function: {hash}")))?;
    let Some(ciphertext) = fields.string("ciphertext")? else {
        return Err(Error::bad_request(
            "provided type does not support public_key import",
        ));
    };
    let wrapped = base64::decode(ciphertext.as_bytes())
        .map_err(|error| Error::bad_request(error.to_string()))?;
    let key = app.keyring.wrapping_key(call.mount()?).await?;
    let unwrapped = tokio::task::spawn_blocking(move || key.unwrap(&wrapped, hash)).await;
    Ok(unwrapped
        .map_err(|_| KeyringError::Interrupted)?
        .map_err(KeyringError::from)?)
}

fn wrong_length(error: KeyringError, len: usize, key_type: KeyType) -> Error {
    match error {
        KeyringError::KeyVersion(KeyVersionError::KeyLength { .. }) => Error::bad_request(format!(
            "error importing key: invalid key size {len} bytes for key type {key_type}"
        )),
        error => error.into(),
    }
}
