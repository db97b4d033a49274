//! Init, unseal, seal, health and tokens against a real server.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod server;

use sealgate_sdk::{Client, Error, SecretText};
use server::{Server, refusal, wait_for};

/// Waits until an unsealed server also writes: one that could have company serves reads before it
/// has found out that it leads.
async fn serving(client: &Client) {
    wait_for("a server that leads", async || {
        client
            .sys()
            .health()
            .await
            .is_ok_and(|health| !health.sealed && !health.standby)
    })
    .await;
}

#[tokio::test]
async fn three_of_five_shares_unseal() {
    let server = Server::fresh().await;
    let sys = server.builder().build().unwrap().sys();
    let status = sys.seal_status().await.unwrap();
    assert!(!status.initialized && status.sealed);
    assert!(!sys.health().await.unwrap().initialized);
    assert_eq!(refusal(sys.init(3, 5).await).0, 400);

    let born = sys.init(5, 3).await.unwrap();
    assert_eq!((born.keys.len(), born.keys_base64.len()), (5, 5));
    assert_eq!(refusal(sys.init(5, 3).await).0, 400);
    let status = sys.seal_status().await.unwrap();
    assert!(status.initialized && status.sealed);
    assert_eq!(
        (status.threshold, status.shares, status.progress),
        (3, 5, 0)
    );
    assert!(sys.health().await.unwrap().sealed);

    assert_eq!(sys.unseal(&born.keys_base64[0]).await.unwrap().progress, 1);
    assert_eq!(sys.unseal(&born.keys_base64[0]).await.unwrap().progress, 1);
    assert_eq!(sys.reset_unseal().await.unwrap().progress, 0);
    assert_eq!(
        refusal(sys.unseal(&SecretText::new("not a share")).await).0,
        400
    );
    // Any three of them, in any order and either notation.
    assert_eq!(sys.unseal(&born.keys[4]).await.unwrap().progress, 1);
    assert_eq!(sys.unseal(&born.keys_base64[1]).await.unwrap().progress, 2);
    assert!(!sys.unseal(&born.keys[2]).await.unwrap().sealed);

    let client = server.builder().token(born.root_token).build().unwrap();
    serving(&client).await;
    if !client
        .sys()
        .mounts()
        .await
        .unwrap()
        .contains_key("transit/")
    {
        client.sys().mount_transit("transit").await.unwrap();
    }
    let transit = client.transit("transit").unwrap();
    let sealed = transit.encrypt("k", b"hello").await.unwrap();

    client.sys().seal().await.unwrap();
    let refused = transit.decrypt("k", &sealed.ciphertext).await.unwrap_err();
    assert!(refused.is_sealed(), "{refused}");
    assert!(client.sys().seal_status().await.unwrap().sealed);
    for share in &born.keys_base64[1..4] {
        client.sys().unseal(share).await.unwrap();
    }
    serving(&client).await;
    assert_eq!(
        transit
            .decrypt("k", &sealed.ciphertext)
            .await
            .unwrap()
            .expose(),
        b"hello"
    );
}

#[tokio::test]
async fn only_a_valid_token_is_let_in() {
    let server = Server::dev().await;
    let me = server.client().lookup_self().await.unwrap();
    assert_eq!(me.id.expose(), "root");
    assert_eq!(me.policies, ["root"]);
    for stranger in [
        server.builder(),
        server.builder().token("s.wrong".to_owned()),
    ] {
        let stranger = stranger.build().unwrap();
        assert_eq!(refusal(stranger.lookup_self().await).0, 403);
        let transit = stranger.transit("transit").unwrap();
        assert_eq!(refusal(transit.encrypt("k", b"hello").await).0, 403);
        assert_eq!(refusal(stranger.sys().seal().await).0, 403);
        assert!(!stranger.sys().health().await.unwrap().sealed);
    }
    assert!(!server.client().sys().leader().await.unwrap().ha_enabled);
}

#[tokio::test]
async fn a_certificate_must_be_vouched_for() {
    let server = Server::fresh_with_tls().await;
    assert!(server.ca_file().is_some());
    assert!(
        server
            .builder()
            .build()
            .unwrap()
            .sys()
            .seal_status()
            .await
            .is_ok()
    );

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), stranger.cert.pem()).unwrap();
    let client = server.builder().ca_file(file.path()).build().unwrap();
    let refused = client.sys().seal_status().await.unwrap_err();
    assert!(matches!(refused, Error::Tls { .. }), "{refused:?}");
}

#[tokio::test]
async fn plain_text_and_tls_do_not_mix() {
    let server = Server::dev().await;
    let address = server.address().replace("http://", "https://");
    let authority = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.cert.pem()).unwrap();
    let client = server
        .builder()
        .address(address)
        .ca_file(file.path())
        .build()
        .unwrap();
    let refused = client.sys().seal_status().await.unwrap_err();
    assert!(matches!(refused, Error::Tls { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_a_413() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    let (status, words) = refusal(transit.encrypt("k", &vec![0; 48 << 20]).await);
    assert_eq!(status, 413);
    assert!(!words.is_empty());
}
