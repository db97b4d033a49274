//! What is said on a connection that hyper has given up, and how it is closed so that the client
//! can still read it.

use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::limits::Refusal;

/// The answer to plain HTTP on the TLS port, in the words that users of Go servers know.
pub(super) const HTTP_TO_TLS: &str = "HTTP/1.0 400 Bad Request\r\n\
     content-type: text/plain; charset=utf-8\r\n\
     connection: close\r\n\r\n\
     Client sent an HTTP request to an HTTPS server.\n";

/// How long, and for how many bytes, a client that is still sending is listened to.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 64 << 20;

/// Writes `refusal` as an HTTP/1 answer and closes the connection.
pub(super) async fn say<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, refusal: Refusal) {
    let status = refusal.status();
    let body = refusal.body();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    if matches!(
        timeout(LINGER, stream.write_all(answer.as_bytes())).await,
        Ok(Ok(()))
    ) {
        linger(stream).await;
    }
}

/// Closes the sending side, then reads what is still under way. Closing with unread bytes would
/// make the operating system reset the connection, and the client would lose the answer.
pub(super) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let _ = timeout(LINGER, async {
        stream.shutdown().await?;
        io::copy(&mut stream.take(LINGER_BYTES), &mut io::sink()).await
    })
    .await;
}
