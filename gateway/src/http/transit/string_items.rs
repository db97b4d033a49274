//! The items of a batch in sign, verify, hmac and cmac: members that are all texts.
//!
//! The peers read each item as a map from text to text, so any member may be a number, which
//! stands for its text, or `null`, which is empty; none may be anything else, known or not.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{error::Error, http::Fields};

/// One item.
pub struct StringItem<'b>(Vec<(Cow<'b, str>, Cow<'b, str>)>);

impl<'b> StringItem<'b> {
    /// The single item of a request without a batch; members that are `None` are not there.
    pub fn single<const N: usize>(members: [(&'static str, Option<Cow<'b, str>>); N]) -> Self {
        let there = members
            .into_iter()
            .filter_map(|(name, text)| Some((Cow::Borrowed(name), text?)));
        Self(there.collect())
    }

    /// The text of a member; `None` if it is not there.
    pub fn text(&self, name: &str) -> Option<&str> {
        // Of members with the same name the last one counts.
        let mut members = self.0.iter().rev();
        members
            .find(|(other, _)| other == name)
            .map(|(_, text)| &**text)
    }

    /// What the caller tells this item by.
    pub fn reference(&self) -> &str {
        self.text("reference").unwrap_or_default()
    }
}

/// Reads `batch_input`.
///
/// # Errors
/// 400 that says what cannot be read, or that there are no items or too many.
pub fn parse(raw: &RawValue, max_items: usize) -> Result<Vec<StringItem<'_>>, Error> {
    let refuse =
        |why: &dyn fmt::Display| Error::bad_request(format!("failed to parse batch input: {why}"));
    let list = List::<Option<Fields<'_>>>::read(raw, max_items).map_err(|error| refuse(&error))?;
    list.check_length(max_items)?;
    if list.kept.is_empty() {
        return Err(Error::bad_request("missing batch input to process"));
    }
    let items = list.kept.into_iter().map(Option::unwrap_or_default);
    items
        .enumerate()
        .map(|(index, fields)| {
            let texts = fields.into_texts();
            texts.map(StringItem).map_err(|member| {
                refuse(&format!(
                    "'[{index}].{member}' must be a string, neither a truth value nor a list nor an object"
                ))
            })
        })
        .collect()
}

/// A JSON list of which only the first items are read, so that a body of millions of tiny items
/// takes no more memory than a batch that is allowed. The rest is counted.
#[derive(Debug)]
pub struct List<T> {
    /// The items up to the limit.
    pub kept: Vec<T>,
    /// How many there are in all.
    length: usize,
}

impl<'b, T: Deserialize<'b>> List<T> {
    /// Reads a list and keeps at most `limit` items.
    ///
    /// # Errors
    /// What is wrong with one of the items kept, or that it is no list.
    pub fn read(raw: &'b RawValue, limit: usize) -> Result<Self, serde_json::Error> {
        let keeping = Keeping {
            limit,
            items: PhantomData,
        };
        keeping.deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
    }
}

impl<T> List<T> {
    /// Refuses a batch that is too long.
    ///
    /// # Errors
    /// 400 that says how long it is and may be.
    pub fn check_length(&self, max_items: usize) -> Result<(), Error> {
        let items = self.length;
        if items <= max_items {
            return Ok(());
        }
        Err(Error::bad_request(format!(
            "the batch has {items} items, and the limit is {max_items}; send several batches, or raise limits.max_batch_items"
        )))
    }
}

struct Keeping<T> {
    limit: usize,
    items: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Keeping<T> {
    type Value = List<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<List<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Keeping<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < self.limit {
            let Some(item) = seq.next_element()? else {
                break;
            };
            kept.push(item);
        }
        let mut length = kept.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(List { kept, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_no_more_items_than_are_allowed() {
        let body = format!("[{}{{}}]", "{},".repeat(999_999));
        let raw: &RawValue = serde_json::from_str(&body).unwrap();
        let list = List::<Option<Fields<'_>>>::read(raw, 1000).unwrap();
        assert_eq!((list.kept.len(), list.length), (1000, 1_000_000));
        assert!(list.kept.capacity() <= 2000);
        let refused = parse(raw, 1000).err().unwrap();
        let sentence = "the batch has 1000000 items, and the limit is 1000;";
        assert!(format!("{refused:?}").contains(sentence), "{refused:?}");
        assert_eq!(parse(raw, 1_000_000).unwrap().len(), 1_000_000);
    }
}
