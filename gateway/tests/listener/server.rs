//! A server with a tiny router, and clients that speak HTTP/1 byte by byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Extension, Router};
use sealgate::config::{Lifecycle, Limits, ListenerConfig};
use sealgate::listener::{self, Certificates, PeerAddress};
use sealgate::shutdown::Shutdown;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Longer than anything here takes, so that a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Server {
    pub address: SocketAddr,
    pub shutdown: Shutdown,
    pub certificates: Option<Certificates>,
    pub held: Arc<Held>,
    task: JoinHandle<()>,
}

/// The handler of `/held`, which works until a test releases it.
#[derive(Default)]
pub struct Held {
    started: AtomicUsize,
    finished: AtomicUsize,
    release: Notify,
}

impl Held {
    async fn work(&self) -> &'static str {
        self.started.fetch_add(1, Ordering::SeqCst);
        self.release.notified().await;
        self.finished.fetch_add(1, Ordering::SeqCst);
        "done"
    }

    /// Lets one request finish.
    pub fn release(&self) {
        self.release.notify_one();
    }

    pub fn finished(&self) -> usize {
        self.finished.load(Ordering::SeqCst)
    }

    pub async fn wait_for_start(&self) {
        reached(&self.started).await;
    }

    pub async fn wait_for_finish(&self) {
        reached(&self.finished).await;
    }
}

async fn reached(count: &AtomicUsize) {
    timeout(PATIENCE, async {
        while count.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

pub fn loopback() -> ListenerConfig {
    ListenerConfig::plain_on_loopback("127.0.0.1:0".parse().unwrap()).unwrap()
}

impl Server {
    pub async fn start(limits: Limits) -> Self {
        Self::start_with(&loopback(), limits, Lifecycle::default()).await
    }

    pub async fn start_with(config: &ListenerConfig, limits: Limits, lifecycle: Lifecycle) -> Self {
        let bound = listener::bind(config).await.unwrap();
        let (address, certificates) = (bound.address(), bound.certificates());
        let (shutdown, held) = (Shutdown::new(), Arc::new(Held::default()));
        let (router, order) = (router(Arc::clone(&held)), shutdown.clone());
        let task = tokio::spawn(async move {
            bound.serve(router, &limits, lifecycle, order).await;
        });
        Self {
            address,
            shutdown,
            certificates,
            held,
            task,
        }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` and reads until the server closes.
    pub async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_ref()).await.unwrap();
        read_to_end(&mut stream).await
    }

    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until `serve` returns.
    pub async fn ended(self) {
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

fn router(held: Arc<Held>) -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/v1/sys/health", get(|| async { "healthy" }))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/ignore", post(|| async { "ignored" }))
        .route("/large", get(|| async { vec![b'x'; 1 << 20] }))
        .route(
            "/peer",
            get(|Extension(PeerAddress(peer)): Extension<PeerAddress>| async move {
                peer.to_string()
            }),
        )
        .route("/held", get(move || async move { held.work().await }))
        .route("/panic", get(|| async { if true { panic!("on purpose") } }))
        // The gate's own limit is the one that counts.
        .layer(DefaultBodyLimit::disable())
}

/// Reads until the other side closes.
pub async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads until `text` has arrived.
pub async fn read_until(stream: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, async {
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap();
            assert_ne!(
                read,
                0,
                "closed after {:?}",
                String::from_utf8_lossy(&bytes)
            );
            bytes.extend_from_slice(&chunk[..read]);
        }
    })
    .await
    .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Checks status, content type and the one error of an answer.
#[track_caller]
pub fn assert_refused(answer: &str, status: u16, sentence: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/json"), "{answer}");
    assert_eq!(body, format!("{{\"errors\":[\"{sentence}\"]}}"));
}
