//! The byte stream under hyper. It reports what moves to the connection's [`Activity`], and it
//! comes back when hyper is done with it, so that a client can be told why.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use super::activity::Activity;

/// A connection's [`Activity`], shared by its stream, its requests and its timer.
#[derive(Clone)]
pub(super) struct SharedActivity(Arc<Mutex<Activity>>);

impl SharedActivity {
    pub(super) fn new(activity: Activity) -> Self {
        Self(Arc::new(Mutex::new(activity)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Activity> {
        // Nothing is called while the lock is held that could leave the state half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream lent to hyper.
pub(super) struct Wire<S> {
    /// Always there until `drop`.
    stream: Option<S>,
    owner: Option<oneshot::Sender<S>>,
    activity: SharedActivity,
}

impl<S> Wire<S> {
    /// Lends `stream`; the receiver yields it when the borrower drops it.
    pub(super) fn lend(stream: S, activity: SharedActivity) -> (Self, oneshot::Receiver<S>) {
        let (owner, returned) = oneshot::channel();
        (
            Self {
                stream: Some(stream),
                owner: Some(owner),
                activity,
            },
            returned,
        )
    }
}

impl<S: Unpin> Wire<S> {
    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(self.stream.as_mut().expect("taken only in drop"))
    }
}

impl<S> Drop for Wire<S> {
    fn drop(&mut self) {
        if let (Some(stream), Some(owner)) = (self.stream.take(), self.owner.take()) {
            let _ = owner.send(stream);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.activity.lock().may_read() {
            return Poll::Ready(Err(io::Error::other("the request head is too large")));
        }
        let before = buf.filled().len();
        ready!(self.stream().poll_read(cx, buf))?;
        self.activity
            .lock()
            .received(&buf.filled()[before..], Instant::now());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.activity.lock().withholds(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(self.stream().poll_write(cx, buf))?;
        self.activity.lock().sent(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
        let written = ready!(self.stream().poll_write_vectored(cx, bufs))?;
        self.activity.lock().sent(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(S::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.activity.lock().last_word().is_some() {
            return Poll::Ready(Ok(()));
        }
        self.stream().poll_shutdown(cx)
    }
}
