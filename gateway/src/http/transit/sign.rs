//! `sign` and `verify`, one message or a batch.

use std::borrow::Cow;

use sealgate_keyring::{
    algorithm::Algorithm,
    base64,
    hash::HashAlgorithm,
    key::{Key, Marshaling, SignatureOptions, SignaturePadding},
    rsa::SaltLength,
};
use serde::Serialize;

use super::{
    batch::{BatchResults, Outcome},
    mac,
    string_items::{self, StringItem},
};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
    service,
};

pub async fn sign(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let form = Form::parse(&fields)?;
    let key = current_key(app, call, &[], "signing key not found").await?;
    let key_type = key.policy().key_type;
    if !key_type.supports_signing() {
        return Err(Error::bad_request(format!(
            "key type {key_type} does not support signing"
        )));
    }
    let options = form.options(&key, hash_name(call, &fields)?)?;
    let version = fields.integer("key_version")?.unwrap_or(0);
    let batch = batch(app, &fields)?;
    let is_batch = batch.is_some();
    let items = match batch {
        Some(items) => items,
        None => vec![StringItem::single([
            ("input", Some(fields.string("input")?.unwrap_or_default())),
            ("context", fields.string("context")?),
        ])],
    };
    let is_slow = is_slow(&key, items.len());
    let outcomes = service::each(app, call, key, is_slow, &items, |key, _, item| {
        sign_item(key, item, version, options)
    });
    let outcomes = outcomes.await?;
    if is_batch {
        let results = outcomes.into_iter().zip(&items);
        let results = results.map(|(outcome, item)| SignedItem::new(outcome, item.reference()));
        let batch_results = results.collect();
        return Ok(Answer::data(&BatchResults { batch_results }).warn(call.unrecognized(&fields)));
    }
    let outcome = outcomes.into_iter().next().ok_or(Error::Absent)?;
    let signed = outcome.map_err(Error::bad_request)?;
    Ok(Answer::data(&signed).warn(call.unrecognized(&fields)))
}

pub async fn verify(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let batch = batch(app, &fields)?;
    let is_batch = batch.is_some();
    let items = match batch {
        Some(items) => items,
        None => vec![StringItem::single([
            ("input", Some(fields.string("input")?.unwrap_or_default())),
            ("signature", fields.string("signature")?),
            ("hmac", fields.string("hmac")?),
            ("cmac", fields.string("cmac")?),
            ("context", fields.string("context")?),
        ])],
    };
    match Proof::of(&items, is_batch)? {
        Proof::Signature => {}
        Proof::Hmac => return mac::verify_hmac(app, call, &fields, &items, is_batch).await,
        Proof::Cmac => return mac::verify_cmac(app, call, &fields, &items, is_batch).await,
    }
    let form = Form::parse(&fields)?;
    let proofs: Vec<&str> = items
        .iter()
        .filter_map(|item| item.text("signature"))
        .collect();
    let key = current_key(app, call, &proofs, "signature verification key not found").await?;
    let key_type = key.policy().key_type;
    if !key_type.supports_signing() {
        return Err(Error::bad_request(format!(
            "key type {key_type} does not support verification"
        )));
    }
    let options = form.options(&key, hash_name(call, &fields)?)?;
    let is_slow = is_slow(&key, items.len());
    let outcomes = service::each(app, call, key, is_slow, &items, |key, _, item| {
        verify_item(key, item, options)
    });
    let outcomes = outcomes.await?;
    if is_batch {
        let results = outcomes.into_iter().zip(&items);
        let results = results.map(|(outcome, item)| VerifiedItem {
            valid: *outcome.as_ref().unwrap_or(&false),
            error: outcome.err(),
            reference: item.reference(),
        });
        let batch_results = results.collect();
        return Ok(Answer::data(&BatchResults { batch_results }).warn(call.unrecognized(&fields)));
    }
    let outcome = outcomes.into_iter().next().ok_or(Error::Absent)?;
    let valid = outcome.map_err(Error::bad_request)?;
    Ok(Answer::data(&Verified { valid }).warn(call.unrecognized(&fields)))
}

