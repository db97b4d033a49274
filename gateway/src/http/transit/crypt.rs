//! `encrypt`, `decrypt` and `rewrap`, one message or a batch.

use std::{borrow::Cow, sync::Arc};

use sealgate_keyring::{
    algorithm::KeyType,
    base64,
    key::{Derivation, Encrypt, Key, KeyError, NewKey, Plaintext},
};

use super::{
    batch::{BatchResults, Decrypted, DecryptedItem, Encrypted, EncryptedItem, Outcome, Tally},
    items::{self, Item, Message, Strictness},
    keys::key_type,
};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
};

pub async fn encrypt(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let request = Request::parse(app, &fields, Strictness::Strict(Message::Plaintext))?;
    let key = match call.mount()?.key(&call.parameter) {
        Some(key) => key,
        None => {
            // A request that encrypts nothing leaves no key behind.
            let faults = request.items.iter().map(fault_before_encryption);
            let faults: Vec<_> = faults.collect();
            let key = create_missing(
                app,
                call,
                &fields,
                &request,
                faults.iter().any(Result::is_ok),
            );
            match key.await? {
                Some(key) => key,
                None => {
                    let outcomes = faults.into_iter().map(|fault| {
                        fault.and_then(|()| Err("encryption key not found".to_owned()))
                    });
                    return request.answer_encrypted(
                        outcomes.collect(),
                        &fields,
                        call,
                        Partial::Judged,
                    );
                }
            }
        }
    };
    let outcomes = request.items.iter().map(|item| encrypt_item(&key, item));
    request.answer_encrypted(outcomes.collect(), &fields, call, Partial::Judged)
}

pub async fn decrypt(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let request = Request::parse(app, &fields, Strictness::Strict(Message::Ciphertext))?;
    let key = current_key(app, call, &request).await?;
    let mut tally = Tally::default();
    let outcomes = request.items.iter().map(|item| {
        let outcome = decrypt_item(&key, item);
        tally.count(&outcome);
        outcome
    });
    if !request.is_batch {
        let outcome = outcomes.last().ok_or(Error::Absent)?;
        let decrypted = outcome.map_err(Error::bad_request)?;
        return Ok(Answer::data(&decrypted).warn(call.unrecognized(&fields)));
    }
    let results = outcomes
        .zip(&request.items)
        .map(|(outcome, item)| DecryptedItem::new(outcome, item.reference()))
        .collect();
    let answer = Answer::data(&BatchResults {
        batch_results: results,
    });
    tally.judge(answer.warn(call.unrecognized(&fields)), &fields)
}

pub async fn rewrap(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let request = Request::parse(app, &fields, Strictness::Lenient)?;
    let key = current_key(app, call, &request).await?;
    let outcomes = request.items.iter().map(|item| rewrap_item(&key, item));
    request.answer_encrypted(outcomes.collect(), &fields, call, Partial::AlwaysOk)
}

/// What the items of a batch that failed do to its status.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Partial {
    /// It is 400, or what the caller asked for.
    Judged,
    /// Nothing, as the peers have it in rewrap.
    AlwaysOk,
}

/// One message or a batch of them.
struct Request<'b> {
    items: Vec<Item<'b>>,
    is_batch: bool,
}

impl<'b> Request<'b> {
    fn parse(app: &App, fields: &Fields<'b>, strictness: Strictness) -> Result<Self, Error> {
        let batch = fields.raw("batch_input").filter(|raw| raw.get() != "null");
        let (items, is_batch) = match batch {
            Some(raw) => (
                items::parse(raw, strictness, app.limits.max_batch_items)?,
                true,
            ),
            None => (vec![Self::single(fields, strictness)?], false),
        };
        let has_context = |item: &Item<'_>| !item.context().is_empty();
        let first = items.first().is_some_and(has_context);
        if items.iter().any(|item| has_context(item) != first) {
            return Err(Error::bad_request(
                "context should be set either in all the request blocks or in none",
            ));
        }
        Ok(Self { items, is_batch })
    }

