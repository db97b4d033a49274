//! From the socket to what answers: accepting, TLS, slow and broken clients, draining.
//!
//! ```text
//! accept ── tls ── connection ──────────── limits::Gate ── Respond
//!  bounded          Wire + Activity: who is late, and
//!  connections      what is said to a client hyper gives up on
//! ```

mod accept;
mod activity;
mod connection;
mod error;
mod last_word;
mod tls;
mod wire;

pub use error::ListenError;
pub use tls::Certificates;

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::config::{Lifecycle, Limits, ListenerConfig, Transport};
use crate::respond::Respond;
use crate::shutdown::Shutdown;

/// The address a request came from; every request carries it as an extension. It is the other
/// end of the TCP connection, which may be a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// A socket that listens, with its certificate loaded, before anything is served.
pub struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<(TlsAcceptor, Certificates)>,
}

/// Loads the certificate, then takes the address.
///
/// # Errors
/// The certificate or key cannot be used, or the address is not free.
pub async fn bind(config: &ListenerConfig) -> Result<Bound, ListenError> {
    let tls = match config.transport() {
        Transport::Tls(files) => Some(tls::acceptor(files)?),
        Transport::Plain => None,
    };
    let taken = |source| ListenError::Address {
        address: config.address(),
        source,
    };
    let socket = TcpListener::bind(config.address()).await.map_err(taken)?;
    let address = socket.local_addr().map_err(taken)?;
    Ok(Bound {
        socket,
        address,
        tls,
    })
}

impl Bound {
    /// The address that was taken, with the port the operating system chose for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients connect to, as a URL without a path.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The handle through which certificates are reloaded; `None` for plain HTTP.
    pub fn certificates(&self) -> Option<Certificates> {
        self.tls
            .as_ref()
            .map(|(_, certificates)| certificates.clone())
    }

    /// Serves `responder` until `shutdown` is told to drain and the requests in flight are done or
    /// `lifecycle.drain_timeout` is over.
    pub async fn serve(
        self,
        responder: impl Respond,
        limits: &Limits,
        lifecycle: Lifecycle,
        shutdown: Shutdown,
    ) {
        accept::serve(self, responder, limits, lifecycle, shutdown).await;
    }
}
