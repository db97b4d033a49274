//! Servers that misbehave, and none at all.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use sealgate_sdk::{Client, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that reads a little, says `answer` and hangs up. Or stays silent, if there is none.
async fn server(answer: Option<Vec<u8>>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = connection.read(&mut request).await;
                match answer {
                    Some(answer) => drop(connection.write_all(&answer).await),
                    None => std::future::pending().await,
                }
            });
        }
    });
    Client::builder()
        .address(address)
        .timeout(Duration::from_secs(1))
        .answer_limit(1024)
        .token("s.secret".to_owned())
        .build()
        .unwrap()
}

fn ok(body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    Some(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes())
}

async fn decrypt(client: &Client) -> Error {
    client
        .transit("transit")
        .unwrap()
        .decrypt("k", "vault:v1:")
        .await
        .unwrap_err()
}

#[tokio::test]
async fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = decrypt(&Client::builder().address(&address).build().unwrap()).await;
    assert_eq!(error.to_string(), format!("cannot connect to {address}"));
}

#[tokio::test]
async fn silence_is_a_timeout() {
    assert!(matches!(
        decrypt(&server(None).await).await,
        Error::Timeout { .. }
    ));
}

#[tokio::test]
async fn a_broken_connection_is_told_apart() {
    for cut in [
        &b""[..],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
    ] {
        let error = decrypt(&server(Some(cut.to_vec())).await).await;
        assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_refused() {
    for body in [
        "<html>",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{"ciphertext":"vault:v1:"}}"#,
        r#"{"data":{"plaintext":"s.secret!"}}"#,
        r#"{"data":{"plaintext":4711}}"#,
    ] {
        let error = decrypt(&server(ok(body)).await).await;
        assert!(matches!(error, Error::Answer(_)), "{body}: {error:?}");
        assert!(!format!("{error:?}").contains("secret") && !error.to_string().contains("4711"));
    }
}

#[tokio::test]
async fn an_answer_without_end_is_refused() {
    let endless = server(ok(&" ".repeat(2048))).await;
    let error = decrypt(&endless).await;
    assert!(
        matches!(&error, Error::Answer(why) if why.contains("1024")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = listener.local_addr().unwrap();
    let answer =
        format!("HTTP/1.1 307 Away\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let error = decrypt(&server(Some(answer.into_bytes())).await).await;
    assert_eq!(error.status(), Some(307));
    let reached = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(reached.is_err(), "the token went elsewhere");
}

#[tokio::test]
async fn results_must_match_the_items() {
    let body = r#"{"data":{"batch_results":[{"plaintext":""}]}}"#;
    let transit = server(ok(body)).await.transit("transit").unwrap();
    let items = ["x", "y"].map(sealgate_sdk::Decrypt::new);
    let error = transit.decrypt_batch("k", items).await.unwrap_err();
    assert!(matches!(error, Error::Answer(_)), "{error:?}");
}
