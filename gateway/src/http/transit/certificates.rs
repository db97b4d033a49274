//! `keys/:name/csr` and `keys/:name/set-certificate`.

use std::sync::Arc;

use sealgate_keyring::{
    error::Error as KeyringError,
    key::{CertificateChain, Key},
    version::Version,
};
use serde::Serialize;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
    service,
};

pub async fn csr(app: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Request<'k> {
        csr: &'k str,
        name: &'k str,
        #[serde(rename = "type")]
        key_type: &'static str,
    }
    let fields = call.fields()?;
    let key = key(call)?;
    let version = version(&key, &fields)?;
    let template = fields.string("csr")?.unwrap_or_default();
    let csr = service::one_long(app, || key.certificate_request(&template, version));
    Ok(Answer::data(&Request {
        csr: &csr.await.map_err(KeyringError::from)?,
        name: key.name().as_str(),
        key_type: key.policy().key_type.name(),
    })
    .warn(call.unrecognized(&fields)))
}

pub async fn set(app: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Chain<'k> {
        certificate_chain: &'k str,
        name: &'k str,
        #[serde(rename = "type")]
        key_type: &'static str,
    }
    let fields = call.fields()?;
    let key = key(call)?;
    let version = version(&key, &fields)?;
    let text = fields.string("certificate_chain")?.unwrap_or_default();
    let chain = CertificateChain::parse(&text).map_err(KeyringError::from)?;
    app.keyring
        .set_certificates(call.mount()?, call.key_name()?, version, chain)
        .await?;
    Ok(Answer::data(&Chain {
        certificate_chain: &text,
        name: key.name().as_str(),
        key_type: key.policy().key_type.name(),
    })
    .warn(call.unrecognized(&fields)))
}

fn key(call: &Call) -> Result<Arc<Key>, Error> {
    let name = call.parameter();
    let key = call
        .mount()?
        .key(name)
        .ok_or_else(|| Error::bad_request(format!("key with provided name '{name}' not found")))?;
    key.supports_certificates().map_err(KeyringError::from)?;
    Ok(key)
}

/// The version that the body asks for, by default the latest; `None`: no version has its number.
fn version(key: &Key, fields: &Fields<'_>) -> Result<Option<Version>, Error> {
    Ok(match fields.integer("version")? {
        None => Some(key.policy().latest_version),
        Some(asked) => u32::try_from(asked).ok().and_then(Version::new),
    })
}
