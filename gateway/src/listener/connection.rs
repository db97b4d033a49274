//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Request;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;
use tracing::debug;

use super::PeerAddress;
use super::activity::{Activity, Expiry};
use super::last_word;
use super::wire::{SharedActivity, Wire};
use crate::config::Limits;
use crate::limits::{Gate, Refusal};
use crate::respond::Respond;
use crate::shutdown::Shutdown;

/// Streams of one HTTP/2 connection that may be open at once.
const MAX_STREAMS: u32 = 128;

/// What all connections of a listener share.
pub(super) struct Shared<R> {
    gate: Arc<Gate>,
    responder: R,
    limits: Limits,
    http: auto::Builder<TokioExecutor>,
    shutdown: Shutdown,
}

impl<R: Respond> Shared<R> {
    pub(super) fn new(gate: Arc<Gate>, responder: R, limits: &Limits, shutdown: Shutdown) -> Self {
        // hyper's own bounds lie above ours, so that ours are met first and say what they are.
        let above = limits.max_header_bytes.saturating_mul(2);
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(above.max(512 << 10));
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(u32::try_from(above).unwrap_or(u32::MAX));
        Self {
            gate,
            responder,
            limits: limits.clone(),
            http,
            shutdown,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }
}

/// How a connection came to its end.
enum End {
    /// hyper is done with it, well or not.
    Done(Result<(), Box<dyn std::error::Error + Send + Sync>>),
    /// The client was too slow.
    Expired(Expiry),
    /// The server closes all that is left.
    Closing,
}

/// Serves requests until either side closes.
pub(super) async fn serve<S, R: Respond>(stream: S, peer: PeerAddress, shared: &Arc<Shared<R>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = SharedActivity::new(Activity::new(&shared.limits, Instant::now()));
    let (wire, mut returned) = Wire::lend(stream, activity.clone());
    let service = service_fn(|request: Request<Incoming>| {
        let in_flight = InFlight::begin(&activity);
        let mut request = request.map(|incoming| {
            Body::new(Arriving {
                incoming,
                ended: false,
                activity: activity.clone(),
            })
        });
        request.extensions_mut().insert(peer);
        let shared = Arc::clone(shared);
        async move {
            let response = shared.gate.pass(request, &shared.responder).await;
            drop(in_flight);
            Ok::<Response, Infallible>(response)
        }
    });
    let end = {
        let mut connection = pin!(shared.http.serve_connection(TokioIo::new(wire), service));
        let mut timer = pin!(tokio::time::sleep(shared.limits.header_timeout));
        let mut draining = pin!(shared.shutdown.draining());
        let mut drains = false;
        let mut closing = pin!(shared.shutdown.closing());
        loop {
            tokio::select! {
                biased;
                end = poll_fn(|cx| {
                    if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                        return Poll::Ready(End::Done(result));
                    }
                    poll_expiry(&activity, timer.as_mut(), cx).map(End::Expired)
                }) => break end,
                () = &mut closing => break End::Closing,
                () = &mut draining, if !drains => {
                    connection.as_mut().graceful_shutdown();
                    drains = true;
                }
            }
        }
    };

    let last_word = match &end {
        End::Expired(Expiry::Head) => Some(Refusal::HeadTooSlow {
            limit: shared.limits.header_timeout,
        }),
        _ => activity.lock().last_word(),
    };
    let unread = activity.lock().has_unread_body();
    if let End::Done(Err(error)) = &end {
        debug!(peer = %peer.0, %error, "connection ended with an error");
    }
    let Ok(stream) = returned.try_recv() else {
        return;
    };
    match (end, last_word) {
        (End::Closing, _) => {}
        (_, Some(refusal)) => last_word::say(stream, refusal).await,
        (_, None) if unread => last_word::linger(stream).await,
        (_, None) => {}
    }
}

/// Ready when the connection's deadline has passed. Deadlines mostly move later, so the timer is
/// set again only when it fires or when one moves earlier.
fn poll_expiry(
    activity: &SharedActivity,
    mut timer: Pin<&mut Sleep>,
    cx: &mut Context<'_>,
) -> Poll<Expiry> {
    loop {
        let Some((deadline, expiry)) = activity.lock().deadline() else {
            return Poll::Pending;
        };
        if timer.is_elapsed() || timer.deadline().into_std() > deadline {
            timer.as_mut().reset(deadline.into());
        }
        ready!(timer.as_mut().poll(cx));
        if Instant::now() >= deadline {
            return Poll::Ready(expiry);
        }
    }
}

/// Tells the connection's [`Activity`] that a request is being worked on, for as long as it lives.
struct InFlight(SharedActivity);

impl InFlight {
    fn begin(activity: &SharedActivity) -> Self {
        activity.lock().request_began();
        Self(activity.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().request_ended(Instant::now());
    }
}

/// A request's body that notes when it is given up before its end.
struct Arriving {
    incoming: Incoming,
    ended: bool,
    activity: SharedActivity,
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.ended && !self.incoming.is_end_stream() {
            self.activity.lock().body_abandoned();
        }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        self.ended = frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
