//! `sys/init`: makes the keyring, once.

use sealgate_keyring::share::SealParameters;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    app::{App, Founding},
    error::Error,
    http::{Answer, Call, fields::parse_strict},
};

#[derive(Serialize)]
struct Initialized {
    initialized: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    secret_shares: Option<i64>,
    secret_threshold: Option<i64>,
    stored_shares: Option<i64>,
    pgp_keys: Option<Vec<String>>,
    root_token_pgp_key: Option<String>,
    recovery_shares: Option<i64>,
    recovery_threshold: Option<i64>,
    recovery_pgp_keys: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Given<'a> {
    keys: Vec<&'a str>,
    keys_base64: Vec<&'a str>,
    root_token: &'a str,
}

pub async fn read(app: &App) -> Result<Answer, Error> {
    let initialized = app.keyring.seal_status().await.initialized;
    Ok(Answer::bare(&Initialized { initialized }))
}

pub async fn write(app: &App, call: &Call) -> Result<Answer, Error> {
    let asked: Asked = parse_strict(&call.body)?;
    asked.refuse_unsupported()?;
    let (shares, threshold) = (asked.secret_shares, asked.secret_threshold);
    let parameters = SealParameters::new(shares.unwrap_or(0), threshold.unwrap_or(0));
    let parameters = parameters
        .map_err(|error| Error::bad_request(format!("invalid seal configuration: {error}")))?;

    let Founding { shares, root_token } = app.initialize(parameters).await?;
    tracing::info!(
        shares = parameters.shares(),
        threshold = parameters.threshold(),
        "initialized; unseal with the shares that were handed out"
    );
    let hex: Vec<Zeroizing<String>> = shares.iter().map(|share| share.expose_hex()).collect();
    let base64: Vec<_> = shares.iter().map(|share| share.expose_base64()).collect();
    Ok(Answer::bare(&Given {
        keys: hex.iter().map(|text| text.as_str()).collect(),
        keys_base64: base64.iter().map(|text| text.as_str()).collect(),
        root_token: &root_token,
    }))
}

impl Asked {
    /// Refuses what would otherwise be handed out in another form than was asked for.
    fn refuse_unsupported(&self) -> Result<(), Error> {
        let empty = |keys: &Option<Vec<_>>| keys.as_ref().is_none_or(Vec::is_empty);
        let zero = |number: Option<i64>| number.unwrap_or(0) == 0;
        let recovery: Vec<&str> = [
            ("recovery_shares", zero(self.recovery_shares)),
            ("recovery_threshold", zero(self.recovery_threshold)),
            ("recovery_pgp_keys", empty(&self.recovery_pgp_keys)),
        ]
        .into_iter()
        .filter_map(|(name, absent)| (!absent).then_some(name))
        .collect();
        if !recovery.is_empty() {
            return Err(Error::bad_request(format!(
                "parameters {} not applicable to seal type shamir",
                recovery.join(",")
            )));
        }
        if !empty(&self.pgp_keys)
            || self
                .root_token_pgp_key
                .as_ref()
                .is_some_and(|key| !key.is_empty())
        {
            return Err(Error::bad_request(
                "shares and tokens cannot be encrypted with PGP keys yet; that comes with a later \
                 version. Leave out pgp_keys and root_token_pgp_key",
            ));
        }
        if !zero(self.stored_shares) {
            return Err(Error::bad_request(
                "no share is stored by the server: stored_shares must be 0",
            ));
        }
        Ok(())
    }
}
