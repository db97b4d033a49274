//! Clients and handlers that take their time.

use std::time::{Duration, Instant};

use sealgate::config::Limits;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::server::{Server, assert_refused, read_to_end, read_until};

fn impatient() -> Limits {
    Limits {
        request_timeout: Duration::from_millis(60),
        header_timeout: Duration::from_millis(80),
        idle_timeout: Duration::from_millis(120),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_head_that_trickles_in_is_408() {
    let server = Server::start(impatient()).await;
    let mut stream = server.connect().await;
    let start = Instant::now();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let (mut read, mut write) = stream.split();
    let trickle = async {
        while write.write_all(b"x: y\r\n").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let answer = tokio::select! {
        answer = read_until(&mut read, "}") => answer,
        () = trickle => panic!("closed without an answer"),
    };
    let sentence = "the request head did not arrive within 80ms (limits.header_timeout)";
    assert_refused(&answer, 408, sentence);
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn the_second_head_of_a_connection_is_timed_too() {
    let server = Server::start(impatient()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut stream, "hello").await;
    sleep(Duration::from_millis(10)).await;
    stream.write_all(b"GET / HT").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn silent_connections_are_closed_without_a_word() {
    let server = Server::start(impatient()).await;
    let mut silent = server.connect().await;
    assert_eq!(read_to_end(&mut silent).await, "");
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut idle, "hello").await;
    let since = Instant::now();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(since.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_let_go() {
    let server = Server::start(Limits {
        max_connections: 1,
        ..impatient()
    })
    .await;
    let mut deaf = server.connect().await;
    for _ in 0..64 {
        let _ = deaf
            .write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
            .await;
    }
    // The only place is free again, without the first client having closed.
    let answer = server
        .exchange("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert!(answer.ends_with("hello"), "{answer}");
    drop(deaf);
}

#[tokio::test]
async fn a_half_sent_body_is_408() {
    let server = Server::start(impatient()).await;
    let sentence = "the request body did not arrive within 60ms (limits.request_timeout)";
    let half = "POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    assert_refused(&server.exchange(half).await, 408, sentence);
    let chunked = "POST /length HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nha";
    assert_refused(&server.exchange(chunked).await, 408, sentence);
}

#[tokio::test]
async fn a_slow_handler_is_503_and_runs_to_its_end() {
    let server = Server::start(impatient()).await;
    let request = "GET /held HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let sentence = "there was no answer within 60ms (limits.request_timeout); \
                    the request may still take effect";
    assert_refused(&server.exchange(request).await, 503, sentence);
    server.held.release();
    server.held.wait_for_finish().await;
}

#[tokio::test]
async fn a_handler_runs_to_its_end_when_its_client_leaves() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /held HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.held.wait_for_start().await;
    drop(stream);
    sleep(Duration::from_millis(20)).await;
    server.held.release();
    server.held.wait_for_finish().await;
}
