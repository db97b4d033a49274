//! After a seal no key is left in the memory of a real server.
//!
//! The server is founded, opened, loaded over several connections and sealed. Meanwhile this
//! process learns every key from the shares and a copy of the store. While the server is open its
//! keys are found in its memory, which shows that the search works; after the seal nothing is:
//! neither shares, seal key, root key, barrier keys, token keys, data keys nor keys derived from
//! them, in any byte order. Plaintexts and tokens are not promised to be gone.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod load;
#[path = "../../../keyring/tests/scan/mod.rs"]
mod scan;
mod secrets;
mod server;

use load::Load;
use secrets::Secrets;
use server::{Server, Transport};

const SHARES: u32 = 5;
const THRESHOLD: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind_plain_http() {
    nothing_is_left_behind(Transport::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind_tls() {
    nothing_is_left_behind(Transport::Tls).await;
}

async fn nothing_is_left_behind(transport: Transport) {
    let server = Server::start(transport).await;
    let founding = server
        .client("")
        .sys()
        .init(SHARES, THRESHOLD)
        .await
        .unwrap();
    server.unseal(&founding.keys[..3]).await;

    let load = Load::new(&server, founding.root_token.expose());
    load.create_keys().await;
    load.rotate_and_use().await;

    let secrets = Secrets::learn(&server.copy_of_store(), &founding.keys).await;
    let open = secrets.needles().find_in(server.process());
    for secret in secrets.held_while_open() {
        let found = open.iter().any(|find| find.starts_with(secret));
        assert!(found, "{secret} was not found while the server was open");
    }

    load.delete_destroy_and_trim().await;
    load.use_keys().await;
    let dropped = secrets.of_dropped_versions().find_in(server.process());
    assert!(
        dropped.is_empty(),
        "{transport:?}, deleted, destroyed and trimmed: {}",
        summary(&dropped)
    );

    server
        .client(founding.root_token.expose())
        .sys()
        .seal()
        .await
        .unwrap();
    let sealed = secrets.needles().find_in(server.process());
    assert!(
        sealed.is_empty(),
        "{transport:?}, sealed: {}",
        summary(&sealed)
    );

    server.unseal(&founding.keys_base64[2..]).await;
    load.use_keys().await;
    server
        .client(founding.root_token.expose())
        .sys()
        .seal()
        .await
        .unwrap();
    let again = secrets.needles().find_in(server.process());
    assert!(
        again.is_empty(),
        "{transport:?}, sealed again: {}",
        summary(&again)
    );
}

/// What was found, each thing once with the number of its places and one of them.
fn summary(found: &[String]) -> String {
    let mut things = std::collections::BTreeMap::<&str, (usize, &str)>::new();
    for find in found {
        let (name, place) = find.split_once(" at ").unwrap();
        things.entry(name).or_insert((0, place)).0 += 1;
    }
    let lines = things
        .iter()
        .map(|(name, (times, place))| format!("\n{name}: {times} times, such as {place}"));
    lines.collect()
}
