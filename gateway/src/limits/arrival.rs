//! A request body that is counted and timed while it arrives.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::refusal::Refusal;
use crate::config::Limits;

/// How the body of one request is arriving.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrival(Arc<State>);

#[derive(Debug, Default)]
struct State {
    refusal: OnceLock<Refusal>,
    complete: AtomicBool,
}

impl Arrival {
    /// Bounds the body of `request`. A body that breaks a bound fails when it is read, and
    /// whatever the reader makes of that, [`Arrival::refusal`] has the reason.
    pub(super) fn watch(request: Request, limits: &Limits, deadline: Instant) -> (Request, Self) {
        let arrival = Self::default();
        if request.body().is_end_stream() {
            arrival.0.complete.store(true, Ordering::Relaxed);
            return (request, arrival);
        }
        let request = request.map(|inner| {
            Body::new(Watched {
                inner,
                limits: limits.clone(),
                left: limits.max_body_bytes,
                deadline,
                timer: None,
                arrival: arrival.clone(),
            })
        });
        (request, arrival)
    }

    /// The bound that was broken.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.0.refusal.get().copied()
    }

    /// Whether all of the body has arrived.
    pub(super) fn is_complete(&self) -> bool {
        self.0.complete.load(Ordering::Relaxed)
    }
}

struct Watched {
    inner: Body,
    limits: Limits,
    left: usize,
    deadline: Instant,
    /// Set once the body makes us wait; most bodies never do.
    timer: Option<Pin<Box<Sleep>>>,
    arrival: Arrival,
}

type BodyFrame = Option<Result<Frame<Bytes>, axum::Error>>;

impl Watched {
    fn refuse(&self, refusal: Refusal) -> Poll<BodyFrame> {
        // The first reason stays: what follows is its consequence.
        let _ = self.arrival.0.refusal.set(refusal);
        Poll::Ready(Some(Err(axum::Error::new(refusal))))
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BodyFrame> {
        if let Some(refusal) = self.arrival.refusal() {
            return self.refuse(refusal);
        }
        let arrived = match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(arrived) => arrived,
            Poll::Pending => {
                let deadline = self.deadline;
                let timer = self
                    .timer
                    .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                return match timer.as_mut().poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => self.refuse(Refusal::BodyTooSlow {
                        limit: self.limits.request_timeout,
                    }),
                };
            }
        };
        match arrived {
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                match self.left.checked_sub(size) {
                    Some(left) => self.left = left,
                    None => {
                        let limit = self.limits.max_body_bytes;
                        return self.refuse(Refusal::BodyTooLarge { limit });
                    }
                }
                if self.inner.is_end_stream() {
                    self.arrival.0.complete.store(true, Ordering::Relaxed);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(_)) => self.refuse(Refusal::BodyBroken),
            None => {
                self.arrival.0.complete.store(true, Ordering::Relaxed);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
