//! A walk over the route table: who is let in, and when.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode};
use sealgate::app::App;
use sealgate::config::Limits;
use sealgate::http::server::Entry;
use sealgate::respond::Respond;
use sealgate::routes::{self, Access, Area, Matched, Route, Verb};
use sealgate_keyring::clock::Clock;
use sealgate_keyring::share::{SealParameters, Share};
use sealgate_keyring::store::MemoryStore;
use serde_json::{Value, json};

/// Tokens that nobody was given.
const WRONG_TOKENS: [&str; 5] = [
    "nonsense",
    "s.nonsense",
    "sgt.",
    "sgt.AAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "root",
];

struct Server {
    app: Arc<App>,
    entry: Entry,
}

impl Server {
    /// A server that was never initialized.
    async fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let app = App::open(store, Clock::system(), Limits::default()).await;
        let app = Arc::new(app.expect("an empty store can be opened"));
        let entry = Entry::new(app.clone());
        Self { app, entry }
    }

    /// An initialized, sealed one, with its only share and its root token.
    async fn initialized() -> (Self, String, String) {
        let server = Self::new().await;
        let parameters = SealParameters::new(1, 1).unwrap();
        let founding = server.app.initialize(parameters).await.unwrap();
        let share = founding.shares[0].expose_base64().to_string();
        (server, share, founding.root_token.to_string())
    }

    /// An unsealed one, with its root token.
    async fn unsealed() -> (Self, String) {
        let (server, share, token) = Self::initialized().await;
        let status = server
            .app
            .unseal(Share::parse(&share).unwrap())
            .await
            .unwrap();
        assert!(!status.sealed);
        (server, token)
    }

    async fn ask(&self, route: &Route, token: Option<&str>) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method(route.verb))
            .uri(path(route));
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token);
        }
        let body = if route.verb == Verb::Write { "{}" } else { "" };
        let request = request.body(Body::from(body)).unwrap();
        let response = self.entry.clone().respond(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Read => Method::GET,
        Verb::List => Method::from_bytes(b"LIST").unwrap(),
        Verb::Write => Method::POST,
        Verb::Delete => Method::DELETE,
        Verb::Head => Method::HEAD,
    }
}

/// A path behind `/v1/` that fits the route's pattern. It names nothing that exists.
fn example(route: &Route) -> String {
    route
        .pattern
        .replace("{name}", "orders")
        .replace("{source}", "orders")
        .replace("{destination}", "target")
        .replace("{path}", "team/a")
        .replace("{version}", "1")
        .replace("{plaintext}", "wrapped")
        .replace(['[', ']', '{', '}'], "")
}

fn path(route: &Route) -> String {
    let mount = match route.area {
        Area::Root => "",
        Area::Mount => "transit/",
    };
    format!("/v1/{mount}{}", example(route))
}

fn denied() -> (StatusCode, Value) {
    (
        StatusCode::FORBIDDEN,
        json!({ "errors": ["permission denied"] }),
    )
}

fn sealed() -> (StatusCode, Value) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        json!({ "errors": ["Vault is sealed"] }),
    )
}

#[test]
fn every_operation_is_told_from_every_other() {
    let mut names = std::collections::HashSet::new();
    for route in routes::table() {
        assert!(
            names.insert(route.operation),
            "{} is there twice",
            route.operation
        );
        assert!(
            !route.summary.is_empty(),
            "{} has no summary",
            route.operation
        );
        // A route that stands before another could take its requests.
        match routes::find(route.area, route.verb, &example(route)) {
            Matched::Route(found, _) => assert_eq!(found.operation, route.operation),
            _ => panic!("no request reaches {}", route.operation),
        }
    }
}

