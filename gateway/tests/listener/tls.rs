//! TLS: versions, key exchange, certificates and their reload.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use sealgate::config::{Lifecycle, Limits, ListenerConfig, TlsFiles, TlsMinVersion};
use sealgate::listener::{self, ListenError};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::server::{Server, read_to_end, read_until};

/// A directory with a certificate and its key, which can be replaced.
pub struct Files {
    directory: TempDir,
    pub tls: TlsFiles,
}

impl Files {
    pub fn new() -> (Self, CertificateDer<'static>) {
        let directory = tempfile::tempdir().unwrap();
        let tls = TlsFiles {
            cert_file: directory.path().join("tls.crt"),
            key_file: directory.path().join("tls.key"),
            min_version: TlsMinVersion::Tls12,
        };
        let files = Self { directory, tls };
        let certificate = files.renew();
        (files, certificate)
    }

    /// Writes a new certificate and its key.
    pub fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&self.tls.cert_file, cert.pem()).unwrap();
        fs::write(&self.tls.key_file, signing_key.serialize_pem()).unwrap();
        cert.der().clone()
    }

    pub async fn serve(&self, limits: Limits) -> Server {
        let config = ListenerConfig::tls(SocketAddr::from(([127, 0, 0, 1], 0)), self.tls.clone());
        Server::start_with(&config, limits, Lifecycle::default()).await
    }

    async fn refusal(&self) -> ListenError {
        let config = ListenerConfig::tls(SocketAddr::from(([127, 0, 0, 1], 0)), self.tls.clone());
        match listener::bind(&config).await {
            Ok(_) => panic!("the files were accepted"),
            Err(error) => error,
        }
    }
}

pub async fn connect(
    server: &Server,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, server.connect().await)
        .await
}

pub async fn hello(stream: &mut TlsStream<TcpStream>) {
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_until(stream, "hello").await;
}

#[tokio::test]
async fn both_versions_are_served_and_13_is_hybrid() {
    let (files, certificate) = Files::new();
    let server = files.serve(Limits::default()).await;

    let mut old = connect(&server, &certificate, &[&version::TLS12], &[])
        .await
        .unwrap();
    assert_eq!(
        old.get_ref().1.protocol_version(),
        Some(ProtocolVersion::TLSv1_2)
    );
    hello(&mut old).await;

    let mut new = connect(&server, &certificate, &[&version::TLS13], &[])
        .await
        .unwrap();
    assert_eq!(
        new.get_ref().1.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
    let group = new.get_ref().1.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), rustls::NamedGroup::X25519MLKEM768);
    hello(&mut new).await;

    let http2 = connect(
        &server,
        &certificate,
        &[&version::TLS13],
        &["h2", "http/1.1"],
    )
    .await;
    assert_eq!(http2.unwrap().get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn http2_over_tls_answers() {
    let (files, certificate) = Files::new();
    let server = files.serve(Limits::default()).await;
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_der(&certificate).unwrap()])
        .resolve("localhost", server.address)
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/", server.address.port());
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(answer.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn min_version_13_turns_12_away() {
    let (mut files, certificate) = Files::new();
    files.tls.min_version = TlsMinVersion::Tls13;
    let server = files.serve(Limits::default()).await;
    connect(&server, &certificate, &[&version::TLS12], &[])
        .await
        .unwrap_err();
    connect(&server, &certificate, &[&version::TLS13], &[])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_reload_changes_new_connections_and_keeps_old_ones() {
    let (files, first) = Files::new();
    let server = files.serve(Limits::default()).await;
    let versions = &[&version::TLS13];
    let mut before = connect(&server, &first, versions, &[]).await.unwrap();
    hello(&mut before).await;

    let second = files.renew();
    let certificates = server.certificates.clone().unwrap();
    certificates.reload(&files.tls).unwrap();
    hello(&mut before).await;
    connect(&server, &first, versions, &[]).await.unwrap_err();
    let mut after = connect(&server, &second, versions, &[]).await.unwrap();
    hello(&mut after).await;

    fs::write(&files.tls.key_file, "nonsense").unwrap();
    certificates.reload(&files.tls).unwrap_err();
    hello(&mut connect(&server, &second, versions, &[]).await.unwrap()).await;
}

#[tokio::test]
async fn unusable_files_are_named_with_what_is_wrong() {
    let (files, _) = Files::new();
    let (cert, key) = (files.tls.cert_file.display(), files.tls.key_file.display());
    let good_cert = fs::read(&files.tls.cert_file).unwrap();
    let good_key = fs::read(&files.tls.key_file).unwrap();

    fs::write(&files.tls.cert_file, "nothing here").unwrap();
    let error = files.refusal().await.to_string();
    assert!(
        error.starts_with(&format!("no certificate in {cert}")),
        "{error}"
    );
    fs::write(&files.tls.cert_file, "-----BEGIN CERTIFICATE-----\n!\n").unwrap();
    let error = files.refusal().await.to_string();
    assert_eq!(error, format!("{cert} is not a valid PEM file"));
    fs::remove_file(&files.tls.cert_file).unwrap();
    assert_eq!(
        files.refusal().await.to_string(),
        format!("cannot read {cert}")
    );
    fs::write(&files.tls.cert_file, &good_cert).unwrap();

    fs::write(&files.tls.key_file, &good_cert).unwrap();
    let error = files.refusal().await.to_string();
    assert!(
        error.starts_with(&format!("no private key in {key}")),
        "{error}"
    );
    fs::write(
        &files.tls.key_file,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    let error = files.refusal().await.to_string();
    assert_eq!(error, format!("the private key in {key} cannot be used"));

    files.renew();
    fs::write(&files.tls.key_file, &good_key).unwrap();
    let error = files.refusal().await.to_string();
    let expected = format!("the certificate in {cert} does not belong to the key in {key}");
    assert_eq!(error, expected);
    assert!(files.directory.path().exists());
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_so() {
    let (files, _) = Files::new();
    let server = files.serve(Limits::default()).await;
    let answer = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.0 400 Bad Request\r\n"),
        "{answer}"
    );
    assert!(
        answer.ends_with("Client sent an HTTP request to an HTTPS server.\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let (files, certificate) = Files::new();
    let limits = Limits {
        tls_handshake_timeout: Duration::from_millis(100),
        max_connections: 1,
        ..Limits::default()
    };
    let server = files.serve(limits).await;
    let mut silent = server.connect().await;
    assert_eq!(read_to_end(&mut silent).await, "");
    let mut half = server.connect().await;
    half.write_all(&[22, 3, 1]).await.unwrap();
    assert_eq!(read_to_end(&mut half).await, "");
    hello(
        &mut connect(&server, &certificate, &[&version::TLS13], &[])
            .await
            .unwrap(),
    )
    .await;
}
