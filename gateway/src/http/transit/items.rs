//! The items of a batch, strictly typed as the peers have them.
//!
//! The common case is read in one pass that borrows from the body. What that pass refuses is read
//! again member by member, which either explains each thing that is wrong in the peers' words, or
//! turns out to be acceptable after all (a member given twice, say).

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::{Map, Value, value::RawValue};

use super::string_items::List;
use crate::{
    error::Error,
    http::fields::{Fields, Text},
};

/// How many things that are wrong with a batch are told.
const MAX_FAULTS: usize = 10;

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
    let list = List::<Item<'_>>::read(raw, max_items);
    match &list {
        Ok(list) => list.check_length(max_items)?,
        // What is no list is explained below.
        Err(_) => List::<IgnoredAny>::read(raw, 0).map_or(Ok(()), |l| l.check_length(max_items))?,
    }
    let items = match list {
        Ok(list) if list.kept.iter().all(|item| is_whole(item, strictness)) => list.kept,
        _ => explain(raw, strictness)?,
    };
    if items.is_empty() {
        return Err(Error::bad_request("missing batch input to process"));
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

/// Reads the batch item by item and says what is wrong with it. The batch is not too long.
fn explain(raw: &RawValue, strictness: Strictness) -> Result<Vec<Item<'static>>, Error> {
    let refuse = |why: String| Error::bad_request(format!("failed to parse batch input: {why}"));
    let malformed = |error: serde_json::Error| refuse(error.to_string());
    if !raw.get().starts_with('[') {
        let kind = go_kind(&shallow(raw).map_err(malformed)?);
        return Err(refuse(format!(
            "source data must be an array or slice, got {kind}"
        )));
    }
    let elements: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(malformed)?;
    let mut items = Vec::with_capacity(elements.len());
    let mut faults = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        if !element.get().starts_with('{') {
            let kind = go_kind(&shallow(element).map_err(malformed)?);
            return Err(refuse(format!("[{index}] expected a map, got '{kind}'")));
        }
        let members = known_members(element).map_err(malformed)?;
        items.push(read_item(index, &members, strictness, &mut faults));
        if faults.len() >= MAX_FAULTS {
            break;
        }
    }
    if faults.is_empty() {
        Ok(items)
    } else {
        faults.truncate(MAX_FAULTS);
        Err(refuse(faults.join("\n")))
    }
}

/// The members of an item that mean something.
fn known_members(item: &RawValue) -> Result<Map<String, Value>, serde_json::Error> {
    let fields: Fields<'_> = serde_json::from_str(item.get())?;
    let mut members = Map::new();
    for name in [
        "context",
        "ciphertext",
        "plaintext",
        "key_version",
        "associated_data",
        "reference",
    ] {
        if let Some(raw) = fields.raw(name) {
            members.insert(name.to_owned(), shallow(raw)?);
        }
    }
    Ok(members)
}

/// A value whose elements or members, if it has any, do not matter and are not kept.
fn shallow(raw: &RawValue) -> Result<Value, serde_json::Error> {
    match raw.get().as_bytes().first() {
        Some(b'[') => Ok(Value::Array(Vec::new())),
        Some(b'{') => Ok(Value::Object(Map::new())),
        _ => serde_json::from_str(raw.get()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str, max_items: usize) -> String {
        let raw: &RawValue = serde_json::from_str(body).unwrap();
        let strictness = Strictness::Strict(Message::Plaintext);
        format!("{:?}", parse(raw, strictness, max_items).unwrap_err())
    }

    #[test]
    fn counts_before_it_explains() {
        for item in ["{}", "5", r#"{"plaintext":5}"#, r#"{"plaintext":""}"#] {
            let rest = format!("{item},").repeat(999_999);
            let refused = refusal(&format!("[{rest}{item}]"), 1000);
            let sentence = "the batch has 1000000 items, and the limit is 1000;";
            assert!(refused.contains(sentence) && refused.len() < 400, "{item}");
        }
    }

    #[test]
    fn tells_the_first_faults_only() {
        let refused = refusal(&format!("[{}{{}}]", "{},".repeat(500)), 1000);
        assert_eq!(refused.matches("missing plaintext to encrypt").count(), 10);
        assert!(refused.contains("'[9].plaintext' missing"), "{refused}");
        let refused = refusal(r#"[{"plaintext":[1,{}],"context":{"a":1}},{}]"#, 1000);
        for fault in [
            "'[0].context' expected type 'string', got unconvertible type 'map[string]interface {}'",
            "'[0].plaintext' expected type 'string', got unconvertible type '[]interface {}'",
            "'[1].plaintext' missing plaintext to encrypt",
        ] {
            assert!(refused.contains(fault), "{refused}");
        }
    }
}
