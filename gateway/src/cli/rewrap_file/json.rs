//! JSON lines: where in a line the strings at a path are, without touching anything else.
//!
//! serde_json walks the objects and hands out members as [`RawValue`]s, which are parts of the
//! line itself; so order, spaces, unknown members and the digits of numbers stay as they are.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::record::{Fault, Found, Value};

/// Names of members, from the outermost to the innermost. Lists on the way are walked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<String>);

/// A text that is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give names with dots between them, such as card.number; a dot in a name is written \\.")]
pub struct PathError;

/// What to look for in each line.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The ciphertexts.
    pub values: Vec<Path>,
    /// The base64 of the context.
    pub context: Option<Path>,
    /// The base64 of the associated data.
    pub associated_data: Option<Path>,
}

impl Path {
    /// Reads `a.b.c`.
    ///
    /// # Errors
    /// [`PathError`]: a name is empty.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut names = vec![String::new()];
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match (character, names.last_mut()) {
                ('.', _) => names.push(String::new()),
                ('\\', Some(name)) => {
                    let escaped = characters.next_if(|&next| matches!(next, '.' | '\\'));
                    name.push(escaped.unwrap_or('\\'));
                }
                (character, Some(name)) => name.push(character),
                (_, None) => {}
            }
        }
        if names.iter().any(String::is_empty) {
            return Err(PathError);
        }
        Ok(Self(names))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Finds the strings that `fields` names in `line`. What is missing or null is not there.
///
/// # Errors
/// [`Fault`]: the line is no JSON object, or what is found is not a string.
pub fn find(line: &[u8], fields: &Fields) -> Result<Found, Fault> {
    let mut values = Vec::new();
    for path in &fields.values {
        values.extend(strings(line, path)?);
    }
    // Paths may name the same member, or one that another path reaches, too.
    values.sort_by_key(|value| value.span.start);
    values.dedup_by_key(|value| value.span.start);
    let one = |path: &Option<Path>| {
        let Some(path) = path else { return Ok(None) };
        let mut found = strings(line, path)?;
        // Of members with the same name, JSON readers take the last.
        Ok(found.pop().map(|value| value.text))
    };
    Ok(Found {
        values,
        context: one(&fields.context)?,
        associated_data: one(&fields.associated_data)?,
    })
}

fn strings(line: &[u8], path: &Path) -> Result<Vec<Value>, Fault> {
    let text = str::from_utf8(line).map_err(|_| Fault::NotText)?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut search = Search {
        line: text,
        path,
        found: Vec::new(),
        fault: None,
    };
    search.members(text, &path.0).map_err(|error| {
        // Serde's message can quote the line.
        Fault::Json(match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data => "it is something else",
            _ => "its syntax is wrong",
        })
    })?;
    match search.fault {
        Some(fault) => Err(fault),
        None => Ok(search.found),
    }
}

struct Search<'l, 'p> {
    line: &'l str,
    path: &'p Path,
    found: Vec<Value>,
    fault: Option<Fault>,
}

impl<'l> Search<'l, '_> {
    /// Looks for `names` in an object.
    fn members(&mut self, object: &'l str, names: &[String]) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(object);
        reader.deserialize_map(Members {
            search: self,
            names,
        })?;
        reader.end()
    }

    /// `rest` are the names that still lead further.
    fn visit(&mut self, raw: &'l RawValue, rest: &[String], in_list: bool) {
        let text = raw.get();
        let done = match (text.as_bytes().first(), rest) {
            (Some(b'"'), []) => {
                self.string(text);
                Ok(())
            }
            (Some(b'{'), [_, ..]) => self.members(text, rest),
            // A list directly in a list has no members that a path could name.
            (Some(b'['), _) if !in_list => self.elements(text, rest),
            (Some(b'n'), []) => Ok(()),
            (_, []) => {
                self.fault = Some(Fault::NotString(self.path.to_string()));
                Ok(())
            }
            _ => Ok(()),
        };
        if done.is_err() {
            self.fault = Some(Fault::Json("its syntax is wrong"));
        }
    }

    fn elements(&mut self, list: &'l str, rest: &[String]) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(list);
        reader.deserialize_seq(Elements { search: self, rest })?;
        reader.end()
    }

    fn string(&mut self, token: &'l str) {
        match serde_json::from_str(token) {
            Ok(text) => {
                // The token is a part of the line, so the distance is its place.
                let start = token.as_ptr().addr() - self.line.as_ptr().addr();
                self.found.push(Value {
                    span: start..start + token.len(),
                    quote: Some(b'"'),
                    text,
                });
            }
            Err(_) => self.fault = Some(Fault::NotText),
        }
    }
}

struct Members<'s, 'l, 'p, 'n> {
    search: &'s mut Search<'l, 'p>,
    names: &'n [String],
}

impl<'l> Visitor<'l> for Members<'_, 'l, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((name, rest)) = self.names.split_first() else {
            return Ok(());
        };
        while let Some(is_it) = map.next_key_seed(Is(name))? {
            if is_it {
                self.search.visit(map.next_value()?, rest, false);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Elements<'s, 'l, 'p, 'n> {
    search: &'s mut Search<'l, 'p>,
    rest: &'n [String],
}

impl<'l> Visitor<'l> for Elements<'_, 'l, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'l>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(raw) = list.next_element()? {
            self.search.visit(raw, self.rest, true);
        }
        Ok(())
    }
}

/// Whether a member's name is this one.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, name: D) -> Result<bool, D::Error> {
        let name: Cow<'de, str> = serde::Deserialize::deserialize(name)?;
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests;
