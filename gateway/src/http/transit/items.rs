//! The items of a batch, strictly typed as the peers have them.
//!
//! The common case is read in one pass that borrows from the body. What that pass refuses is read
//! again as plain JSON, which either explains each thing that is wrong in the peers' words, or
//! turns out to be acceptable after all (a member given twice, say).

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, value::RawValue};

use super::string_items::too_many;
use crate::{error::Error, http::fields::Text};

/// A member that may be missing, `null`, or there.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Member<T> {
    /// Not in the object.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// Something.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// One item of a batch.
#[derive(Debug, Default, Deserialize)]
pub struct Item<'b> {
    #[serde(default, borrow)]
    plaintext: Member<Text<'b>>,
    #[serde(default, borrow)]
    ciphertext: Member<Text<'b>>,
    #[serde(default, borrow)]
    context: Member<Text<'b>>,
    #[serde(default, borrow)]
    associated_data: Member<Text<'b>>,
    #[serde(default, borrow)]
    reference: Member<Text<'b>>,
    #[serde(default)]
    key_version: Member<i64>,
}

fn text<'a>(member: &'a Member<Text<'_>>) -> &'a str {
    match member {
        Member::Value(Text(text)) => text,
        Member::Missing | Member::Null => "",
    }
}

impl<'b> Item<'b> {
    /// The single item of a request without a batch.
    pub fn single(
        message: Message,
        text: Cow<'b, str>,
        context: Cow<'b, str>,
        associated_data: Cow<'b, str>,
        key_version: i64,
    ) -> Self {
        let message_text = Member::Value(Text(text));
        let (plaintext, ciphertext) = match message {
            Message::Plaintext => (message_text, Member::Missing),
            Message::Ciphertext => (Member::Missing, message_text),
        };
        Self {
            plaintext,
            ciphertext,
            context: Member::Value(Text(context)),
            associated_data: Member::Value(Text(associated_data)),
            reference: Member::Missing,
            key_version: Member::Value(key_version),
        }
    }

    /// The message as base64; empty if there is none.
    pub fn plaintext(&self) -> &str {
        text(&self.plaintext)
    }

    /// The ciphertext; empty if there is none.
    pub fn ciphertext(&self) -> &str {
        text(&self.ciphertext)
    }

    /// The context as base64; empty if there is none.
    pub fn context(&self) -> &str {
        text(&self.context)
    }

    /// The associated data as base64; empty if there is none.
    pub fn associated_data(&self) -> &str {
        text(&self.associated_data)
    }

    /// What the caller tells this item by.
    pub fn reference(&self) -> &str {
        text(&self.reference)
    }

    /// The version to encrypt with; 0: the latest.
    pub fn key_version(&self) -> i64 {
        match self.key_version {
            Member::Value(version) => version,
            Member::Missing | Member::Null => 0,
        }
    }
}

/// Which member carries the message, and how strictly it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// `plaintext`, a string that must be there.
    Plaintext,
    /// `ciphertext`, a string that must be there.
    Ciphertext,
}

/// How strictly items are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// As encrypt and decrypt read them: the message must be there, strings must be strings.
    Strict(Message),
    /// As rewrap reads them: what is missing shows as an error of the item, and a number stands
    /// for its text.
    Lenient,
}

impl Strictness {
    /// Every way in which a batch is read.
    pub const ALL: [Self; 3] = [
        Self::Strict(Message::Plaintext),
        Self::Strict(Message::Ciphertext),
        Self::Lenient,
    ];
}

/// Reads `batch_input`.
///
/// # Errors
/// 400 that names every item that cannot be read, or that there are none or too many.
pub fn parse(
    raw: &RawValue,
    strictness: Strictness,
    max_items: usize,
) -> Result<Vec<Item<'_>>, Error> {
    let items = match serde_json::from_str::<Vec<Item<'_>>>(raw.get()) {
        Ok(items) if items.iter().all(|item| is_whole(item, strictness)) => items,
        _ => explain(raw, strictness)?,
    };
    if items.is_empty() {
        return Err(Error::bad_request("missing batch input to process"));
    }
    if items.len() > max_items {
        return Err(too_many(items.len(), max_items));
    }
    Ok(items)
}

