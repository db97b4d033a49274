//! `sys/unseal` and `sys/seal`.

use sealgate_keyring::{error::Error as KeyringError, share::Share};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::seal_status;
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, fields::parse_strict},
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    key: Option<String>,
    reset: Option<bool>,
    migrate: Option<bool>,
}

pub async fn unseal(app: &App, call: &Call) -> Result<Answer, Error> {
    let Asked {
        key,
        reset,
        migrate,
    } = parse_strict(&call.body)?;
    let text = Zeroizing::new(key.unwrap_or_default());
    let status = app.keyring.seal_status().await;
    if reset == Some(true) {
        if status.initialized && !status.sealed {
            return Err(Error::bad_request("vault is unsealed"));
        }
        return Ok(seal_status::answer(&app.keyring.reset_unseal().await));
    }
    if text.is_empty() {
        return Err(Error::bad_request(
            "'key' must be specified in request body as JSON, or 'reset' set to true",
        ));
    }
    if !is_encoded(text.trim()) {
        return Err(Error::bad_request(
            "'key' must be a valid hex or base64 string",
        ));
    }
    if !status.initialized {
        return Err(Error::bad_request("Vault is not initialized"));
    }
    if !status.sealed {
        return Ok(seal_status::answer(&status));
    }
    if migrate == Some(true) {
        return Err(Error::bad_request(
            "can't perform a seal migration, no migration seal found",
        ));
    }
    let share = Share::parse(&text).map_err(|error| Error::bad_request(error.to_string()))?;
    match app.unseal(share).await {
        Ok(status) => Ok(seal_status::answer(&status)),
        Err(KeyringError::NotInitialized) => Err(Error::bad_request("Vault is not initialized")),
        Err(error) => Err(error.into()),
    }
}

pub async fn seal(app: &App) -> Result<Answer, Error> {
    app.seal().await?;
    Ok(Answer::empty())
}

/// Whether a text could be a share of anybody's: base64, or hex of 16 bytes or more.
fn is_encoded(text: &str) -> bool {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    base64_simd::STANDARD.check(text.as_bytes()).is_ok() || is_hex && text.len() >= 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_cannot_be_a_share() {
        for text in ["zz", "00", "nonsense!", "abc"] {
            assert!(!is_encoded(text), "{text}");
        }
        for text in ["abcd", "QUJD", &"ab".repeat(33)] {
            assert!(is_encoded(text), "{text}");
        }
    }
}