/// The hash function's name: from the path, or else from the body, or else the default.
pub fn hash_name<'b>(call: &'b Call, fields: &Fields<'b>) -> Result<Cow<'b, str>, Error> {
    let in_path = call.captured("urlalgorithm");
    if !in_path.is_empty() {
        return Ok(in_path.into());
    }
    for member in ["hash_algorithm", "algorithm"] {
        if let Some(name) = fields.string(member)?.filter(|name| !name.is_empty()) {
            return Ok(name);
        }
    }
    Ok(HashAlgorithm::Sha2_256.name().into())
}

/// `batch_input`, if there is one.
pub fn batch<'b>(app: &App, fields: &Fields<'b>) -> Result<Option<Vec<StringItem<'b>>>, Error> {
    let raw = fields.raw("batch_input").filter(|raw| raw.get() != "null");
    raw.map(|raw| string_items::parse(raw, app.limits.max_batch_items))
        .transpose()
}

/// The key; read from the store again if one of `proofs` names a version that is not known here:
/// another replica may have rotated it.
pub async fn current_key(
    app: &App,
    call: &Call,
    proofs: &[&str],
    missing: &'static str,
) -> Result<std::sync::Arc<Key>, Error> {
    let mount = call.mount()?;
    let known = mount.key(call.parameter());
    let is_current = |key: &Key| !proofs.iter().any(|proof| key.knows_no_version_of(proof));
    let key = match known {
        Some(key) if is_current(&key) => Some(key),
        _ => app.keyring.refresh_key(mount, call.key_name()?).await?,
    };
    key.ok_or_else(|| Error::bad_request(missing))
}

/// The message of an item.
pub fn input(item: &StringItem<'_>, missing: &str) -> Outcome<Vec<u8>> {
    let input = item.text("input").ok_or(missing)?;
    base64::decode(input.as_bytes())
        .map_err(|error| format!("unable to decode input as base64: {error}"))
}

/// How signatures are to be made and written, before the key is known.
struct Form {
    marshaling: Marshaling,
    salt: SaltLength,
    algorithm: String,
    prehashed: bool,
}

impl Form {
    fn parse(fields: &Fields<'_>) -> Result<Self, Error> {
        let prehashed = fields.boolean("prehashed")?.unwrap_or(false);
        let algorithm = fields.string("signature_algorithm")?.unwrap_or_default();
        let marshaling = match fields.string("marshaling_algorithm")?.as_deref() {
            None | Some("asn1") => Marshaling::Asn1,
            Some("jws") => Marshaling::Jws,
            Some(other) => {
                return Err(Error::bad_request(format!(
                    "invalid marshaling type {other:?}"
                )));
            }
        };
        let salt = match fields.string("salt_length")? {
            None => SaltLength::Auto,
            Some(text) => salt_length(&text)?,
        };
        Ok(Self {
            marshaling,
            salt,
            algorithm: algorithm.into_owned(),
            prehashed,
        })
    }

    fn options(self, key: &Key, hash_name: Cow<'_, str>) -> Result<SignatureOptions, Error> {
        let hash =
            match &*hash_name {
                "none" => None,
                name => Some(HashAlgorithm::from_name(name).ok_or_else(|| {
                    Error::bad_request(format!("invalid hash algorithm {name:?}"))
                })?),
            };
        let algorithm = key.policy().key_type.algorithm();
        let hashed = matches!(algorithm, Algorithm::Ecdsa(_) | Algorithm::Rsa(_));
        if hashed && hash.is_none() && !(self.prehashed && self.algorithm == "pkcs1v15") {
            return Err(Error::bad_request(
                "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15",
            ));
        }
        let padding = match &*self.algorithm {
            "pkcs1v15" => SignaturePadding::Pkcs1v15,
            "" | "pss" => SignaturePadding::Pss(self.salt),
            other if matches!(algorithm, Algorithm::Rsa(_)) => {
                return Err(Error::bad_request(format!(
                    "unsupported rsa signature algorithm {other}"
                )));
            }
            _ => SignaturePadding::Pss(self.salt),
        };
        Ok(SignatureOptions {
            hash,
            prehashed: self.prehashed,
            padding,
            marshaling: self.marshaling,
        })
    }
}

