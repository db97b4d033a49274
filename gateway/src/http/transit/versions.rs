//! `keys/:name/versions/:version/…`: one version out of use, or gone for good.

use sealgate_keyring::{error::Error as KeyringError, version::Version};

use super::describe::KeyView;
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

pub async fn disable(app: &App, call: &Call) -> Result<Answer, Error> {
    let warnings = call.unrecognized(&call.fields()?);
    let (name, version) = (call.key_name()?, version(call)?);
    let disabled = app.keyring.disable_version(call.mount()?, name, version);
    let (key, changed) = disabled.await.map_err(|error| refusal(call, error))?;
    let unchanged = (!changed).then(|| format!("key version {version} was disabled already"));
    Ok(Answer::data(&KeyView::of(&key))
        .warn(unchanged)
        .warn(warnings))
}

pub async fn enable(app: &App, call: &Call) -> Result<Answer, Error> {
    let warnings = call.unrecognized(&call.fields()?);
    let (name, version) = (call.key_name()?, version(call)?);
    let enabled = app.keyring.enable_version(call.mount()?, name, version);
    let (key, changed) = enabled.await.map_err(|error| refusal(call, error))?;
    let unchanged = (!changed).then(|| format!("key version {version} was enabled already"));
    Ok(Answer::data(&KeyView::of(&key))
        .warn(unchanged)
        .warn(warnings))
}

pub async fn destroy(app: &App, call: &Call) -> Result<Answer, Error> {
    let warnings = call.unrecognized(&call.fields()?);
    let (name, version) = (call.key_name()?, version(call)?);
    let destroyed = app.keyring.destroy_version(call.mount()?, name, version);
    let key = destroyed.await.map_err(|error| refusal(call, error))?;
    Ok(Answer::data(&KeyView::of(&key)).warn(warnings))
}

pub async fn restore(app: &App, call: &Call) -> Result<Answer, Error> {
    let warnings = call.unrecognized(&call.fields()?);
    let (name, version) = (call.key_name()?, version(call)?);
    let restored = app.keyring.restore_version(call.mount()?, name, version);
    let key = restored.await.map_err(|error| refusal(call, error))?;
    Ok(Answer::data(&KeyView::of(&key)).warn(warnings))
}

fn version(call: &Call) -> Result<Version, Error> {
    let text = call.captured("version");
    canonical(text).ok_or_else(|| {
        Error::bad_request(format!(
            "{text:?} is no key version; send a whole number from 1 on, without sign, prefix or \
             leading zeros"
        ))
    })
}

/// One version has one address, so that rules and logs about paths see all that concerns it.
fn canonical(text: &str) -> Option<Version> {
    let version = text.parse().ok().and_then(Version::new)?;
    (version.to_string() == text).then_some(version)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_address() {
        for version in [1, 10, u32::MAX] {
            assert_eq!(canonical(&version.to_string()), Version::new(version));
        }
        for alias in [
            "01",
            "+1",
            "v1",
            "v+1",
            "-1",
            "1 ",
            "1.0",
            "0x1",
            "0",
            "",
            "v",
            "4294967296",
        ] {
            assert_eq!(canonical(alias), None, "{alias:?}");
        }
    }
}
