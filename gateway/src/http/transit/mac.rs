//! `hmac` and `cmac`, and what `verify` does with them; one message or a batch.

use sealgate_keyring::{
    hash::HashAlgorithm,
    key::{Key, KeyError, Mac},
};
use serde::Serialize;

use super::{
    batch::{BatchResults, Outcome},
    sign::{batch, current_key, hash_name, input},
    string_items::StringItem,
};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
};

const NO_KEY: &str = "encryption key not found";
const LONGEST_CMAC: i64 = 16;
const SHORTEST_CMAC: i64 = 4;

pub async fn hmac(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let key = current_key(app, call, &[], NO_KEY).await?;
    let version = fields.integer("key_version")?.unwrap_or(0);
    key.hmac_version(version)?;
    let hash = match (call.captured("urlalgorithm"), fields.string("algorithm")?) {
        ("", None) => HashAlgorithm::Sha2_256,
        ("", Some(name)) => hash(&name, |name| format!("unsupported algorithm {name:?}"))?,
        (name, _) => hash(name, |name| format!("unsupported algorithm {name:?}"))?,
    };
    let make = |input: &[u8]| key.hmac(version, hash, input);
    made(app, call, &fields, Kind::Hmac, make)
}

/// As Vault Enterprise documents it.
pub async fn cmac(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let key = current_key(app, call, &[], NO_KEY).await?;
    let version = fields.integer("key_version")?.unwrap_or(0);
    let bytes = mac_length(call, &fields)?;
    // Says so before the items when the key makes no CMAC at all.
    key.cmac(version, b"", bytes)?;
    let make = |input: &[u8]| key.cmac(version, input, bytes);
    made(app, call, &fields, Kind::Cmac, make)
}

/// Makes the code of one message or a batch.
fn made(
    app: &App,
    call: &Call,
    fields: &Fields<'_>,
    kind: Kind,
    make: impl Fn(&[u8]) -> Result<Mac, KeyError>,
) -> Result<Answer, Error> {
    let make = |item: &StringItem<'_>| {
        let input = input(item, kind.missing())?;
        make(&input).map_err(|error| error.to_string())
    };
    let answer = match batch(app, fields)? {
        None => {
            let item = StringItem::single([("input", fields.string("input")?)]);
            let mac = make(&item).map_err(Error::bad_request)?;
            Answer::data(&kind.named(mac))
        }
        Some(items) => {
            let results = items
                .iter()
                .map(|item| MacItem::new(make(item), kind, item.reference()));
            let batch_results = results.collect();
            Answer::data(&BatchResults { batch_results })
        }
    };
    Ok(answer.warn(call.unrecognized(fields)))
}

/// `verify` of HMACs.
pub async fn verify_hmac(
    app: &App,
    call: &Call,
    fields: &Fields<'_>,
    items: &[StringItem<'_>],
    is_batch: bool,
) -> Result<Answer, Error> {
    let key = key_of(app, call, items, "hmac").await?;
    let name = hash_name(call, fields)?;
    let hash = hash(&name, |name| format!("invalid hash algorithm {name:?}"))?;
    let verify = |item: &StringItem<'_>| {
        let input = input(item, "missing input")?;
        let tag = item.text("hmac").ok_or("missing hmac")?;
        key.verify_hmac(tag, hash, &input)
            .map_err(|error| error.to_string())
    };
    verified(call, fields, items, is_batch, verify)
}

/// `verify` of CMACs.
pub async fn verify_cmac(
    app: &App,
    call: &Call,
    fields: &Fields<'_>,
    items: &[StringItem<'_>],
    is_batch: bool,
) -> Result<Answer, Error> {
    let key = key_of(app, call, items, "cmac").await?;
    let bytes = mac_length(call, fields)?;
    let verify = |item: &StringItem<'_>| {
        let input = input(item, "missing input")?;
        let tag = item.text("cmac").ok_or("missing cmac")?;
        key.verify_cmac(tag, &input, bytes)
            .map_err(|error| error.to_string())
    };
    verified(call, fields, items, is_batch, verify)
}

async fn key_of(
    app: &App,
    call: &Call,
    items: &[StringItem<'_>],
    member: &str,
) -> Result<std::sync::Arc<Key>, Error> {
    let tags: Vec<&str> = items.iter().filter_map(|item| item.text(member)).collect();
    current_key(app, call, &tags, NO_KEY).await
}

fn verified(
    call: &Call,
    fields: &Fields<'_>,
    items: &[StringItem<'_>],
    is_batch: bool,
    verify: impl Fn(&StringItem<'_>) -> Outcome<bool>,
) -> Result<Answer, Error> {
    #[derive(Serialize)]
    struct Verified {
        valid: bool,
    }
    /// The peers leave a false one out of a batch.
    #[derive(Serialize)]
    struct VerifiedItem<'r> {
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        valid: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        reference: &'r str,
    }
    if !is_batch {
        let outcome = items.first().map(verify).ok_or(Error::Absent)?;
        let valid = outcome.map_err(Error::bad_request)?;
        return Ok(Answer::data(&Verified { valid }).warn(call.unrecognized(fields)));
    }
    let results = items.iter().map(|item| {
        let outcome = verify(item);
        VerifiedItem {
            valid: *outcome.as_ref().unwrap_or(&false),
            error: outcome.err(),
            reference: item.reference(),
        }
    });
    let batch_results = results.collect();
    Ok(Answer::data(&BatchResults { batch_results }).warn(call.unrecognized(fields)))
}

fn hash(name: &str, unknown: impl Fn(&str) -> String) -> Result<HashAlgorithm, Error> {
    if name == "none" {
        return Err(Error::bad_request("algorithm cannot be none"));
    }
    HashAlgorithm::from_name(name).ok_or_else(|| Error::bad_request(unknown(name)))
}

/// The length of a CMAC in bytes: from the path, or else from the body, or else whole.
fn mac_length(call: &Call, fields: &Fields<'_>) -> Result<usize, Error> {
    let asked = match call.captured("url_mac_length") {
        "" => fields.integer("mac_length")?.unwrap_or(LONGEST_CMAC),
        in_path => in_path.parse().unwrap_or(0),
    };
    let asked = Some(asked).filter(|asked| (SHORTEST_CMAC..=LONGEST_CMAC).contains(asked));
    asked
        .and_then(|asked| usize::try_from(asked).ok())
        .ok_or_else(|| Error::bad_request("mac_length is 4 to 16 bytes"))
}

/// Which code it is.
#[derive(Clone, Copy)]
enum Kind {
    Hmac,
    Cmac,
}

impl Kind {
    fn missing(self) -> &'static str {
        match self {
            Self::Hmac => "missing input for HMAC",
            Self::Cmac => "missing input for CMAC",
        }
    }

    fn named(self, mac: Mac) -> Made {
        match self {
            Self::Hmac => Made::Hmac { hmac: mac.text },
            Self::Cmac => Made::Cmac { cmac: mac.text },
        }
    }
}

/// A code under its name.
#[derive(Serialize)]
#[serde(untagged)]
enum Made {
    Hmac { hmac: String },
    Cmac { cmac: String },
}

#[derive(Serialize)]
struct MacItem<'r> {
    #[serde(flatten)]
    made: Option<Made>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    reference: &'r str,
}

impl<'r> MacItem<'r> {
    fn new(outcome: Outcome<Mac>, kind: Kind, reference: &'r str) -> Self {
        let (made, error) = match outcome {
            Ok(mac) => (Some(kind.named(mac)), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            made,
            error,
            reference,
        }
    }
}
