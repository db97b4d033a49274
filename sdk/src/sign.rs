//! Signatures and MACs, with the algorithm that is the server's default for the key's type.

use sealgate_wire::transit::{
    CmacAnswer, HmacAnswer, SignAnswer, SignRequest, VerifyAnswer, VerifyRequest,
};

use crate::{Error, Transit};

/// A message to sign, to authenticate, or to verify.
#[derive(Clone, Copy, Debug)]
pub struct Sign<'a> {
    message: &'a [u8],
    context: Option<&'a [u8]>,
    version: Option<u32>,
}

impl<'a> Sign<'a> {
    /// With the latest version.
    pub fn new<T: AsRef<[u8]> + ?Sized>(message: &'a T) -> Self {
        Self {
            message: message.as_ref(),
            context: None,
            version: None,
        }
    }

    /// Names the derived key to use.
    #[must_use]
    pub fn context<T: AsRef<[u8]> + ?Sized>(mut self, context: &'a T) -> Self {
        self.context = Some(context.as_ref());
        self
    }

    /// A version other than the latest. Verifying takes it from the signature.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    fn request(self) -> SignRequest {
        SignRequest {
            input: Some(base64(self.message)),
            context: self.context.map(base64),
            key_version: self.version,
        }
    }

    fn verification(self) -> VerifyRequest {
        VerifyRequest {
            input: Some(base64(self.message)),
            context: self.context.map(base64),
            ..VerifyRequest::default()
        }
    }
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Sign<'a> {
    fn from(message: &'a T) -> Self {
        Self::new(message)
    }
}

impl Transit {
    /// Signs a message: `vault:v<N>:<base64>`.
    pub async fn sign<'a>(&self, key: &str, message: impl Into<Sign<'a>>) -> Result<String, Error> {
        let path = self.of_key("sign", key)?;
        let answer = self.http().post(&path, &message.into().request()).await?;
        answer
            .data::<SignAnswer>()
            .map(|SignAnswer { signature }| signature)
    }

    /// The HMAC of a message: `vault:v<N>:<base64>`.
    pub async fn hmac<'a>(&self, key: &str, message: impl Into<Sign<'a>>) -> Result<String, Error> {
        let path = self.of_key("hmac", key)?;
        let answer = self.http().post(&path, &message.into().request()).await?;
        answer.data::<HmacAnswer>().map(|HmacAnswer { hmac }| hmac)
    }

    /// The CMAC of a message, 16 bytes long: `vault:v<N>:<base64>`.
    pub async fn cmac<'a>(&self, key: &str, message: impl Into<Sign<'a>>) -> Result<String, Error> {
        let path = self.of_key("cmac", key)?;
        let answer = self.http().post(&path, &message.into().request()).await?;
        answer.data::<CmacAnswer>().map(|CmacAnswer { cmac }| cmac)
    }

    /// Whether [`sign`](Self::sign) made `signature` of this message, with this key.
    pub async fn verify<'a>(
        &self,
        key: &str,
        message: impl Into<Sign<'a>>,
        signature: &str,
    ) -> Result<bool, Error> {
        let request = VerifyRequest {
            signature: Some(signature.to_owned()),
            ..message.into().verification()
        };
        self.is_valid(key, &request).await
    }

    /// Whether [`hmac`](Self::hmac) made `hmac` of this message, with this key.
    pub async fn verify_hmac<'a>(
        &self,
        key: &str,
        message: impl Into<Sign<'a>>,
        hmac: &str,
    ) -> Result<bool, Error> {
        let request = VerifyRequest {
            hmac: Some(hmac.to_owned()),
            ..message.into().verification()
        };
        self.is_valid(key, &request).await
    }

    /// Whether [`cmac`](Self::cmac) made `cmac` of this message, with this key.
    pub async fn verify_cmac<'a>(
        &self,
        key: &str,
        message: impl Into<Sign<'a>>,
        cmac: &str,
    ) -> Result<bool, Error> {
        let request = VerifyRequest {
            cmac: Some(cmac.to_owned()),
            ..message.into().verification()
        };
        self.is_valid(key, &request).await
    }

    async fn is_valid(&self, key: &str, request: &VerifyRequest) -> Result<bool, Error> {
        let path = self.of_key("verify", key)?;
        let answer = self.http().post(&path, request).await?;
        answer
            .data::<VerifyAnswer>()
            .map(|VerifyAnswer { valid }| valid)
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
        let message = Sign::new(b"hi").context("c").version(2);
        assert_eq!(
            serde_json::to_value(message.request()).unwrap(),
            serde_json::json!({"input": "aGk=", "context": "Yw==", "key_version": 2})
        );
        assert_eq!(
            serde_json::to_value(message.verification()).unwrap(),
            serde_json::json!({"input": "aGk=", "context": "Yw=="})
        );
    }
}
