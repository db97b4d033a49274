//! Encrypt, decrypt, rewrap and key administration against a real server.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod server;

use sealgate_sdk::wire::transit::{ConfigureKey, CreateKey, KeysConfig};
use sealgate_sdk::{Decrypt, Encrypt, Error, Rewrap, Sign};
use server::{Server, refusal};

fn derived() -> CreateKey {
    CreateKey {
        derived: Some(true),
        ..CreateKey::default()
    }
}

#[tokio::test]
async fn what_is_encrypted_decrypts() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    let every_byte: Vec<u8> = (0..=255).collect();
    let large = vec![0x5a; 1 << 20];
    for plaintext in [&b""[..], b"hello", &every_byte, &large] {
        let sealed = transit.encrypt("orders", plaintext).await.unwrap();
        assert!(sealed.ciphertext.starts_with("vault:v1:"));
        assert_eq!(sealed.version, 1);
        let opened = transit.decrypt("orders", &sealed.ciphertext).await.unwrap();
        assert_eq!(opened.expose(), plaintext);
    }
}

#[tokio::test]
async fn rewrap_moves_to_the_wanted_version() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    let old = transit.encrypt("k", b"hello").await.unwrap();
    transit.rotate_key("k").await.unwrap();
    assert_eq!(transit.rotate_key("k").await.unwrap().latest_version, 3);

    let latest = transit.rewrap("k", &old.ciphertext).await.unwrap();
    assert_eq!(latest.version, 3);
    assert!(latest.ciphertext.starts_with("vault:v3:"));
    let second = transit
        .rewrap("k", Rewrap::new(&old.ciphertext).version(2))
        .await
        .unwrap();
    assert_eq!(second.version, 2);
    let direct = transit
        .encrypt("k", Encrypt::new(b"hello").version(2))
        .await
        .unwrap();
    assert_eq!(direct.version, 2);
    for sealed in [old, latest, second, direct] {
        let opened = transit.decrypt("k", &sealed.ciphertext).await.unwrap();
        assert_eq!(opened.expose(), b"hello");
    }
}

#[tokio::test]
async fn context_and_associated_data_bind() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    assert!(
        transit
            .create_key("tenants", &derived())
            .await
            .unwrap()
            .derived
    );

    let item = Encrypt::new(b"hello")
        .context(b"seven")
        .associated_data(b"row 12");
    let sealed = transit.encrypt("tenants", item).await.unwrap().ciphertext;
    let right = Decrypt::new(&sealed)
        .context(b"seven")
        .associated_data(b"row 12");
    assert_eq!(
        transit.decrypt("tenants", right).await.unwrap().expose(),
        b"hello"
    );
    for wrong in [
        Decrypt::new(&sealed),
        Decrypt::new(&sealed).context(b"seven"),
        Decrypt::new(&sealed)
            .context(b"eight")
            .associated_data(b"row 12"),
        Decrypt::new(&sealed)
            .context(b"seven")
            .associated_data(b"row 13"),
    ] {
        assert_eq!(refusal(transit.decrypt("tenants", wrong).await).0, 400);
    }

    let sealed = transit
        .encrypt("tenants", Encrypt::new(b"hi").context(b"seven"))
        .await
        .unwrap();
    let rewrap = Rewrap::new(&sealed.ciphertext).context(b"seven");
    let again = transit.rewrap("tenants", rewrap).await.unwrap().ciphertext;
    let opened = transit
        .decrypt("tenants", Decrypt::new(&again).context(b"seven"))
        .await
        .unwrap();
    assert_eq!(opened.expose(), b"hi");
}