fn salt_length(text: &str) -> Result<SaltLength, Error> {
    match &*text.to_lowercase() {
        "auto" => return Ok(SaltLength::Auto),
        "hash" => return Ok(SaltLength::Hash),
        _ => {}
    }
    let neither = || {
        Error::bad_request(format!(
            "salt length neither 'auto', 'hash', nor an int: {text}"
        ))
    };
    match text.parse::<i64>().map_err(|_| neither())? {
        // Go's numbers for the two words.
        0 => Ok(SaltLength::Auto),
        -1 => Ok(SaltLength::Hash),
        bytes @ ..0 => Err(Error::bad_request(format!(
            "salt length is invalid: {bytes}"
        ))),
        bytes => Ok(SaltLength::Bytes(u16::try_from(bytes).unwrap_or(u16::MAX))),
    }
}

/// What a request to verify gives to be verified.
enum Proof {
    Signature,
    Hmac,
    Cmac,
}

impl Proof {
    fn of(items: &[StringItem<'_>], is_batch: bool) -> Result<Self, Error> {
        const KINDS: [&str; 3] = ["signature", "hmac", "cmac"];
        let kind = |item: &StringItem<'_>| KINDS.iter().position(|k| item.text(k).is_some());
        let mut found = [false; 3];
        let mut missing = false;
        for item in items {
            match kind(item) {
                Some(kind) => found[kind] = true,
                None => missing = true,
            }
        }
        let refuse = |sentence: &'static str| Err(Error::bad_request(sentence));
        match (found, missing) {
            (_, true) if !is_batch => {
                refuse("neither a 'signature' nor an 'hmac' were given to verify")
            }
            ([true, true, _] | [true, _, true] | [_, true, true], _) => {
                refuse("elements of batch_input must all provide 'signature' or all provide 'hmac'")
            }
            ([true, ..], true) => refuse("some elements of batch_input are missing 'signature'"),
            ([_, true, _], true) => refuse("some elements of batch_input are missing 'hmac'"),
            ([.., true], true) => refuse("some elements of batch_input are missing 'cmac'"),
            (_, true) => refuse("no batch_input elements have 'signature' or 'hmac'"),
            ([_, true, _], false) => Ok(Self::Hmac),
            ([.., true], false) => Ok(Self::Cmac),
            (_, false) => Ok(Self::Signature),
        }
    }
}

/// Whether the work would keep short requests waiting.
fn is_slow(key: &Key, items: usize) -> bool {
    const MANY: usize = 32;
    matches!(key.policy().key_type.algorithm(), Algorithm::Rsa(_)) || items > MANY
}

fn sign_item(
    key: &Key,
    item: &StringItem<'_>,
    version: i64,
    options: SignatureOptions,
) -> Outcome<Signed> {
    let input = input(item, "missing input")?;
    let context = context(item)?;
    let signature = key
        .sign(version, &context, &input, options)
        .map_err(|error| error.to_string())?;
    Ok(Signed {
        key_version: signature.version.number(),
        public_key: signature.derived_public_key.map(|key| base64::encode(&key)),
        signature: signature.text,
    })
}

fn verify_item(key: &Key, item: &StringItem<'_>, options: SignatureOptions) -> Outcome<bool> {
    let input = input(item, "missing input")?;
    let signature = item.text("signature").ok_or("missing signature")?;
    let context = context(item)?;
    key.verify(signature, &context, &input, options)
        .map_err(|error| error.to_string())
}

fn context(item: &StringItem<'_>) -> Outcome<Vec<u8>> {
    let context = item.text("context").unwrap_or_default();
    base64::decode(context.as_bytes()).map_err(|_| "failed to base64-decode context".to_owned())
}

#[derive(Serialize)]
struct Signed {
    key_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    signature: String,
}

/// An item of a batch; the peers write the public key's name without its underscore here.
#[derive(Default, Serialize)]
struct SignedItem<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    key_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    publickey: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    reference: &'r str,
}

impl<'r> SignedItem<'r> {
    fn new(outcome: Outcome<Signed>, reference: &'r str) -> Self {
        match outcome {
            Ok(signed) => Self {
                signature: Some(signed.signature),
                key_version: signed.key_version,
                publickey: signed.public_key,
                error: None,
                reference,
            },
            Err(error) => Self {
                error: Some(error),
                reference,
                ..Self::default()
            },
        }
    }
}

#[derive(Serialize)]
struct Verified {
    valid: bool,
}

#[derive(Serialize)]
struct VerifiedItem<'r> {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    reference: &'r str,
}