fn is_whole(item: &Item<'_>, strictness: Strictness) -> bool {
    match strictness {
        Strictness::Strict(Message::Plaintext) => matches!(item.plaintext, Member::Value(_)),
        Strictness::Strict(Message::Ciphertext) => {
            item.ciphertext != Member::Missing && item.plaintext != Member::Null
        }
        Strictness::Lenient => true,
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// Reads the batch as plain JSON and says what is wrong with it.
fn explain(raw: &RawValue, strictness: Strictness) -> Result<Vec<Item<'static>>, Error> {
    let refuse = |why: String| Error::bad_request(format!("failed to parse batch input: {why}"));
    let value: Value =
        serde_json::from_str(raw.get()).map_err(|error| refuse(error.to_string()))?;
    let Value::Array(values) = value else {
        let kind = go_kind(&value);
        return Err(refuse(format!(
            "source data must be an array or slice, got {kind}"
        )));
    };
    let mut items = Vec::with_capacity(values.len());
    let mut faults = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        let Value::Object(members) = value else {
            return Err(refuse(format!(
                "[{index}] expected a map, got '{}'",
                go_kind(&value)
            )));
        };
        items.push(read_item(index, &members, strictness, &mut faults));
    }
    if faults.is_empty() {
        Ok(items)
    } else {
        Err(refuse(faults.join("\n")))
    }
}

/// Reads one item, in the order in which the peers look at its members.
fn read_item(
    index: usize,
    members: &Map<String, Value>,
    strictness: Strictness,
    faults: &mut Vec<String>,
) -> Item<'static> {
    Item {
        context: read_string(index, "context", members, strictness, faults),
        ciphertext: read_string(index, "ciphertext", members, strictness, faults),
        plaintext: read_string(index, "plaintext", members, strictness, faults),
        key_version: read_version(index, members, faults),
        associated_data: read_string(index, "associated_data", members, strictness, faults),
        reference: read_string(index, "reference", members, strictness, faults),
    }
}

fn read_string(
    index: usize,
    name: &'static str,
    members: &Map<String, Value>,
    strictness: Strictness,
    faults: &mut Vec<String>,
) -> Member<Text<'static>> {
    let lenient = strictness == Strictness::Lenient;
    let missing = match strictness {
        Strictness::Strict(Message::Plaintext) if name == "plaintext" => {
            Some("missing plaintext to encrypt")
        }
        Strictness::Strict(Message::Ciphertext) if name == "ciphertext" => {
            Some("missing ciphertext to decrypt")
        }
        Strictness::Strict(_) | Strictness::Lenient => None,
    };
    let fault = match members.get(name) {
        Some(Value::String(text)) => return Member::Value(Text(Cow::Owned(text.clone()))),
        Some(Value::Number(number)) if lenient => {
            return Member::Value(Text(Cow::Owned(number.to_string())));
        }
        Some(Value::Null) if lenient || name != "plaintext" => return Member::Null,
        Some(value) => unconvertible(index, name, "string", value),
        None => match missing {
            None => return Member::Missing,
            Some(missing) => format!("'[{index}].{name}' {missing}"),
        },
    };
    faults.push(fault);
    Member::Missing
}

fn read_version(
    index: usize,
    members: &Map<String, Value>,
    faults: &mut Vec<String>,
) -> Member<i64> {
    let fault = match members.get("key_version") {
        None => return Member::Missing,
        Some(Value::Null) => return Member::Null,
        Some(Value::Number(number)) => match number.as_i64() {
            Some(version) => return Member::Value(version),
            None => format!(
                "error decoding json.Number into [{index}].key_version: strconv.ParseInt: parsing \"{number}\": invalid syntax"
            ),
        },
        Some(value) => unconvertible(index, "key_version", "int", value),
    };
    faults.push(fault);
    Member::Missing
}

fn unconvertible(index: usize, name: &str, expected: &str, value: &Value) -> String {
    let kind = go_kind(value);
    format!("'[{index}].{name}' expected type '{expected}', got unconvertible type '{kind}'")
}

/// What the peers, written in Go, call a JSON value's type.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "json.Number",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
