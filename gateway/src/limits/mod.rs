//! The gate every request passes before it is answered: size, time and number.

mod arrival;
mod refusal;
mod run_to_end;

pub use refusal::Refusal;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderValue, Version, header};
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tracing::error;

use crate::config::Limits;
use crate::respond::Respond;
use arrival::Arrival;
use run_to_end::RunToEnd;

/// Answered even when the server is busy, so that a probe does not restart it for that.
const ALWAYS_ADMITTED: &str = "/v1/sys/health";

/// Enforces [`Limits`] around a [`Respond`]er.
///
/// A request whose handler has begun is never cut short: when its client leaves or its time is
/// over, the handler runs on by itself, so that an effect is never left without its audit record.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    capacity: u32,
    room: Arc<Semaphore>,
}

impl Gate {
    /// A gate with nobody inside.
    pub fn new(limits: &Limits) -> Arc<Self> {
        let capacity = u32::try_from(limits.max_concurrent_requests).unwrap_or(u32::MAX);
        let room = Arc::new(Semaphore::new(capacity as usize));
        Arc::new(Self {
            limits: limits.clone(),
            capacity,
            room,
        })
    }

    /// Answers a request, or refuses it.
    pub async fn pass(&self, request: Request, responder: &impl Respond) -> Response {
        let version = request.version();
        let admitted = self.admit(request, responder).await;
        admitted.unwrap_or_else(|refusal| {
            let mut response = refusal.into_response();
            if refusal.leaves_body_unread() && version <= Version::HTTP_11 {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            response
        })
    }

    /// Waits until no handler is running, those included that run on without a client.
    pub async fn quiet(&self) {
        // An error would mean that the semaphore was closed, and nobody does that.
        let _ = self.room.acquire_many(self.capacity).await;
    }

    /// What is wrong with a request before a byte of its body was read.
    fn inspect(&self, request: &Request) -> Result<(), Refusal> {
        let uri = request.uri();
        let target = uri
            .path_and_query()
            .map_or(0, |target| target.as_str().len());
        if target > self.limits.max_uri_bytes {
            return Err(Refusal::UriTooLong {
                limit: self.limits.max_uri_bytes,
            });
        }
        // As HTTP/1 writes them: "GET /path HTTP/1.1" and "name: value", each with CR LF.
        let line = request.method().as_str().len() + target + "  HTTP/1.1\r\n".len();
        let fields = request.headers().iter();
        let head: usize = fields
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if line + head > self.limits.max_header_bytes {
            return Err(Refusal::HeadTooLarge {
                limit: self.limits.max_header_bytes,
            });
        }
        if request.body().size_hint().lower() > self.limits.max_body_bytes as u64 {
            return Err(Refusal::BodyTooLarge {
                limit: self.limits.max_body_bytes,
            });
        }
        Ok(())
    }

    fn permit(&self, path: &str) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        if path == ALWAYS_ADMITTED {
            return Ok(None);
        }
        let limit = self.limits.max_concurrent_requests;
        match Arc::clone(&self.room).try_acquire_owned() {
            Ok(permit) => Ok(Some(permit)),
            Err(_) => Err(Refusal::Busy { limit }),
        }
    }

    async fn admit(&self, request: Request, responder: &impl Respond) -> Result<Response, Refusal> {
        self.inspect(&request)?;
        let permit = self.permit(request.uri().path())?;
        let deadline = Instant::now() + self.limits.request_timeout;
        let (request, arrival) = Arrival::watch(request, &self.limits, deadline);
        let responder = responder.clone();
        let work = RunToEnd::new(async move {
            let response = AssertUnwindSafe(responder.respond(request));
            let response = response.catch_unwind().await;
            drop(permit);
            response.unwrap_or_else(|_| {
                error!("a handler panicked; this is a bug");
                Refusal::Internal.into_response()
            })
        });
        let finished = timeout_at(deadline, work).await;
        if let Some(refusal) = arrival.refusal() {
            return Err(refusal);
        }
        let limit = self.limits.request_timeout;
        finished.map_err(|_| match arrival.is_complete() {
            true => Refusal::AnswerTooSlow { limit },
            false => Refusal::BodyTooSlow { limit },
        })
    }
}
