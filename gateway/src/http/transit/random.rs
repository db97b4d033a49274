//! `random`: bytes of the operating system's random source.

use ring::rand::{SecureRandom, SystemRandom};
use sealgate_keyring::secret::SecretBytes;
use serde::Serialize;

use super::encoding::{Encoded, Encoding};
use crate::{
    app::App,
    auth::NoRandomness,
    error::Error,
    http::{Answer, Call},
};

/// Most bytes of one request.
const MOST: i64 = 128 * 1024;
/// Bytes of a request that does not say how many.
const DEFAULT: i64 = 32;

pub async fn random(_: &App, call: &Call) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Random {
        random_bytes: Encoded,
    }
    let fields = call.fields()?;
    let in_body = fields.integer("bytes")?.unwrap_or(DEFAULT);
    let (source, count) = asked(call)?;
    let count = count.unwrap_or(in_body);
    if count < 1 {
        return Err(Error::bad_request("'bytes' cannot be less than 1"));
    }
    let count = usize::try_from(count)
        .ok()
        .filter(|_| count <= MOST)
        .ok_or_else(|| Error::bad_request(format!("'bytes' should be less than {MOST}")))?;
    let encoding = Encoding::asked(&fields, Encoding::Base64, |format| {
        format!("unsupported encoding format {format:?}; must be \"hex\" or \"base64\"")
    })?;
    let source = Source::parse(source).ok_or_else(|| {
        Error::bad_request(format!(
            "unsupported entropy source {source:?}; must be \"platform\" or \"seal\", or \"all\""
        ))
    })?;
    let bytes = SecretBytes::fill_with(count, |bytes| SystemRandom::new().fill(bytes))
        .map_err(|_| NoRandomness)?;
    let random_bytes = Encoded::new(bytes.expose(), encoding);
    Ok(Answer::data(&Random { random_bytes })
        .warn(source.warning())
        .warn(call.unrecognized(&fields)))
}

/// Where bytes come from. There is one source; the others are names that clients may write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Platform,
    Seal,
    All,
}

impl Source {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "platform" => Some(Self::Platform),
            "seal" => Some(Self::Seal),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    fn warning(self) -> Option<&'static str> {
        (self == Self::Seal)
            .then_some("no seal/entropy augmentation available, using platform entropy source")
    }
}

/// The source and the number of bytes that the path gives. One segment alone is either.
fn asked(call: &Call) -> Result<(&str, Option<i64>), Error> {
    let platform = "platform";
    match (call.captured("source"), call.captured("urlbytes")) {
        ("", _) => Ok((platform, None)),
        (source, "") if Source::parse(source).is_some() => Ok((source, None)),
        (bytes, "") => Ok((platform, Some(count(bytes)?))),
        (source, bytes) => Ok((source, Some(count(bytes)?))),
    }
}

fn count(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| {
        Error::bad_request(format!(
            "error parsing url-set byte count: {text:?} is neither a number of bytes nor a source"
        ))
    })
}
