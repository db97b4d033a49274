//! One HTTP/1.1 connection and the request it repeats.

use std::{net::SocketAddr, time::Instant};

use base64_simd::STANDARD;
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server is not there, or went away.
    #[error("no connection to the server: {0}")]
    Connect(#[from] std::io::Error),
    /// The server broke the connection.
    #[error("the connection broke: {0}")]
    Http(#[from] hyper::Error),
    /// The server refused.
    #[error("the server answered {status}: {body}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Its body.
        body: String,
    },
    /// A ciphertext did not decrypt to what was encrypted.
    #[error("a ciphertext decrypted to something else: {0}")]
    Wrong(String),
    /// A worker panicked.
    #[error("a worker ended early")]
    Worker,
}

/// The request that every connection repeats.
#[derive(Clone)]
pub struct Work {
    path: String,
    token: String,
    plaintext: String,
    body: Bytes,
}

impl Work {
    /// Encrypts `payload` bytes, `batch` times in one request.
    pub fn new(path: &str, token: &str, payload: usize, batch: usize) -> Self {
        let plaintext = STANDARD.encode_to_string(vec![b'x'; payload]);
        let item = json!({ "plaintext": plaintext });
        let body = if batch > 1 {
            json!({ "batch_input": vec![item; batch] })
        } else {
            item
        };
        let (path, token) = (format!("/v1/{path}"), token.to_owned());
        Self {
            path,
            token,
            plaintext,
            body: body.to_string().into(),
        }
    }
}

/// One connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self {
            sender,
            host: address.to_string(),
        })
    }

    /// Repeats the request until `ends`; latencies in microseconds count from `measured_from` on.
    pub async fn repeat(
        &mut self,
        work: &Work,
        measured_from: Instant,
        ends: Instant,
    ) -> Result<Histogram<u64>, Failure> {
        let mut latencies = Histogram::new(3).expect("three digits are allowed");
        loop {
            let sent = Instant::now();
            if sent >= ends {
                return Ok(latencies);
            }
            self.send(&work.path, &work.token, work.body.clone())
                .await?;
            if sent >= measured_from {
                let micros = sent.elapsed().as_micros();
                latencies.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX));
            }
        }
    }

    /// Sends the request once, decrypts what comes back and compares.
    pub async fn check(&mut self, work: &Work) -> Result<(), Failure> {
        let answer = self
            .send(&work.path, &work.token, work.body.clone())
            .await?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let results = match answer["data"]["batch_results"].as_array() {
            Some(results) => results.clone(),
            None => vec![answer["data"].clone()],
        };
        let decrypt = work.path.replacen("/encrypt/", "/decrypt/", 1);
        for result in results {
            let body = json!({ "ciphertext": result["ciphertext"] }).to_string();
            let answer = self.send(&decrypt, &work.token, body.into()).await?;
            let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
            if answer["data"]["plaintext"] != work.plaintext.as_str() {
                return Err(Failure::Wrong(result.to_string()));
            }
        }
        Ok(())
    }

    async fn send(&mut self, path: &str, token: &str, body: Bytes) -> Result<Bytes, Failure> {
        self.sender.ready().await?;
        let request = Request::post(path)
            .header("host", &*self.host)
            .header("x-vault-token", token)
            .body(Full::new(body))
            .map_err(|error| Failure::Wrong(error.to_string()))?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(Failure::Refused { status, body });
        }
        Ok(body)
    }
}
