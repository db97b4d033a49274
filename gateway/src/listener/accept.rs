//! The accept loop and its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use super::connection::{self, Shared};
use super::{Bound, PeerAddress, last_word};
use crate::config::{Lifecycle, Limits};
use crate::limits::Gate;
use crate::respond::Respond;
use crate::shutdown::Shutdown;

/// How long to wait before accepting again when the process is out of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long connections that were told to close may take to notice.
const CLOSE_PAUSE: Duration = Duration::from_secs(1);

/// Accepts until told to drain, then waits for what is in flight.
pub(super) async fn serve(
    bound: Bound,
    responder: impl Respond,
    limits: &Limits,
    lifecycle: Lifecycle,
    shutdown: Shutdown,
) {
    let gate = Gate::new(limits);
    let shared = Arc::new(Shared::new(
        Arc::clone(&gate),
        responder,
        limits,
        shutdown.clone(),
    ));
    let room = u32::try_from(limits.max_connections).unwrap_or(u32::MAX);
    let connections = Arc::new(Semaphore::new(room as usize));
    let acceptor = bound.tls.map(|(acceptor, _)| acceptor);

    tokio::select! {
        () = accept(&bound.socket, acceptor, &connections, shared) => {}
        () = shutdown.draining() => {}
    }
    drop(bound.socket);
    info!(timeout = ?lifecycle.drain_timeout, "draining: no new connections are accepted");

    let quiet = async {
        // Every connection holds one permit, so all permits together mean no connection.
        let _ = connections.acquire_many(room).await;
        gate.quiet().await;
    };
    if timeout(lifecycle.drain_timeout, quiet).await.is_err() {
        let left = room as usize - connections.available_permits();
        warn!(
            connections = left,
            "lifecycle.drain_timeout is over: closing what is left"
        );
        shutdown.close();
        let _ = timeout(CLOSE_PAUSE, connections.acquire_many(room)).await;
    }
}

async fn accept<R: Respond>(
    socket: &tokio::net::TcpListener,
    acceptor: Option<TlsAcceptor>,
    connections: &Arc<Semaphore>,
    shared: Arc<Shared<R>>,
) {
    loop {
        if connections.available_permits() == 0 {
            warn!("limits.max_connections is reached: further clients wait");
        }
        let Ok(permit) = Arc::clone(connections).acquire_owned().await else {
            return;
        };
        let (stream, peer) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let _permit = permit;
            // Answers are written whole; waiting to fill a segment only delays them.
            let _ = stream.set_nodelay(true);
            match acceptor {
                None => connection::serve(stream, PeerAddress(peer), &shared).await,
                Some(acceptor) => {
                    let opened = tokio::select! {
                        opened = handshake(acceptor, stream, shared.limits()) => opened,
                        () = shared.shutdown().closing() => return,
                    };
                    match opened {
                        Ok(stream) => {
                            connection::serve(stream, PeerAddress(peer), &shared).await;
                        }
                        Err(error) => debug!(%peer, %error, "no TLS connection"),
                    }
                }
            }
        });
    }
}

type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

/// Completes the TLS handshake within its limit.
async fn handshake(
    acceptor: TlsAcceptor,
    mut stream: TcpStream,
    limits: &Limits,
) -> std::io::Result<TlsStream> {
    let opened = timeout(limits.tls_handshake_timeout, async {
        let mut first = [0];
        stream.peek(&mut first).await?;
        // A TLS record begins with its content type, 22 for a handshake (RFC 8446, 5.1); an
        // HTTP/1 request begins with a method.
        if first[0].is_ascii_uppercase() {
            let _ = stream.write_all(last_word::HTTP_TO_TLS.as_bytes()).await;
            last_word::linger(stream).await;
            return Err(std::io::Error::other(
                "an HTTP request came to the TLS port",
            ));
        }
        acceptor.accept(stream).await
    });
    opened.await.unwrap_or_else(|_| {
        Err(std::io::Error::other(
            "limits.tls_handshake_timeout is over",
        ))
    })
}
