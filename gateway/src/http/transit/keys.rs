//! `keys/…`: the life of a key.

use sealgate_keyring::{
    algorithm::KeyType,
    base64,
    error::Error as KeyringError,
    key::{Derivation, HMAC_KEY_BYTES, KeyPolicy, NewKey, Settings},
    name::KeyName,
};
use serde::Serialize;

use super::describe::KeyView;
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
};

/// The type that a body asks for.
fn key_type(fields: &Fields<'_>) -> Result<KeyType, Error> {
    let Some(name) = fields.string("type")? else {
        return Ok(KeyType::Aes256Gcm96);
    };
    let parameter_set = fields.string("parameter_set")?.unwrap_or_default();
    KeyType::from_api(&name, &parameter_set).map_err(|_| match &*name {
        "ml-dsa" => Error::bad_request(format!(
            "invalid parameter set {parameter_set} for key type ml-dsa; use 44, 65 or 87"
        )),
        "external-key" => Error::bad_request(
            "must provide external_key_ref to create policy of type external-key",
        ),
        _ => Error::bad_request(format!("unknown key type {name}")),
    })
}

/// The size that a body asks for; 0 if it asks for none.
fn hmac_bytes(fields: &Fields<'_>, key_type: KeyType) -> Result<u16, Error> {
    let asked = fields.integer("key_size")?.unwrap_or(0);
    if asked == 0 {
        return Ok(0);
    }
    if key_type != KeyType::Hmac {
        return Err(Error::bad_request(format!(
            "key_size is not valid for algorithm {key_type}"
        )));
    }
    let bytes = u16::try_from(asked).ok();
    bytes
        .filter(|&bytes| HMAC_KEY_BYTES.contains(&usize::from(bytes)))
        .ok_or_else(|| Error::bad_request(format!("invalid key_size {asked}")))
}

pub async fn list(_: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Names<'n> {
        keys: Vec<&'n str>,
    }
    let names = call.mount()?.key_names();
    let after = call.query.value("after").unwrap_or_default();
    let limit = match call.query.value("limit").filter(|limit| !limit.is_empty()) {
        None => usize::MAX,
        Some(text) => {
            let limit: i64 = text
                .parse()
                .map_err(|_| Error::bad_request("the parameter \"limit\" must be an integer"))?;
            usize::try_from(limit)
                .ok()
                .filter(|&limit| limit > 0)
                .unwrap_or(usize::MAX)
        }
    };
    let names = names
        .iter()
        .map(KeyName::as_str)
        .filter(|&name| name > after);
    let keys: Vec<&str> = names.take(limit).collect();
    if keys.is_empty() {
        return Err(Error::Absent);
    }
    Ok(Answer::data(&Names { keys }))
}

pub async fn create(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let derived = fields.boolean("derived")?.unwrap_or(false);
    let convergent = fields.boolean("convergent_encryption")?.unwrap_or(false);
    let new = NewKey {
        exportable: fields.boolean("exportable")?.unwrap_or(false),
        allow_plaintext_backup: fields.boolean("allow_plaintext_backup")?.unwrap_or(false),
        auto_rotate_seconds: fields.seconds("auto_rotate_period")?.unwrap_or(0),
        derivation: match (derived, convergent) {
            (false, false) => Derivation::None,
            (true, false) => Derivation::PerContext,
            (true, true) => Derivation::Convergent,
            (false, true) => {
                return Err(Error::bad_request(
                    "convergent encryption requires derivation to be enabled",
                ));
            }
        },
        ..NewKey::of_type(KeyType::Aes256Gcm96)
    };
    KeyPolicy::create(new).map_err(KeyringError::from)?;
    let key_type = key_type(&fields)?;
    let new = NewKey {
        key_type,
        hmac_bytes: hmac_bytes(&fields, key_type)?,
        ..new
    };
    if fields
        .string("external_key_ref")?
        .is_some_and(|reference| !reference.is_empty())
    {
        return Err(Error::bad_request(
            "must provide type=external-key to use external_key_ref",
        ));
    }
    let (key, _) = app
        .keyring
        .create_key(call.mount()?, call.key_name()?, new)
        .await?;
    Ok(Answer::data(&KeyView::of(&key)).warn(call.unrecognized(&fields)))
}