    fn single(fields: &Fields<'b>, strictness: Strictness) -> Result<Item<'b>, Error> {
        let string = |name| Ok::<_, Error>(fields.string(name)?.unwrap_or(Cow::Borrowed("")));
        let message = match strictness {
            Strictness::Strict(message) => message,
            Strictness::Lenient => Message::Ciphertext,
        };
        let text = match message {
            Message::Plaintext => fields
                .string("plaintext")?
                .ok_or_else(|| Error::bad_request("missing plaintext to encrypt"))?,
            Message::Ciphertext => fields
                .string("ciphertext")?
                .filter(|text| !text.is_empty())
                .ok_or_else(|| Error::bad_request("missing ciphertext to decrypt"))?,
        };
        let key_version = match strictness {
            Strictness::Strict(Message::Ciphertext) => 0,
            _ => fields.integer("key_version")?.unwrap_or(0),
        };
        Ok(Item::single(
            message,
            text,
            string("context")?,
            string("associated_data")?,
            key_version,
        ))
    }

    fn has_context(&self) -> bool {
        self.items
            .first()
            .is_some_and(|item| !item.context().is_empty())
    }

    fn answer_encrypted(
        &self,
        outcomes: Vec<Outcome<Encrypted>>,
        fields: &Fields<'_>,
        call: &Call,
        partial: Partial,
    ) -> Result<Answer, Error> {
        if !self.is_batch {
            let outcome = outcomes.into_iter().next_back().ok_or(Error::Absent)?;
            let encrypted = outcome.map_err(Error::bad_request)?;
            return Ok(Answer::data(&encrypted).warn(call.unrecognized(fields)));
        }
        let mut tally = Tally::default();
        outcomes.iter().for_each(|outcome| tally.count(outcome));
        let results = outcomes
            .into_iter()
            .zip(&self.items)
            .map(|(outcome, item)| EncryptedItem::new(outcome, item.reference()))
            .collect();
        let answer = Answer::data(&BatchResults {
            batch_results: results,
        })
        .warn(call.unrecognized(fields));
        match partial {
            Partial::Judged => tally.judge(answer, fields),
            Partial::AlwaysOk => Ok(answer),
        }
    }
}

/// Creates the key that an encryption names and nobody made, as the body asks, where the mount
/// allows it. `Ok(None)`: all is well with the request, but nothing in it is to be encrypted.
async fn create_missing(
    app: &App,
    call: &Call,
    fields: &Fields<'_>,
    request: &Request<'_>,
    wanted: bool,
) -> Result<Option<Arc<Key>>, Error> {
    let mount = call.mount()?;
    if let Some(key) = app.keyring.refresh_key(mount, call.key_name()?).await? {
        return Ok(Some(key));
    }
    let convergent = fields.boolean("convergent_encryption")?.unwrap_or(false);
    let derivation = match (request.has_context(), convergent) {
        (false, false) => Derivation::None,
        (true, false) => Derivation::PerContext,
        (true, true) => Derivation::Convergent,
        (false, true) => {
            return Err(Error::bad_request(
                "convergent encryption requires derivation to be enabled, so context is required",
            ));
        }
    };
    let type_name = fields
        .string("type")?
        .unwrap_or(Cow::Borrowed(KeyType::Aes256Gcm96.name()));
    if type_name.starts_with("ecdsa-") {
        return Err(Error::bad_request(format!(
            "key type {type_name} not supported for this operation"
        )));
    }
    let new = NewKey {
        derivation,
        ..NewKey::of_type(key_type(fields)?)
    };
    if mount.mount().settings.disable_upsert {
        return Err(Error::bad_request("encryption key not found"));
    }
    if !wanted {
        return Ok(None);
    }
    let (key, _) = app.keyring.create_key(mount, call.key_name()?, new).await?;
    Ok(Some(key))
}

/// Why an item would fail with a key that was just made.
fn fault_before_encryption(item: &Item<'_>) -> Outcome<()> {
    Plaintext::from_base64(item.plaintext().as_bytes()).map_err(|error| error.to_string())?;
    decode_context(item)?;
    match item.key_version() {
        0 | 1 => Ok(()),
        ..0 => Err(KeyError::EncryptionVersionNegative.to_string()),
        _ => Err(KeyError::EncryptionVersionTooNew.to_string()),
    }
}

/// The key, read from the store again if a ciphertext names a version that is not known here:
/// another replica may have rotated it.
async fn current_key(app: &App, call: &Call, request: &Request<'_>) -> Result<Arc<Key>, Error> {
    let mount = call.mount()?;
    let known = mount.key(&call.parameter);
    let key = match known {
        Some(key)
            if !request
                .items
                .iter()
                .any(|item| key.knows_no_version_of(item.ciphertext())) =>
        {
            Some(key)
        }
        _ => app.keyring.refresh_key(mount, call.key_name()?).await?,
    };
    key.ok_or_else(|| Error::bad_request("encryption key not found"))
}

fn encrypt_item(key: &Key, item: &Item<'_>) -> Outcome<Encrypted> {
    let plaintext = Plaintext::from_base64(item.plaintext().as_bytes());
    let plaintext = plaintext.map_err(|error| error.to_string())?;
    let (context, associated_data) = decode_context(item)?;
    let version = item.key_version();
    let request = Encrypt {
        version,
        context: &context,
        associated_data: &associated_data,
    };
    key.encrypt(request, plaintext)
        .map(Encrypted::new)
        .map_err(say)
}

fn decrypt_item(key: &Key, item: &Item<'_>) -> Outcome<Decrypted> {
    if item.ciphertext().is_empty() {
        return Err("missing ciphertext to decrypt".to_owned());
    }
    let (context, associated_data) = decode_context(item)?;
    let plaintext = key
        .decrypt(item.ciphertext(), &context, &associated_data)
        .map_err(say)?;
    Ok(Decrypted::new(plaintext.expose()))
}

fn rewrap_item(key: &Key, item: &Item<'_>) -> Outcome<Encrypted> {
    if item.ciphertext().is_empty() {
        return Err("missing ciphertext to decrypt".to_owned());
    }
    let (context, associated_data) = decode_context(item)?;
    let version = item.key_version();
    let request = Encrypt {
        version,
        context: &context,
        associated_data: &associated_data,
    };
    key.rewrap(item.ciphertext(), request)
        .map(Encrypted::new)
        .map_err(say)
}

fn decode_context(item: &Item<'_>) -> Outcome<(Vec<u8>, Vec<u8>)> {
    let context = base64::decode(item.context().as_bytes()).map_err(|error| error.to_string())?;
    let associated_data = base64::decode(item.associated_data().as_bytes())
        .map_err(|error| format!("associated_data: {error}"))?;
    Ok((context, associated_data))
}

fn say(error: KeyError) -> String {
    error.to_string()
}
