//! Requests and answers over HTTP. The only file that knows about headers and methods.

use std::fmt;
use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use sealgate_wire::{Envelope, Errors};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::path::ApiPath;

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
    address: Arc<str>,
    token: Option<HeaderValue>,
    answer_limit: usize,
}

impl Http {
    pub fn new(
        client: reqwest::Client,
        base: Url,
        address: String,
        token: Option<HeaderValue>,
        answer_limit: usize,
    ) -> Self {
        Self {
            client,
            base,
            address: address.into(),
            token,
            answer_limit,
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub async fn get(&self, path: &ApiPath) -> Result<Answer, Error> {
        self.send(self.client.get(path.url(&self.base))).await
    }

    /// `query` must need no escaping.
    pub async fn get_with(&self, path: &ApiPath, query: &'static str) -> Result<Answer, Error> {
        let mut url = path.url(&self.base);
        url.set_query(Some(query));
        self.send(self.client.get(url)).await
    }

    pub async fn post(&self, path: &ApiPath, body: &impl Serialize) -> Result<Answer, Error> {
        let body = serde_json::to_vec(body).expect("messages are structs with text keys");
        let request = self.client.request(Method::POST, path.url(&self.base));
        self.send(request.header(CONTENT_TYPE, JSON).body(body))
            .await
    }

    pub async fn delete(&self, path: &ApiPath) -> Result<Answer, Error> {
        self.send(self.client.delete(path.url(&self.base))).await
    }

    async fn send(&self, mut request: RequestBuilder) -> Result<Answer, Error> {
        if let Some(token) = &self.token {
            request = request.header(TOKEN, token.clone());
        }
        let broken = |error| Error::from_transport(error, &self.address);
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        let body = self.read(&mut response).await?;
        Ok(Answer { status, body })
    }

    async fn read(&self, response: &mut Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        let broken = |error| Error::from_transport(error, &self.address);
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > self.answer_limit {
                let limit = self.answer_limit;
                return Err(Error::Answer(format!("it is longer than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A status and the bytes that came with it.
pub(crate) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// The data of an envelope.
    pub fn data<T: DeserializeOwned>(self) -> Result<T, Error> {
        let envelope: Envelope<T> = self.bare()?;
        envelope
            .data
            .ok_or_else(|| Error::Answer("it has no data".to_owned()))
    }

    /// The results of a batch. They also come with an error status, if no item worked.
    pub fn results<T: DeserializeOwned>(mut self) -> Result<T, Error> {
        if self.status == StatusCode::BAD_REQUEST
            && serde_json::from_slice::<Errors>(&self.body).is_err()
        {
            self.status = StatusCode::OK;
        }
        self.data()
    }

    /// A message without an envelope, as `sys/` answers.
    pub fn bare<T: DeserializeOwned>(self) -> Result<T, Error> {
        let body = self.accepted()?;
        // Serde's message can quote the value that it did not expect, so only the place is told.
        serde_json::from_slice(&body).map_err(|error| {
            Error::Answer(format!(
                "not the expected JSON at column {}",
                error.column()
            ))
        })
    }

    /// Success is all there is to know.
    pub fn done(self) -> Result<(), Error> {
        self.accepted().map(drop)
    }

    fn accepted(self) -> Result<Vec<u8>, Error> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let errors = match serde_json::from_slice::<Errors>(&self.body) {
            Ok(Errors { errors }) => errors,
            Err(_) => self
                .status
                .canonical_reason()
                .map(str::to_owned)
                .into_iter()
                .collect(),
        };
        Err(Error::Refused {
            status: self.status.as_u16(),
            errors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_refusal_keeps_the_servers_words() {
        let refused = answer(400, r#"{"errors":["no"]}"#).done().unwrap_err();
        assert_eq!(refused.to_string(), "the server answered 400: no");
        let refused = answer(502, "<html>").done().unwrap_err();
        assert_eq!(refused.to_string(), "the server answered 502: Bad Gateway");
    }

    #[test]
    fn results_survive_a_400() {
        let body = r#"{"data":[1,2]}"#;
        assert_eq!(answer(400, body).results::<Vec<u8>>().unwrap(), [1, 2]);
        assert!(
            answer(400, r#"{"errors":[]}"#)
                .results::<Vec<u8>>()
                .is_err()
        );
        assert!(answer(500, body).results::<Vec<u8>>().is_err());
    }

    #[test]
    fn what_is_no_answer_is_told_without_quoting_it() {
        for body in [
            "",
            "{}",
            "<html>",
            r#"{"data":"s.secret"}"#,
            r#"{"data":null}"#,
        ] {
            let error = answer(200, body).data::<u32>().unwrap_err();
            assert!(matches!(error, Error::Answer(_)), "{body}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
