//! What is encrypted, decrypted and rewrapped: the same item alone or in a batch.

use sealgate_wire::SecretText;
use sealgate_wire::transit::{
    CiphertextAnswer, DecryptItem, DecryptRequest, EncryptItem, EncryptRequest, RewrapItem,
    RewrapRequest,
};

/// A plaintext on its way to be encrypted.
#[derive(Clone, Copy)]
pub struct Encrypt<'a> {
    plaintext: &'a [u8],
    context: Option<&'a [u8]>,
    associated_data: Option<&'a [u8]>,
    version: Option<u32>,
}

/// A ciphertext on its way to be decrypted.
#[derive(Clone, Copy, Debug)]
pub struct Decrypt<'a> {
    ciphertext: &'a str,
    context: Option<&'a [u8]>,
    associated_data: Option<&'a [u8]>,
}

/// A ciphertext on its way to a newer version of its key.
#[derive(Clone, Copy, Debug)]
pub struct Rewrap<'a> {
    ciphertext: &'a str,
    context: Option<&'a [u8]>,
    associated_data: Option<&'a [u8]>,
    version: Option<u32>,
}

/// A ciphertext and the version that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// `vault:v<N>:<base64>`.
    pub ciphertext: String,
    /// The `N` above.
    pub version: u32,
}

impl<'a> Encrypt<'a> {
    /// With the latest version, bound to nothing.
    pub fn new<T: AsRef<[u8]> + ?Sized>(plaintext: &'a T) -> Self {
        let plaintext = plaintext.as_ref();
        Self {
            plaintext,
            context: None,
            associated_data: None,
            version: None,
        }
    }

    /// Names the derived key to use.
    #[must_use]
    pub fn context<T: AsRef<[u8]> + ?Sized>(mut self, context: &'a T) -> Self {
        self.context = Some(context.as_ref());
        self
    }

    /// Must be given again to decrypt. It is not part of the ciphertext.
    #[must_use]
    pub fn associated_data<T: AsRef<[u8]> + ?Sized>(mut self, data: &'a T) -> Self {
        self.associated_data = Some(data.as_ref());
        self
    }

    /// A version other than the latest.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    pub(crate) fn request(self) -> EncryptRequest {
        let EncryptItem {
            plaintext,
            context,
            associated_data,
            key_version,
            ..
        } = self.item();
        let rest = EncryptRequest::default();
        EncryptRequest {
            plaintext,
            context,
            associated_data,
            key_version,
            ..rest
        }
    }

    pub(crate) fn item(self) -> EncryptItem {
        EncryptItem {
            plaintext: Some(SecretText::from_base64_of(self.plaintext)),
            context: self.context.map(base64),
            associated_data: self.associated_data.map(base64),
            key_version: self.version,
            reference: None,
        }
    }
}

impl<'a> Decrypt<'a> {
    /// Bound to nothing.
    pub fn new(ciphertext: &'a str) -> Self {
        Self {
            ciphertext,
            context: None,
            associated_data: None,
        }
    }

    /// The context given to encrypt.
    #[must_use]
    pub fn context<T: AsRef<[u8]> + ?Sized>(mut self, context: &'a T) -> Self {
        self.context = Some(context.as_ref());
        self
    }

    /// The associated data given to encrypt.
    #[must_use]
    pub fn associated_data<T: AsRef<[u8]> + ?Sized>(mut self, data: &'a T) -> Self {
        self.associated_data = Some(data.as_ref());
        self
    }

    pub(crate) fn request(self) -> DecryptRequest {
        let DecryptItem {
            ciphertext,
            context,
            associated_data,
            ..
        } = self.item();
        DecryptRequest {
            ciphertext,
            context,
            associated_data,
            ..DecryptRequest::default()
        }
    }

    pub(crate) fn item(self) -> DecryptItem {
        DecryptItem {
            ciphertext: Some(self.ciphertext.to_owned()),
            context: self.context.map(base64),
            associated_data: self.associated_data.map(base64),
            reference: None,
        }
    }
}

impl<'a> Rewrap<'a> {
    /// To the latest version.
    pub fn new(ciphertext: &'a str) -> Self {
        Self {
            ciphertext,
            context: None,
            associated_data: None,
            version: None,
        }
    }

    /// The context given to encrypt.
    #[must_use]
    pub fn context<T: AsRef<[u8]> + ?Sized>(mut self, context: &'a T) -> Self {
        self.context = Some(context.as_ref());
        self
    }

    /// The associated data given to encrypt. Sealgate binds the new ciphertext to it, too; the
    /// peers ignore it, and fail.
    #[must_use]
    pub fn associated_data<T: AsRef<[u8]> + ?Sized>(mut self, data: &'a T) -> Self {
        self.associated_data = Some(data.as_ref());
        self
    }

    /// A version other than the latest.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    pub(crate) fn request(self) -> RewrapRequest {
        let RewrapItem {
            ciphertext,
            context,
            associated_data,
            key_version,
            ..
        } = self.item();
        RewrapRequest {
            ciphertext,
            context,
            associated_data,
            key_version,
            ..RewrapRequest::default()
        }
    }

    pub(crate) fn item(self) -> RewrapItem {
        RewrapItem {
            ciphertext: Some(self.ciphertext.to_owned()),
            context: self.context.map(base64),
            associated_data: self.associated_data.map(base64),
            key_version: self.version,
            reference: None,
        }
    }
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Encrypt<'a> {
    fn from(plaintext: &'a T) -> Self {
        Self::new(plaintext)
    }
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Decrypt<'a> {
    fn from(ciphertext: &'a T) -> Self {
        Self::new(ciphertext.as_ref())
    }
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Rewrap<'a> {
    fn from(ciphertext: &'a T) -> Self {
        Self::new(ciphertext.as_ref())
    }
}

impl From<CiphertextAnswer> for Encrypted {
    fn from(answer: CiphertextAnswer) -> Self {
        Self {
            ciphertext: answer.ciphertext,
            version: answer.key_version,
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_base64() {
        let item = Encrypt::new(b"hi")
            .context("c")
            .associated_data(b"\xff")
            .version(2);
        let json = serde_json::to_value(item.request()).unwrap();
        let expected = serde_json::json!({
            "plaintext": "aGk=", "context": "Yw==", "associated_data": "/w==", "key_version": 2
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn an_empty_plaintext_is_sent() {
        let json = serde_json::to_string(&Encrypt::new(b"").request()).unwrap();
        assert_eq!(json, r#"{"plaintext":""}"#);
    }
}
