//! Sizes and numbers.

use sealgate::config::Limits;
use tokio::io::AsyncWriteExt;
use tokio::time::{Duration, timeout};

use crate::server::{Server, assert_refused, read_to_end, read_until};

const BODY: &str = "the request body is larger than 64 KiB (limits.max_body_bytes)";
const HEAD: &str = "the request head is larger than 8 KiB (limits.max_header_bytes)";
const URI: &str = "the request's path and query are longer than 1 KiB (limits.max_uri_bytes)";

fn small() -> Limits {
    Limits {
        max_body_bytes: 64 << 10,
        max_header_bytes: 8 << 10,
        max_uri_bytes: 1 << 10,
        ..Limits::default()
    }
}

fn post(body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut request =
        b"POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for chunk in body.chunks(1000) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[tokio::test]
async fn a_body_up_to_the_limit_passes_and_one_byte_more_is_413() {
    let server = Server::start(small()).await;
    let (most, more) = (vec![b'x'; 64 << 10], vec![b'x'; (64 << 10) + 1]);
    assert!(
        server
            .exchange(post(&most))
            .await
            .ends_with("\r\n\r\n65536")
    );
    assert!(
        server
            .exchange(chunked(&most))
            .await
            .ends_with("\r\n\r\n65536")
    );
    assert_refused(&server.exchange(post(&more)).await, 413, BODY);
    assert_refused(&server.exchange(chunked(&more)).await, 413, BODY);
}

#[tokio::test]
async fn a_client_that_sends_all_of_a_large_body_first_still_reads_the_413() {
    let server = Server::start(small()).await;
    let huge = vec![b'x'; 8 << 20];
    assert_refused(&server.exchange(post(&huge)).await, 413, BODY);
    assert_refused(&server.exchange(chunked(&huge)).await, 413, BODY);
}

#[tokio::test]
async fn a_declared_length_is_refused_before_the_body_is_sent() {
    let server = Server::start(small()).await;
    let request = "POST /length HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                   content-length: 99999999999\r\n\r\n";
    let answer = server.exchange(request).await;
    assert_refused(&answer, 413, BODY);
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_nobody_reads_does_not_disturb_the_next_request() {
    let server = Server::start(small()).await;
    let mut stream = server.connect().await;
    let ignored = "POST /ignore HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n";
    let mut request = ignored.as_bytes().to_vec();
    request.extend(vec![b'x'; 20000]);
    stream.write_all(&request).await.unwrap();
    read_until(&mut stream, "ignored").await;
    // Whether the connection survives is hyper's choice; what it must not do is misread the body.
    let _ = stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.is_empty() || rest.ends_with("hello"), "{rest}");
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_431_whether_it_ends_or_not() {
    let server = Server::start(small()).await;
    let fits = "a".repeat(7 << 10);
    let answer = server
        .exchange(format!(
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {fits}\r\n\r\n"
        ))
        .await;
    assert!(answer.ends_with("hello"), "{answer}");
    for size in [8 << 10, 20 << 10, 2 << 20] {
        let filler = "a".repeat(size);
        let ended =
            format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {filler}\r\n\r\n");
        assert_refused(&server.exchange(ended).await, 431, HEAD);
        let endless = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {filler}y");
        assert_refused(&server.exchange(endless + "zz").await, 431, HEAD);
    }
}

#[tokio::test]
async fn what_hyper_refuses_is_refused_in_a_sentence() {
    let server = Server::start(Limits {
        max_header_bytes: 256 << 10,
        ..small()
    })
    .await;
    let many: String = (0..101).map(|i| format!("x-{i}: y\r\n")).collect();
    let many = server
        .exchange(format!("GET / HTTP/1.1\r\n{many}\r\n"))
        .await;
    assert_refused(&many, 431, "the request has more than 100 header fields");
    for nonsense in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nb d\r\n\r\n",
    ] {
        assert_refused(
            &server.exchange(nonsense).await,
            400,
            "the request is not valid HTTP",
        );
    }
    let lengths = "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n";
    assert_refused(
        &server.exchange(lengths).await,
        400,
        "the request is not valid HTTP",
    );
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000));
    assert!(server.exchange(long).await.starts_with("HTTP/1.1 414 "));
}

#[tokio::test]
async fn a_path_beyond_the_limit_is_414() {
    let server = Server::start(small()).await;
    let get = |path: String| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let fits = server
        .exchange(get(format!("/?{}", "a".repeat(1022))))
        .await;
    assert!(fits.ends_with("hello"), "{fits}");
    assert_refused(
        &server
            .exchange(get(format!("/?{}", "a".repeat(1023))))
            .await,
        414,
        URI,
    );
}

#[tokio::test]
async fn broken_framing_is_400() {
    let server = Server::start(small()).await;
    let broken = "POST /length HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let sentence = "the request body ended early or is not framed as HTTP asks";
    assert_refused(&server.exchange(broken).await, 400, sentence);
}

#[tokio::test]
async fn too_many_requests_at_once_are_turned_away_but_probes_are_not() {
    let server = Server::start(Limits {
        max_concurrent_requests: 1,
        ..small()
    })
    .await;
    let mut held = server.connect().await;
    held.write_all(b"GET /held HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    server.held.wait_for_start().await;
    let get = |path| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = server.exchange(get("/")).await;
    let sentence = "the server is busy: 1 requests are in progress \
                    (limits.max_concurrent_requests); try again";
    assert_refused(&answer, 503, sentence);
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(
        server
            .exchange(get("/v1/sys/health"))
            .await
            .ends_with("healthy")
    );
    server.held.release();
    assert!(read_to_end(&mut held).await.ends_with("done"));
    assert!(server.exchange(get("/")).await.ends_with("hello"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let server = Server::start(Limits {
        max_connections: 1,
        ..small()
    })
    .await;
    let mut first = server.connect().await;
    first
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut first, "hello").await;
    let mut second = server.connect().await;
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let waits = read_until(&mut second, "hello");
    timeout(Duration::from_millis(50), waits).await.unwrap_err();
    drop(first);
    read_until(&mut second, "hello").await;
}

#[tokio::test]
async fn a_panicking_handler_is_500_and_nothing_more() {
    let server = Server::start(small()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /panic HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert_refused(&read_until(&mut stream, "}").await, 500, "internal error");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut stream, "hello").await;
}

#[tokio::test]
async fn the_peers_address_reaches_the_handler() {
    let server = Server::start(small()).await;
    let mut stream = server.connect().await;
    let address = stream.local_addr().unwrap().to_string();
    stream
        .write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut stream, &address).await;
}

#[tokio::test]
async fn http2_has_the_same_limits() {
    let server = Server::start(small()).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    let url = |path: &str| format!("http://{}{path}", server.address);
    let hello = client.get(url("/")).send().await.unwrap();
    assert_eq!(hello.version(), http::Version::HTTP_2);
    assert_eq!(hello.text().await.unwrap(), "hello");
    let large = client
        .post(url("/length"))
        .body(vec![0; 100_000])
        .send()
        .await
        .unwrap();
    assert_eq!(large.status(), 413);
    assert!(large.text().await.unwrap().contains(BODY));
    let head = client
        .get(url("/"))
        .header("x", "a".repeat(9 << 10))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 431);
    assert!(head.text().await.unwrap().contains(HEAD));
    let hello = client.get(url("/large")).send().await.unwrap();
    assert_eq!(hello.bytes().await.unwrap().len(), 1 << 20);
}
