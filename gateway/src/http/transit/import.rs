//! `wrapping_key`, `keys/:name/import` and `keys/:name/import_version`.

use sealgate_keyring::{
    algorithm::{Algorithm, KeyType},
    base64,
    error::Error as KeyringError,
    import::OaepHash,
    key::{Derivation, Imported, KeyVersionError, Material, NewKey},
    pem,
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
            let parameter_set = fields.string("parameter_set")?.unwrap_or_default();
            KeyType::from_api(&name.to_lowercase(), &parameter_set)
                .map_err(|_| Error::bad_request(format!("unknown key type: {name}")))?
        }
    };
    let derived = fields.boolean("derived")?.unwrap_or(false);
    let new = NewKey {
        derivation: match key_type.algorithm() {
            _ if !derived => Derivation::None,
            // With the oldest derivation, which gives too few bytes, the peers' keys never sign.
            Algorithm::Ed25519 => Derivation::PerContext,
            // The peers leave imported keys with their oldest derivation, and so must we, or
            // neither could read what the other wrote.
            _ => Derivation::PerContextByCounter,
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
    if mount.key(call.parameter()).is_some() {
        return Err(exists());
    }
    let material = material(app, call, &fields, key_type)
        .await?
        .map_err(|error| Error::bad_request(format!("error importing key: {error}")))?;
    let imported = Imported { allow_rotation };
    let done = app
        .keyring
        .import_key(mount, call.key_name()?, new, imported, material)
        .await;
    done.map_err(|error| match error {
        KeyringError::KeyExists(_) => exists(),
        KeyringError::Import(error) => Error::bad_request(format!("error importing key: {error}")),
        error => error.into(),
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
    let material = material(app, call, &fields, key.policy().key_type)
        .await?
        .map_err(Error::bad_request)?;
    let done = match fields.integer("version")? {
        None => {
            app.keyring
                .import_key_version(mount, name.clone(), material)
                .await
        }
        Some(version) => {
            app.keyring
                .complete_key_version(mount, name.clone(), version, material)
                .await
        }
    };
    done.map_err(|error| match error {
        KeyringError::KeyNotFound => missing(),
        error => error.into(),
    })?;
    Ok(Answer::empty())
}

/// The key that the body brings: wrapped, or a public one as it is. The inner error says why it is
/// no key of the type.
async fn material(
    app: &App,
    call: &Call,
    fields: &Fields<'_>,
    key_type: KeyType,
) -> Result<Result<Material, String>, Error> {
    if fields.holds("ciphertext") {
        let document = unwrapped(app, call, fields).await?;
        let len = document.len();
        let material = Material::from_import(key_type, document);
        return Ok(material.map_err(|error| match error {
            KeyVersionError::KeyLength { .. } | KeyVersionError::HmacKeyBytes => {
                format!("invalid key size {len} bytes for key type {key_type}")
            }
            error => format!("error parsing asymmetric key: {error}"),
        }));
    }
    if !key_type.has_public_key() {
        return Err(Error::bad_request(
            "provided type does not support public_key import",
        ));
    }
    let text = fields.string("public_key")?.unwrap_or_default();
    let spki = pem::decode_labelled(pem::PUBLIC_KEY, &text);
    let spki = spki.map_err(|error| format!("error parsing public key: {error}"));
    Ok(spki.and_then(|spki| {
        Material::from_public(key_type, &spki)
            .map_err(|error| format!("error parsing public key: {error}"))
    }))
}

async fn unwrapped(app: &App, call: &Call, fields: &Fields<'_>) -> Result<SecretBytes, Error> {
    let hash = fields.string("hash_function")?.unwrap_or("SHA256".into());
    let hash = OaepHash::new(&hash)
        .ok_or_else(|| Error::bad_request(format!("unknown hash function: {hash}")))?;
    let ciphertext = fields.string("ciphertext")?.unwrap_or_default();
    let wrapped = base64::decode(ciphertext.as_bytes())
        .map_err(|error| Error::bad_request(error.to_string()))?;
    let key = app.keyring.wrapping_key(call.mount()?).await?;
    let unwrapped = tokio::task::spawn_blocking(move || key.unwrap(&wrapped, hash)).await;
    Ok(unwrapped
        .map_err(|_| KeyringError::Interrupted)?
        .map_err(KeyringError::from)?)
}
