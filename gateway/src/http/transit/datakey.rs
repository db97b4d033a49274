//! `datakey`: a random key for the caller's own use, encrypted, and in plaintext if asked for.

use ring::rand::{SecureRandom, SystemRandom};
use sealgate_keyring::{
    base64,
    key::{Encrypt, Key, Plaintext},
    secret::SecretBytes,
};
use serde::Serialize;

use super::{
    batch::Encrypted,
    budget,
    encoding::{Encoded, Encoding},
};
use crate::{
    app::App,
    auth::NoRandomness,
    error::Error,
    http::{Answer, Call},
};

#[derive(Serialize)]
struct DataKey {
    #[serde(flatten)]
    encrypted: Encrypted,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<Encoded>,
}

pub async fn datakey(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let version = fields.integer("key_version")?.unwrap_or(0);
    let bits = fields.integer("bits")?.unwrap_or(256);
    let context = fields.string("context")?.unwrap_or_default();
    let associated_data = fields.string("associated_data")?.unwrap_or_default();
    let shown = match call.captured("plaintext") {
        "plaintext" => true,
        "wrapped" => false,
        _ => {
            return Err(Error::bad_request(
                "Invalid path, must be 'plaintext' or 'wrapped'",
            ));
        }
    };
    let context = base64::decode(context.as_bytes())
        .map_err(|_| Error::bad_request("failed to base64-decode context"))?;
    let mount = call.mount()?;
    let key = match mount.key(call.parameter()) {
        Some(key) => Some(key),
        None => app.keyring.refresh_key(mount, call.key_name()?).await?,
    };
    let mut key = key.ok_or_else(|| Error::bad_request("encryption key not found"))?;
    let length = match bits {
        128 => 16,
        256 => 32,
        512 => 64,
        _ => return Err(Error::bad_request("invalid bit length")),
    };
    let key_type = key.policy().key_type;
    if !associated_data.is_empty() && !key_type.supports_associated_data() {
        return Err(Error::bad_request(format!(
            "'associated_data' provided for non-AEAD cipher suite {key_type}"
        )));
    }
    let associated_data = base64::decode(associated_data.as_bytes())
        .map_err(|error| Error::bad_request(format!("associated_data: {error}")))?;
    let data_key = SecretBytes::fill_with(length, |bytes| SystemRandom::new().fill(bytes))
        .map_err(|_| NoRandomness)?;
    let request = Encrypt {
        version,
        context: &context,
        associated_data: &associated_data,
        ..Encrypt::default()
    };
    let encrypt = |key: &Key| {
        let sealed = key.encrypt(request, Plaintext::copy_of(data_key.expose()))?;
        Ok::<_, Error>(sealed)
    };
    let sealed = app.keyring.encrypting(mount, &mut key, 1, encrypt).await?;
    let warnings = budget::warnings(&key, [sealed.version].into_iter());
    let answer = DataKey {
        encrypted: Encrypted::new(sealed),
        plaintext: shown.then(|| Encoded::new(data_key.expose(), Encoding::Base64)),
    };
    Ok(Answer::data(&answer)
        .warn(warnings)
        .warn(call.unrecognized(&fields)))
}
