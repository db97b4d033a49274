//! The items of a batch in sign, verify, hmac and cmac: members that are all texts.
//!
//! The peers read each item as a map from text to text, so any member may be a number, which
//! stands for its text, or `null`, which is empty; none may be anything else, known or not.

use std::borrow::Cow;

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
    let refuse = |why: &dyn std::fmt::Display| {
        Error::bad_request(format!("failed to parse batch input: {why}"))
    };
    let items: Vec<Option<Fields<'_>>> =
        serde_json::from_str(raw.get()).map_err(|error| refuse(&error))?;
    if items.is_empty() {
        return Err(Error::bad_request("missing batch input to process"));
    }
    if items.len() > max_items {
        return Err(too_many(items.len(), max_items));
    }
    let items = items.into_iter().map(Option::unwrap_or_default);
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

/// The refusal of a batch that is too long.
pub fn too_many(items: usize, max_items: usize) -> Error {
    Error::bad_request(format!(
        "the batch has {items} items, and the limit is {max_items}; send several batches, or raise limits.max_batch_items"
    ))
}
