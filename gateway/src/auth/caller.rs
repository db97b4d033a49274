//! What is known about a caller once the token is verified.

use std::{collections::BTreeMap, fmt, ops::Not};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{error::Error, routes::Verb};

/// The policy that allows everything.
const ROOT_POLICY: &str = "root";

/// Names a token for good. Tokens made with it carry the id as their ancestor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(#[serde(with = "uuid::serde::simple")] Uuid);

/// Names a token to those who may look it up or revoke it, but not use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accessor(#[serde(with = "uuid::serde::simple")] Uuid);

impl TokenId {
    /// A new, random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl Accessor {
    /// A new, random accessor.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for Accessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// A caller: everything a token says. This is also what is sealed inside the token, under short
/// names, because a token travels with every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The token's id.
    #[serde(rename = "i")]
    pub id: TokenId,
    /// The token's accessor.
    #[serde(rename = "a")]
    pub accessor: Accessor,
    /// The names of the policies that say what the caller may do.
    #[serde(rename = "p")]
    pub policies: Vec<String>,
    /// A name for people and for audit records.
    #[serde(rename = "n")]
    pub display_name: String,
    /// When the token was issued, in whole seconds.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub issued: Timestamp,
    /// From when on the token is worth nothing; `None`: never.
    #[serde(
        rename = "e",
        with = "jiff::fmt::serde::timestamp::second::optional",
        default
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The path through which the token was made.
    #[serde(rename = "w")]
    pub path: String,
    /// What the login said about the caller.
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Whether the token stays when the one it was made with is revoked.
    #[serde(rename = "o", default, skip_serializing_if = "Not::not")]
    pub orphan: bool,
    /// The tokens this one was made with, the nearest first.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<TokenId>,
}

impl Caller {
    /// A caller who may do everything, for ever.
    pub fn root(display_name: &str, path: &str, now: Timestamp) -> Self {
        Self {
            id: TokenId::random(),
            accessor: Accessor::random(),
            policies: vec![ROOT_POLICY.to_owned()],
            display_name: display_name.to_owned(),
            issued: whole_seconds(now),
            expires: None,
            path: path.to_owned(),
            metadata: BTreeMap::new(),
            orphan: true,
            ancestors: Vec::new(),
        }
    }

    /// Whether the token's time is over.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Says whether the caller may do `verb` on `path`.
    ///
    /// # Errors
    /// [`Error::PermissionDenied`].
    pub fn authorize(&self, _path: &str, _verb: Verb) -> Result<(), Error> {
        let is_root = self.policies.iter().any(|policy| policy == ROOT_POLICY);
        if is_root {
            Ok(())
        } else {
            Err(Error::PermissionDenied)
        }
    }
}

/// `time` as a token holds it.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_says_is_short_and_comes_back_whole() {
        let root = Caller::root("root", "auth/token/root", Timestamp::now());
        let json = serde_json::to_string(&root).unwrap();
        assert!(json.len() < 180, "{json}");
        assert_eq!(serde_json::from_str::<Caller>(&json).unwrap(), root);
        let child = Caller {
            expires: Some(root.issued),
            metadata: [("pod".to_owned(), "a".to_owned())].into(),
            orphan: false,
            ancestors: vec![root.id],
            ..root
        };
        let json = serde_json::to_string(&child).unwrap();
        assert_eq!(serde_json::from_str::<Caller>(&json).unwrap(), child);
    }

    #[test]
    fn only_root_is_authorized() {
        let root = Caller::root("root", "auth/token/root", Timestamp::now());
        assert!(root.authorize("sys/mounts", Verb::Read).is_ok());
        let other = Caller {
            policies: vec!["default".to_owned()],
            ..root
        };
        assert!(other.authorize("sys/mounts", Verb::Read).is_err());
    }
}
