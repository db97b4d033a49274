//! Mounts: keyrings beside each other, each with its own keys and settings.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a mount stands in the API: segments that each end with `/`, such as `transit/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MountPath(Arc<str>);

impl MountPath {
    /// Longest path, in bytes.
    pub const MAX_BYTES: usize = 256;

    /// Parses a path; a missing `/` at the end is added. `None`: it is empty, too long, or has an
    /// empty, `.` or `..` segment, or a character that does not stand for itself in a URL.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let clean = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.~@+".contains(&b))
        };
        (text.len() < Self::MAX_BYTES && text.split('/').all(clean))
            .then(|| Self(format!("{text}/").into()))
    }

    /// The path as text, with its `/` at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether one path lies within the other, so that a request could mean either.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.starts_with(&*other.0) || other.0.starts_with(&*self.0)
    }
}

impl TryFrom<String> for MountPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| format!("{text:?} is no mount path"))
    }
}

impl From<MountPath> for String {
    fn from(path: MountPath) -> Self {
        path.0.as_ref().into()
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MountPath({})", self.0)
    }
}

/// What holds for all keys of a mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountSettings {
    /// Whether encrypting with a key that does not exist is an error instead of creating it.
    pub disable_upsert: bool,
    /// The peers' cache size. It is kept and read back; every key is in memory here.
    pub cache_size: u32,
}

/// A mount: an identity that never changes, and what may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The identity. A mount made again on the same path is another one.
    pub id: Uuid,
    /// Where it stands.
    pub path: MountPath,
    /// What holds for all its keys.
    pub settings: MountSettings,
    /// What the API shows about a mount and the keyring has no use for.
    pub attributes: BTreeMap<String, serde_json::Value>,
}

impl Mount {
    /// A new mount with a new identity.
    pub fn new(path: MountPath, attributes: BTreeMap<String, serde_json::Value>) -> Self {
        Self {
            id: Uuid::new_v4(),
            path,
            settings: MountSettings::default(),
            attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_the_slash_and_refuses_odd_paths() {
        assert_eq!(MountPath::new("a/b").unwrap().as_str(), "a/b/");
        for text in ["", "/", "a//b", "../a", "a b", "a%2f", "ä"] {
            assert!(MountPath::new(text).is_none(), "{text}");
        }
    }

    #[test]
    fn overlapping_paths_are_seen_both_ways() {
        let path = |text| MountPath::new(text).unwrap();
        assert!(path("a").overlaps(&path("a/b")) && path("a/b").overlaps(&path("a")));
        assert!(!path("a").overlaps(&path("ab")));
    }
}
