//! `backup` and `restore`, in the peers' format.

use sealgate_keyring::{error::Error as KeyringError, name::KeyName};
use serde::Serialize;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

pub async fn backup(app: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Backup<'b> {
        backup: &'b str,
    }
    let name = call.key_name()?;
    let taken = app.keyring.back_up_key(call.mount()?, name.clone()).await;
    let text = taken.map_err(|error| match error {
        KeyringError::KeyNotFound => Error::bad_request(format!("key \"{name}\" not found")),
        error => error.into(),
    })?;
    Ok(Answer::data(&Backup { backup: &text }))
}

pub async fn restore(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let text = fields.string("backup")?.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Error::bad_request("'backup' must be supplied"))?;
    let replace = fields.boolean("force")?.unwrap_or(false);
    let name = match call.parameter() {
        "" => None,
        name => Some(KeyName::new(name).ok_or_else(|| {
            Error::bad_request(if name.contains('/') {
                "key names cannot be paths"
            } else {
                "the name has characters that a key name cannot have"
            })
        })?),
    };
    app.keyring
        .restore_backup(call.mount()?, &text, name, replace)
        .await?;
    Ok(Answer::empty())
}
