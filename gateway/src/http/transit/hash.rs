//! `hash`: the digest of a message. No key takes part.

use sealgate_keyring::{base64, hash::HashAlgorithm};
use serde::Serialize;

use super::encoding::{Encoded, Encoding};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

pub async fn hash(_: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Sum {
        sum: Encoded,
    }
    let fields = call.fields()?;
    let in_body = fields.string("algorithm")?;
    let input = fields
        .string("input")?
        .ok_or_else(|| Error::bad_request("input missing"))?;
    let input = base64::decode(input.as_bytes()).map_err(|error| {
        Error::bad_request(format!("unable to decode input as base64: {error}"))
    })?;
    let encoding = Encoding::asked(&fields, Encoding::Hex, |format| {
        format!("unsupported encoding format {format}; must be \"hex\" or \"base64\"")
    })?;
    let name = match (call.captured("urlalgorithm"), in_body.as_deref()) {
        ("", in_body) => in_body.unwrap_or(HashAlgorithm::Sha2_256.name()),
        (in_path, _) => in_path,
    };
    // The peers take SHA-1 for signatures and HMACs, but not here.
    let algorithm = HashAlgorithm::from_name(name)
        .filter(|&algorithm| algorithm != HashAlgorithm::Sha1)
        .ok_or_else(|| Error::bad_request(format!("unsupported algorithm {name}")))?;
    let sum = Encoded::new(algorithm.digest(&input).as_bytes(), encoding);
    Ok(Answer::data(&Sum { sum }).warn(call.unrecognized(&fields)))
}