#[tokio::test]
async fn a_batch_keeps_order_and_tells_failures_apart() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    let plaintexts: Vec<String> = (0..100).map(|number| format!("item {number}")).collect();
    let sealed: Vec<String> = transit
        .encrypt_batch("k", plaintexts.iter().map(Encrypt::new))
        .await
        .unwrap()
        .into_iter()
        .map(|result| result.unwrap().ciphertext)
        .collect();
    transit.rotate_key("k").await.unwrap();
    let sealed: Vec<String> = transit
        .rewrap_batch("k", sealed.iter().map(|text| Rewrap::new(text)))
        .await
        .unwrap()
        .into_iter()
        .map(|result| result.unwrap().ciphertext)
        .collect();
    assert!(sealed.iter().all(|text| text.starts_with("vault:v2:")));

    let mut damaged = sealed.clone();
    damaged[7] = "vault:v1:AAAA".to_owned();
    let opened = transit
        .decrypt_batch("k", damaged.iter().map(|text| Decrypt::new(text)))
        .await
        .unwrap();
    for (index, (opened, plaintext)) in opened.iter().zip(&plaintexts).enumerate() {
        match opened {
            Ok(opened) => assert_eq!(opened.expose(), plaintext.as_bytes()),
            Err(error) => assert!(index == 7 && !error.0.is_empty()),
        }
    }
    assert!(opened[7].is_err());

    // No item works, so the status is an error, too: still one result per item.
    let none = transit
        .decrypt_batch("k", [Decrypt::new("x"), Decrypt::new("y")])
        .await
        .unwrap();
    assert!(none.iter().all(Result::is_err) && none.len() == 2);
    // What is wrong with the request as a whole is an error of the whole.
    assert_eq!(refusal(transit.decrypt_batch("k", []).await).0, 400);
    assert_eq!(
        refusal(transit.decrypt_batch("none", [Decrypt::new("x")]).await).0,
        400
    );
}