pub async fn read(app: &App, call: &Call) -> Result<Answer, Error> {
    let key = call.mount()?.key(call.parameter()).ok_or(Error::Absent)?;
    // The context chooses the public keys of a derived key.
    let context = call.query.value("context").unwrap_or_default();
    let context = base64::decode(context.as_bytes())
        .map_err(|_| Error::bad_request("failed to base64-decode context"))?;
    let usage = call
        .mount()?
        .usage(call.parameter(), app.clock.now())
        .unwrap_or_default();
    Ok(Answer::data(
        &KeyView::in_context(&key, &context).with_usage(&key, &usage),
    ))
}

pub async fn delete(app: &App, call: &Call) -> Result<Answer, Error> {
    let name = call.key_name()?;
    match app.keyring.delete_key(call.mount()?, name.clone()).await {
        Ok(()) => Ok(Answer::empty()),
        Err(KeyringError::KeyNotFound) => Err(Error::bad_request(format!(
            "error deleting policy {name}: could not delete key; not found"
        ))),
        Err(KeyringError::Policy(error)) => Err(Error::bad_request(format!(
            "error deleting policy {name}: {error}"
        ))),
        Err(error) => Err(error.into()),
    }
}

pub async fn configure(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let settings = Settings {
        min_decryption_version: fields.integer("min_decryption_version")?,
        min_encryption_version: fields.integer("min_encryption_version")?,
        deletion_allowed: fields.boolean("deletion_allowed")?,
        exportable: fields.boolean("exportable")?,
        allow_plaintext_backup: fields.boolean("allow_plaintext_backup")?,
        auto_rotate_seconds: fields.seconds("auto_rotate_period")?,
        min_decryption_lag: fields.integer("min_decryption_lag")?,
        max_encryptions: fields.integer("max_encryptions")?,
        auto_rotate_after: fields.integer("auto_rotate_after")?,
        destroy_wait_seconds: fields.seconds("destroy_wait")?,
    };
    let name = call.key_name()?;
    let changed = app
        .keyring
        .configure_key(call.mount()?, name.clone(), settings)
        .await;
    let (key, warning) = changed.map_err(|error| match error {
        KeyringError::KeyNotFound => {
            Error::bad_request(format!("no existing key named {name} could be found"))
        }
        error => error.into(),
    })?;
    Ok(Answer::data(&KeyView::of(&key))
        .warn(warning)
        .warn(call.unrecognized(&fields)))
}

pub async fn rotate(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let mount = call.mount()?;
    if fields
        .string("external_key_ref")?
        .is_some_and(|reference| !reference.is_empty())
    {
        let key = mount
            .key(call.parameter())
            .ok_or(KeyringError::KeyNotFound)?;
        return Err(Error::bad_request(format!(
            "cannot use external_key_ref on key of type {}",
            key.policy().key_type
        )));
    }
    let key = app.keyring.rotate_key(mount, call.key_name()?).await?;
    Ok(Answer::data(&KeyView::of(&key)).warn(call.unrecognized(&fields)))
}

pub async fn trim(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let mount = call.mount()?;
    let missing = || Error::bad_request("invalid key name");
    mount.key(call.parameter()).ok_or_else(missing)?;
    let version = fields
        .integer("min_available_version")?
        .ok_or_else(|| Error::bad_request("missing min_available_version"))?;
    let trimmed = app.keyring.trim_key(mount, call.key_name()?, version).await;
    let key = trimmed.map_err(|error| match error {
        KeyringError::KeyNotFound => missing(),
        error => error.into(),
    })?;
    Ok(Answer::data(&KeyView::of(&key)).warn(call.unrecognized(&fields)))
}

pub async fn soft_delete(app: &App, call: &Call) -> Result<Answer, Error> {
    mark(app, call, true, "key was already marked as soft deleted").await
}

pub async fn soft_delete_restore(app: &App, call: &Call) -> Result<Answer, Error> {
    mark(app, call, false, "key was already restored").await
}

async fn mark(
    app: &App,
    call: &Call,
    soft_deleted: bool,
    unchanged: &'static str,
) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let marked = app
        .keyring
        .set_soft_deleted(call.mount()?, call.key_name()?, soft_deleted)
        .await;
    let (key, changed) = match marked {
        Ok(marked) => marked,
        // The peers say nothing about a key that does not exist.
        Err(KeyringError::KeyNotFound) => return Ok(Answer::empty()),
        Err(error) => return Err(error.into()),
    };
    let warning = (!changed).then_some(unchanged);
    Ok(Answer::data(&KeyView::of(&key))
        .warn(warning)
        .warn(call.unrecognized(&fields)))
}
