//! `sys/health`: the state of the server as a status code, which the asker may choose.

use http::StatusCode;
use serde::Serialize;

use super::seal_status::Cluster;
use crate::{
    app::{App, VERSION},
    error::Error,
    http::{Answer, Call, Query, fields::parse_bool},
};

#[derive(Serialize)]
struct Health {
    initialized: bool,
    sealed: bool,
    standby: bool,
    replication_performance_mode: &'static str,
    replication_dr_mode: &'static str,
    server_time_utc: i64,
    version: &'static str,
    #[serde(flatten)]
    cluster: Option<Cluster>,
}

pub async fn read(app: &App, call: &Call) -> Result<Answer, Error> {
    let status = app.keyring.seal_status().await;
    let active = code(&call.query, "activecode", 200)?;
    let sealed = code(&call.query, "sealedcode", 503)?;
    let uninitialized = code(&call.query, "uninitcode", 501)?;
    // There are no standbys; what is said about them must make sense all the same.
    code(&call.query, "standbycode", 429)?;
    flag(&call.query, "standbyok")?;

    let code = match (status.initialized, status.sealed) {
        (false, _) => uninitialized,
        (true, true) => sealed,
        (true, false) => active,
    };
    let replication = if status.sealed { "unknown" } else { "disabled" };
    let health = Health {
        initialized: status.initialized,
        sealed: status.sealed,
        standby: status.sealed,
        replication_performance_mode: replication,
        replication_dr_mode: replication,
        server_time_utc: app.clock.now().as_second(),
        version: VERSION,
        cluster: Cluster::of(&status),
    };
    Ok(Answer::bare(&health).status(code))
}

fn code(query: &Query, name: &'static str, default: u16) -> Result<StatusCode, Error> {
    let number = match query.value(name) {
        None => Some(default),
        // Below 200 an answer would not be the last one (RFC 9110, 15.2).
        Some(text) => text.parse().ok().filter(|code| (200..=599).contains(code)),
    };
    number
        .and_then(|number| StatusCode::from_u16(number).ok())
        .ok_or_else(|| {
            Error::bad_request(format!(
                "the parameter {name:?} must be a status code, 200 to 599"
            ))
        })
}

fn flag(query: &Query, name: &'static str) -> Result<bool, Error> {
    match query.value(name) {
        // `?standbyok` alone is how load balancers write it.
        None => Ok(false),
        Some("") => Ok(true),
        Some(text) => parse_bool(text).ok_or_else(|| {
            Error::bad_request(format!("the parameter {name:?} must be true or false"))
        }),
    }
}