#[tokio::test]
async fn keys_are_administered() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    assert_eq!(transit.list_keys().await.unwrap(), Vec::<String>::new());
    assert!(transit.read_key("k").await.unwrap_err().is_not_found());

    let kind = Some("chacha20-poly1305".to_owned());
    let key = transit
        .create_key(
            "k",
            &CreateKey {
                kind,
                ..CreateKey::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        (key.kind.as_str(), key.latest_version),
        ("chacha20-poly1305", 1)
    );
    assert_eq!(
        transit
            .create_key("k", &CreateKey::default())
            .await
            .unwrap(),
        key
    );
    transit.create_key("a.b-c_d", &derived()).await.unwrap();
    assert_eq!(transit.list_keys().await.unwrap(), ["a.b-c_d", "k"]);

    for _ in 0..2 {
        transit.rotate_key("k").await.unwrap();
    }
    let change = ConfigureKey {
        min_decryption_version: Some(2),
        min_encryption_version: Some(3),
        auto_rotate_period: Some(86_400),
        ..ConfigureKey::default()
    };
    let key = transit.configure_key("k", &change).await.unwrap();
    assert_eq!(
        (key.min_decryption_version, key.min_encryption_version),
        (2, 3)
    );
    assert_eq!(key.auto_rotate_period, 86_400);
    let key = transit.trim_key("k", 2).await.unwrap();
    assert_eq!(key.min_available_version, 2);
    assert_eq!(key.keys.keys().copied().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(transit.read_key("k").await.unwrap(), key);

    assert!(transit.soft_delete_key("k").await.unwrap().soft_deleted);
    assert_eq!(refusal(transit.encrypt("k", b"hello").await).0, 400);
    assert!(!transit.restore_key("k").await.unwrap().soft_deleted);

    let (status, words) = refusal(transit.delete_key("k").await);
    assert_eq!(status, 400);
    assert!(words.contains("deletion is not allowed"), "{words}");
    let change = ConfigureKey {
        deletion_allowed: Some(true),
        ..ConfigureKey::default()
    };
    transit.configure_key("k", &change).await.unwrap();
    transit.delete_key("k").await.unwrap();
    assert!(transit.read_key("k").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_mount_can_refuse_to_create_keys_by_encrypting() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    assert_eq!(
        transit.keys_config().await.unwrap().disable_upsert,
        Some(false)
    );
    assert_eq!(transit.cache_config().await.unwrap().size, Some(0));
    let refuse = KeysConfig {
        disable_upsert: Some(true),
    };
    assert_eq!(transit.set_keys_config(&refuse).await.unwrap(), refuse);
    assert_eq!(refusal(transit.encrypt("new", b"hello").await).0, 400);
}

#[tokio::test]
async fn mounts_are_apart_and_may_have_deep_paths() {
    let server = Server::dev().await;
    let client = server.client();
    client.sys().mount_transit("team/one").await.unwrap();
    let mounts = client.sys().mounts().await.unwrap();
    assert_eq!(mounts["team/one/"].kind, "transit");

    let one = client.transit("team/one").unwrap();
    let sealed = one.encrypt("k", b"hello").await.unwrap();
    assert_eq!(one.list_keys().await.unwrap(), ["k"]);
    let other = client.transit("transit").unwrap();
    other.create_key("k", &CreateKey::default()).await.unwrap();
    assert_eq!(refusal(other.decrypt("k", &sealed.ciphertext).await).0, 400);

    client.sys().unmount("team/one").await.unwrap();
    assert_eq!(refusal(one.list_keys().await).0, 404);
}

#[tokio::test]
async fn names_never_point_elsewhere() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    for name in ["", ".", "..", "a/b", "../sys/seal"] {
        assert!(
            matches!(transit.read_key(name).await, Err(Error::Name(_))),
            "{name:?}"
        );
    }
    // These reach the server, as one segment, and are its to refuse.
    for name in ["a?list=true", "a#b", "a%2fb", "a b", "é"] {
        let status = transit.read_key(name).await.unwrap_err().status();
        assert!(matches!(status, Some(400 | 404)), "{name:?}: {status:?}");
    }
}

#[tokio::test]
async fn a_key_moves_by_backup_and_restore() {
    let server = Server::dev().await;
    let client = server.client();
    client.sys().mount_transit("other").await.unwrap();
    let from = client.transit("transit").unwrap();
    let to = client.transit("other").unwrap();
    let sealed = from.encrypt("k", b"hello").await.unwrap().ciphertext;
    let words = refusal(from.back_up_key("k").await).1;
    assert!(words.contains("disallowed on the policy"), "{words}");
    let allow = ConfigureKey {
        exportable: Some(true),
        allow_plaintext_backup: Some(true),
        ..ConfigureKey::default()
    };
    from.configure_key("k", &allow).await.unwrap();
    let backup = from.back_up_key("k").await.unwrap();
    assert!(!format!("{backup:?}").contains(backup.expose()));

    to.restore_backup("k", &backup).await.unwrap();
    let opened = to.decrypt("k", &sealed).await.unwrap();
    assert_eq!(opened.expose(), b"hello");
    let words = refusal(to.restore_backup("k", &backup).await).1;
    assert!(words.contains("already exists"), "{words}");
}

#[tokio::test]
async fn what_is_signed_or_authenticated_verifies() {
    let server = Server::dev().await;
    let transit = server.client().transit("transit").unwrap();
    let kind = Some("ed25519".to_owned());
    let key = CreateKey { kind, ..derived() };
    transit.create_key("signer", &key).await.unwrap();
    let message = Sign::new(b"hello").context(b"seven");
    let signature = transit.sign("signer", message).await.unwrap();
    let hmac = transit.hmac("signer", b"hello").await.unwrap();
    transit.rotate_key("signer").await.unwrap();
    let first = transit.sign("signer", message.version(1)).await.unwrap();
    assert_eq!(first, signature);
    assert!(
        transit
            .sign("signer", message)
            .await
            .unwrap()
            .starts_with("vault:v2:")
    );

    let other = Sign::new(b"hallo").context(b"seven");
    for (message, valid) in [(message, true), (other, false)] {
        let verified = transit.verify("signer", message, &signature).await;
        assert_eq!(verified.unwrap(), valid);
        let verified = transit.verify_hmac("signer", message, &hmac).await;
        assert_eq!(verified.unwrap(), valid);
    }
    // CMAC is not among what every server has; without it, it is refused.
    assert!(
        transit
            .cmac("signer", b"hello")
            .await
            .unwrap_err()
            .status()
            .is_some()
    );
}
