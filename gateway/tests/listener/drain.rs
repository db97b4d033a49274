//! Stopping without cutting anybody short.

use std::time::Duration;

use sealgate::config::{Lifecycle, Limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::server::{Server, loopback, read_to_end, read_until};

const HELD_REQUEST: &[u8] = b"GET /held HTTP/1.1\r\nhost: x\r\n\r\n";

async fn server(drain_timeout: Duration) -> Server {
    Server::start_with(&loopback(), Limits::default(), Lifecycle { drain_timeout }).await
}

#[tokio::test]
async fn requests_in_flight_finish_and_nobody_new_gets_in() {
    let server = server(Duration::from_secs(5)).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut idle, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(HELD_REQUEST).await.unwrap();
    server.held.wait_for_start().await;

    server.shutdown.drain();
    assert_eq!(
        read_to_end(&mut idle).await,
        "",
        "an idle connection is closed at once"
    );
    TcpStream::connect(server.address).await.unwrap_err();
    server.held.release();
    assert!(read_to_end(&mut busy).await.ends_with("done"));
    server.ended().await;
}

#[tokio::test]
async fn a_request_without_a_client_is_waited_for() {
    let server = server(Duration::from_secs(5)).await;
    let mut stream = server.connect().await;
    stream.write_all(HELD_REQUEST).await.unwrap();
    server.held.wait_for_start().await;
    drop(stream);
    server.shutdown.drain();
    sleep(Duration::from_millis(30)).await;
    assert!(!server.has_ended());
    let held = server.held.clone();
    held.release();
    server.ended().await;
    assert_eq!(held.finished(), 1);
}

#[tokio::test]
async fn the_drain_timeout_ends_the_waiting() {
    let server = server(Duration::from_millis(20)).await;
    let mut busy = server.connect().await;
    busy.write_all(HELD_REQUEST).await.unwrap();
    server.held.wait_for_start().await;
    server.shutdown.drain();
    assert_eq!(read_to_end(&mut busy).await, "");
    server.ended().await;
}

#[tokio::test]
async fn a_second_order_closes_at_once() {
    let server = server(Duration::from_secs(5)).await;
    let mut half = server.connect().await;
    half.write_all(b"GET / HT").await.unwrap();
    sleep(Duration::from_millis(20)).await;
    server.shutdown.drain();
    server.shutdown.close();
    assert_eq!(read_to_end(&mut half).await, "");
    server.ended().await;
}
