//! The name of a key, as it stands in a URL.

use std::{borrow::Borrow, fmt, sync::Arc};

/// A key's name: letters, digits and `_` at both ends, and also `-` and `.` between them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Arc<str>);

impl KeyName {
    /// Longest name, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Whether `text` can name a key.
    pub fn is_valid(text: &str) -> bool {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let bytes = text.as_bytes();
        bytes.len() <= Self::MAX_BYTES
            && bytes.first().is_some_and(|&first| word(first))
            && bytes.last().is_some_and(|&last| word(last))
            && bytes
                .iter()
                .all(|&byte| word(byte) || byte == b'-' || byte == b'.')
    }

    /// Parses a name; `None` if [`KeyName::is_valid`] says no.
    pub fn new(text: &str) -> Option<Self> {
        Self::is_valid(text).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for KeyName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_peers_accept() {
        for name in ["a", "a-b", "a.b", "A_9", "_", "a--b..c"] {
            assert!(KeyName::new(name).is_some(), "{name}");
        }
        for name in ["", "-a", "a-", ".", "a/b", "a b", "ä", "a\0b"] {
            assert!(KeyName::new(name).is_none(), "{name}");
        }
    }
}
