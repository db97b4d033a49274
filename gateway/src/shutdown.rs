//! The order to stop, from whoever gives it to whoever must obey.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

/// How far the server is on its way down. It only ever goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Draining,
    Closing,
}

/// The order to stop. Clones share it.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<Phase>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// An order nobody has given yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Serving)))
    }

    /// Accept no more connections and finish the requests in flight.
    pub fn drain(&self) {
        self.advance(Phase::Draining);
    }

    /// Close what is left at once.
    pub fn close(&self) {
        self.advance(Phase::Closing);
    }

    /// Whether the server is on its way down. Readiness is false from then on.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Waits for the order to drain.
    pub async fn draining(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits for the order to close.
    pub async fn closing(&self) {
        self.reached(Phase::Closing).await;
    }

    /// Lets SIGTERM and SIGINT give the order: the first to drain, the second to close.
    ///
    /// # Errors
    /// The operating system does not let us handle the signals.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            let mut next = async || {
                tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                }
            };
            let first = next().await;
            info!(signal = first, "finishing the requests in flight");
            shutdown.drain();
            let second = next().await;
            warn!(signal = second, "closing at once");
            shutdown.close();
        });
        Ok(())
    }

    fn advance(&self, phase: Phase) {
        self.0.send_modify(|current| *current = phase.max(*current));
    }

    async fn reached(&self, phase: Phase) {
        // An error would mean that the sender is gone; we hold it.
        let _ = self
            .0
            .subscribe()
            .wait_for(|current| *current >= phase)
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn phases_only_go_forward() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_draining());
        shutdown.close();
        shutdown.drain();
        shutdown.draining().await;
        shutdown.closing().await;
        assert!(shutdown.is_draining());
    }
}
