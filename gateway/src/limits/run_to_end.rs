//! Work that is not cut short when nobody waits for it any more.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that, when dropped before its end, goes on as a task of its own.
///
/// Dropping a future stops it at any of its waits: a client that disconnects between a commit
/// and its audit record would leave an effect nobody has a record of.
pub(super) struct RunToEnd<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> RunToEnd<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for RunToEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let work = self
            .0
            .as_mut()
            .expect("a future is not polled after its end");
        let result = work.as_mut().poll(cx);
        if result.is_ready() {
            self.0 = None;
        }
        result
    }
}

impl<T: Send + 'static> Drop for RunToEnd<T> {
    fn drop(&mut self) {
        let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

    #[tokio::test]
    async fn dropped_work_ends_all_the_same() {
        let (done, was_done) = oneshot::channel();
        let work = RunToEnd::new(async {
            sleep(Duration::from_millis(5)).await;
            let _ = done.send(());
        });
        timeout(Duration::from_millis(1), work).await.unwrap_err();
        was_done.await.unwrap();
    }
}
