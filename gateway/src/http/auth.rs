//! The paths of callers: who they are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Answer, Call};
use crate::{
    app::App,
    error::Error,
    routes::{Access, Area, Handler, Route, Verb},
};

const LOOKUP_SELF: Handler = |app, call| Box::pin(lookup_self(app, call));

const fn route(operation: &'static str, verb: Verb) -> Route {
    Route {
        operation,
        summary: "Shows what the caller's own token says",
        verb,
        area: Area::Root,
        pattern: "auth/token/lookup-self",
        access: Access::Token,
        fields: &[],
        handler: LOOKUP_SELF,
    }
}

/// Every operation below `auth/`.
pub const ROUTES: &[Route] = &[
    route("token-look-up-self", Verb::Read),
    route("token-look-up-self-by-post", Verb::Write),
];

#[derive(Serialize)]
struct Shown<'a> {
    accessor: String,
    creation_time: i64,
    creation_ttl: i64,
    display_name: &'a str,
    entity_id: &'a str,
    expire_time: Option<Timestamp>,
    explicit_max_ttl: i64,
    id: &'a str,
    issue_time: Timestamp,
    meta: Option<&'a BTreeMap<String, String>>,
    num_uses: u64,
    orphan: bool,
    path: &'a str,
    policies: &'a [String],
    renewable: bool,
    ttl: i64,
    #[serde(rename = "type")]
    kind: &'a str,
}

async fn lookup_self(app: &App, call: &Call) -> Result<Answer, Error> {
    let caller = call.caller.as_deref().ok_or(Error::PermissionDenied)?;
    let until = |start: Timestamp| {
        caller.expires.map_or(0, |expires| {
            (expires.as_second() - start.as_second()).max(0)
        })
    };
    Ok(Answer::data(&Shown {
        accessor: caller.accessor.to_string(),
        creation_time: caller.issued.as_second(),
        creation_ttl: until(caller.issued),
        display_name: &caller.display_name,
        entity_id: "",
        expire_time: caller.expires,
        explicit_max_ttl: 0,
        id: call.token.as_deref().unwrap_or_default(),
        issue_time: caller.issued,
        meta: Some(&caller.metadata).filter(|metadata| !metadata.is_empty()),
        num_uses: 0,
        orphan: caller.orphan,
        path: &caller.path,
        policies: &caller.policies,
        renewable: false,
        ttl: until(app.clock.now()),
        kind: "service",
    }))
}
