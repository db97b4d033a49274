//! `encrypt`, `decrypt` and `rewrap`, one message or a batch.

use std::{borrow::Cow, sync::Arc};

use sealgate_keyring::{
    algorithm::{Algorithm, KeyType},
    base64,
    key::{Decrypt, Derivation, Encrypt, EncryptionPadding, Key, KeyError, NewKey, Plaintext},
    keyring::RunsShort,
};

use super::{
    batch::{BatchResults, Decrypted, DecryptedItem, Encrypted, EncryptedItem, Outcome, Tally},
    budget,
    items::{self, Item, Message, Strictness},
};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
    service,
};

pub async fn encrypt(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let request = Request::parse(app, &fields, Strictness::Strict(Message::Plaintext))?;
    let mut key = match call.mount()?.key(call.parameter()) {
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
                        None,
                        Partial::Judged,
                    );
                }
            }
        }
    };
    let padding = padding(&fields)?;
    let encrypt = |key: &Key, index, item: &_| encrypt_item(key, index, item, padding);
    let outcomes = request.encrypt_all(app, call, &mut key, encrypt).await?;
    request.answer_encrypted(outcomes, &fields, call, Some(&key), Partial::Judged)
}

pub async fn decrypt(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let request = Request::parse(app, &fields, Strictness::Strict(Message::Ciphertext))?;
    let key = current_key(app, call, &request).await?;
    let padding = padding(&fields)?;
    let is_slow = is_slow(&key);
    let outcomes = service::each(
        app,
        call,
        key,
        is_slow,
        &request.items,
        |key, index, item| decrypt_item(key, index, item, padding),
    );
    let outcomes = outcomes.await?;
    let mut tally = Tally::default();
    outcomes.iter().for_each(|outcome| tally.count(outcome));
    let mut outcomes = outcomes.into_iter();
    if !request.is_batch {
        let outcome = outcomes.next_back().ok_or(Error::Absent)?;
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
    let mut key = current_key(app, call, &request).await?;
    let padding = padding(&fields)?;
    let rewrap = |key: &Key, _, item: &_| rewrap_item(key, item, padding);
    let outcomes = request.encrypt_all(app, call, &mut key, rewrap).await?;
    request.answer_encrypted(outcomes, &fields, call, Some(&key), Partial::AlwaysOk)
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

    /// Does `operation`, which encrypts, with every item. Where no encryptions are left, as many
    /// are reserved as items remain; `key` may rotate meanwhile.
    async fn encrypt_all(
        &self,
        app: &App,
        call: &Call,
        key: &mut Arc<Key>,
        operation: impl Fn(&Key, usize, &Item<'b>) -> Result<Encrypted, Error>,
    ) -> Result<Vec<Outcome<Encrypted>>, Error> {
        let mount = call.mount()?;
        if is_slow(key) {
            // Slow ones have no nonces to run short of.
            let outcomes = service::each(app, call, key.clone(), true, &self.items, operation);
            return outcomes.await?.into_iter().map(settled).collect();
        }
        let mut outcomes = Vec::with_capacity(self.items.len());
        // The version of which nothing is reserved; `None` at the end.
        let encrypt_some = |key: &Key, outcomes: &mut Vec<_>| {
            for (index, item) in self.items.iter().enumerate().skip(outcomes.len()) {
                let outcome = operation(key, index, item);
                if let Some(version) = outcome.as_ref().err().and_then(RunsShort::runs_short) {
                    return Ok::<_, Error>(Some(version));
                }
                outcomes.push(settled(outcome)?);
            }
            Ok(None)
        };
        while let Some(version) = encrypt_some(key, &mut outcomes)? {
            let left = (self.items.len() - outcomes.len()) as u64;
            let name = key.name().clone();
            let reserved = app.keyring.reserve_encryptions(mount, name, version, left);
            *key = reserved.await?;
        }
        app.keyring.reserve_ahead(mount, key);
        Ok(outcomes)
    }

    fn answer_encrypted(
        &self,
        outcomes: Vec<Outcome<Encrypted>>,
        fields: &Fields<'_>,
        call: &Call,
        key: Option<&Key>,
        partial: Partial,
    ) -> Result<Answer, Error> {
        let versions = outcomes.iter().flatten().map(Encrypted::version);
        let warnings = key.map(|key| budget::warnings(key, versions));
        let warnings = warnings.unwrap_or_default();
        if !self.is_batch {
            let outcome = outcomes.into_iter().next_back().ok_or(Error::Absent)?;
            let encrypted = outcome.map_err(Error::bad_request)?;
            return Ok(Answer::data(&encrypted)
                .warn(warnings)
                .warn(call.unrecognized(fields)));
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
        .warn(warnings)
        .warn(call.unrecognized(fields));
        match partial {
            Partial::Judged => tally.judge(answer, fields),
            Partial::AlwaysOk => Ok(answer),
        }
    }
}

/// What an item's answer says of an error; one of the server's own ends the whole request.
fn settled<T>(outcome: Result<T, Error>) -> Result<Outcome<T>, Error> {
    match outcome {
        Err(error) if error.status().is_server_error() => Err(error),
        outcome => Ok(outcome.map_err(|error| error.sentence().unwrap_or_default())),
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
    // Of the types that encrypt, the peers make all but RSA on the way.
    let key_type = type_name.parse::<KeyType>().ok();
    let key_type = key_type.filter(|key_type| key_type.supports_associated_data());
    let key_type =
        key_type.ok_or_else(|| Error::bad_request(format!("unknown key type {type_name}")))?;
    let new = NewKey {
        derivation,
        ..NewKey::of_type(key_type)
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
    let known = mount.key(call.parameter());
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

fn encrypt_item(
    key: &Key,
    index: usize,
    item: &Item<'_>,
    padding: EncryptionPadding,
) -> Result<Encrypted, Error> {
    let plaintext = Plaintext::from_base64(item.plaintext().as_bytes());
    let plaintext = plaintext.map_err(|error| Error::bad_request(error.to_string()))?;
    refuse_associated_data(key, index, item).map_err(Error::bad_request)?;
    let (context, associated_data) = decode_context(item).map_err(Error::bad_request)?;
    let request = Encrypt {
        version: item.key_version(),
        context: &context,
        associated_data: &associated_data,
        padding,
    };
    Ok(Encrypted::new(key.encrypt(request, plaintext)?))
}

fn decrypt_item(
    key: &Key,
    index: usize,
    item: &Item<'_>,
    padding: EncryptionPadding,
) -> Outcome<Decrypted> {
    if item.ciphertext().is_empty() {
        return Err("missing ciphertext to decrypt".to_owned());
    }
    refuse_associated_data(key, index, item)?;
    let (context, associated_data) = decode_context(item)?;
    let request = Decrypt {
        context: &context,
        associated_data: &associated_data,
        padding,
    };
    let plaintext = key.decrypt(item.ciphertext(), request).map_err(say)?;
    Ok(Decrypted::new(plaintext.expose()))
}

fn rewrap_item(key: &Key, item: &Item<'_>, padding: EncryptionPadding) -> Result<Encrypted, Error> {
    if item.ciphertext().is_empty() {
        return Err(Error::bad_request("missing ciphertext to decrypt"));
    }
    let (context, associated_data) = decode_context(item).map_err(Error::bad_request)?;
    let request = Encrypt {
        version: item.key_version(),
        context: &context,
        associated_data: &associated_data,
        padding,
    };
    Ok(Encrypted::new(key.rewrap(item.ciphertext(), request)?))
}

/// Whether an operation takes so long that other requests would wait for it.
fn is_slow(key: &Key) -> bool {
    matches!(key.policy().key_type.algorithm(), Algorithm::Rsa(_))
}

fn refuse_associated_data(key: &Key, index: usize, item: &Item<'_>) -> Outcome<()> {
    let key_type = key.policy().key_type;
    if item.associated_data().is_empty() || key_type.supports_associated_data() {
        return Ok(());
    }
    Err(format!(
        "'[{index}].associated_data' provided for non-AEAD cipher suite {key_type}"
    ))
}

/// The padding of RSA, as Vault has it.
fn padding(fields: &Fields<'_>) -> Result<EncryptionPadding, Error> {
    match fields.string("padding_scheme")?.as_deref() {
        None | Some("" | "oaep") => Ok(EncryptionPadding::Oaep),
        Some("pkcs1v15") => Ok(EncryptionPadding::Pkcs1v15),
        Some(other) => Err(Error::bad_request(format!(
            "unsupported padding_scheme {other:?}; use \"oaep\" or \"pkcs1v15\""
        ))),
    }
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