#[test]
fn only_the_known_few_are_open_to_anyone() {
    let open = |access| {
        let open = routes::table().filter(move |route| route.access == access);
        open.map(|route| (route.pattern, route.verb))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        open(Access::Public),
        [
            ("sys/health", Verb::Read),
            ("sys/health", Verb::Head),
            ("sys/seal-status", Verb::Read),
            ("sys/leader", Verb::Read),
            ("sys/init", Verb::Read),
            ("sys/init", Verb::Write),
            ("sys/unseal", Verb::Write),
        ]
    );
    assert_eq!(open(Access::TokenUnlessSealed), [("sys/seal", Verb::Write)]);
    assert_eq!(
        open(Access::Open),
        [
            ("sys/internal/ui/mounts", Verb::Read),
            ("sys/internal/specs/openapi", Verb::Read)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_public_wants_a_token() {
    let (server, root) = Server::unsealed().await;
    for route in routes::table() {
        let operation = route.operation;
        let without = server.ask(route, None).await;
        match route.access {
            Access::Token | Access::TokenUnlessSealed => {
                assert_eq!(without, denied(), "{operation}")
            }
            Access::Open => assert_eq!(without.0, StatusCode::OK, "{operation}"),
            Access::Public => assert_ne!(without.0, StatusCode::FORBIDDEN, "{operation}"),
        }
        for token in WRONG_TOKENS {
            let wrong = server.ask(route, Some(token)).await;
            match route.access {
                Access::Public => assert_eq!(wrong.0, without.0, "{operation} {token}"),
                _ => assert_eq!(wrong, denied(), "{operation} {token}"),
            }
        }
    }
    // Nothing of that did anything.
    let unsealed = server.app.keyring.unsealed().unwrap();
    let mounts: Vec<String> = unsealed
        .mounts()
        .iter()
        .map(|mount| mount.path.to_string())
        .collect();
    assert_eq!(mounts, ["transit/"]);
    let (transit, _) = unsealed.route("transit/keys").unwrap();
    assert!(transit.key_names().is_empty());
    drop(unsealed);

    // With the right one, each of them answers; sealing comes last.
    let (seal, others): (Vec<_>, Vec<_>) =
        routes::table().partition(|route| route.pattern == "sys/seal");
    for route in others.into_iter().chain(seal) {
        let (status, body) = server.ask(route, Some(&root)).await;
        let refused = [
            StatusCode::METHOD_NOT_ALLOWED,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        assert!(
            !refused.contains(&status),
            "{}: {status} {body}",
            route.operation
        );
        assert_ne!((status, body), denied(), "{}", route.operation);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_server_answers_on_its_public_paths_only() {
    let (initialized, _, root) = Server::initialized().await;
    for server in [Server::new().await, initialized] {
        for route in routes::table() {
            for token in [None, Some("nonsense"), Some(root.as_str())] {
                let answer = server.ask(route, token).await;
                match route.access {
                    Access::Public | Access::TokenUnlessSealed => {
                        assert_ne!(answer, sealed(), "{}", route.operation);
                    }
                    Access::Open | Access::Token => {
                        assert_eq!(answer, sealed(), "{}", route.operation);
                    }
                }
            }
        }
        assert!(server.app.keyring.unsealed().is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_makes_tokens_worthless_until_the_next_unseal() {
    let (server, share, root) = Server::initialized().await;
    let list = routes::table()
        .find(|route| route.pattern == "sys/mounts")
        .unwrap();
    for _ in 0..2 {
        server
            .app
            .unseal(Share::parse(&share).unwrap())
            .await
            .unwrap();
        assert_eq!(server.ask(list, Some(&root)).await.0, StatusCode::OK);
        server.app.seal().await.unwrap();
        assert_eq!(server.ask(list, Some(&root)).await, sealed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_installation_does_not_take_the_token() {
    let (_, root) = Server::unsealed().await;
    let (other, _) = Server::unsealed().await;
    let list = routes::table()
        .find(|route| route.pattern == "sys/mounts")
        .unwrap();
    assert_eq!(other.ask(list, Some(&root)).await, denied());
}
