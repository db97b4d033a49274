//! `keys/:name/versions/:version/…`: one version out of use, or gone for good.

use std::sync::Arc;

use sealgate_keyring::{error::Error as KeyringError, key::Key, version::Version};

use super::describe::KeyView;
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

pub async fn disable(app: &App, call: &Call) -> Result<Answer, Error> {
    let (name, version) = (call.key_name()?, version(call)?);
    let disabled = app.keyring.disable_version(call.mount()?, name, version);
    let (key, changed) = disabled.await.map_err(|error| refusal(call, error))?;
    let unchanged = (!changed).then(|| format!("key version {version} was disabled already"));
    answer(call, &key, unchanged)
}

pub async fn enable(app: &App, call: &Call) -> Result<Answer, Error> {
    let (name, version) = (call.key_name()?, version(call)?);
    let enabled = app.keyring.enable_version(call.mount()?, name, version);
    let (key, changed) = enabled.await.map_err(|error| refusal(call, error))?;
    let unchanged = (!changed).then(|| format!("key version {version} was enabled already"));
    answer(call, &key, unchanged)
}

pub async fn destroy(app: &App, call: &Call) -> Result<Answer, Error> {
    let (name, version) = (call.key_name()?, version(call)?);
    let destroyed = app.keyring.destroy_version(call.mount()?, name, version);
    let key = destroyed.await.map_err(|error| refusal(call, error))?;
    answer(call, &key, None)
}

pub async fn restore(app: &App, call: &Call) -> Result<Answer, Error> {
    let (name, version) = (call.key_name()?, version(call)?);
    let restored = app.keyring.restore_version(call.mount()?, name, version);
    let key = restored.await.map_err(|error| refusal(call, error))?;
    answer(call, &key, None)
}

fn version(call: &Call) -> Result<Version, Error> {
    let text = call.captured("version");
    let number = text.strip_prefix('v').unwrap_or(text);
    number.parse().ok().and_then(Version::new).ok_or_else(|| {
        Error::bad_request(format!(
            "{text:?} is no key version; send a whole number from 1 on"
        ))
    })
}

fn refusal(call: &Call, error: KeyringError) -> Error {
    match error {
        KeyringError::KeyNotFound => {
            let name = call.parameter();
            Error::bad_request(format!("no existing key named {name} could be found"))
        }
        error => error.into(),
    }
}

fn answer(call: &Call, key: &Arc<Key>, unchanged: Option<String>) -> Result<Answer, Error> {
    let fields = call.fields()?;
    Ok(Answer::data(&KeyView::of(key))
        .warn(unchanged)
        .warn(call.unrecognized(&fields)))
}
