//! The one door: every operation passes [`pass`], whatever protocol it came by.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http::Method;

use sealgate_keyring::{error::Error as KeyringError, key::Key};

use crate::{
    app::App,
    auth::Caller,
    error::Error,
    http::{Answer, Call, Query, verb},
    pattern::Captured,
    routes::{self, Access, Area, Matched, Route, Verb},
};

/// Bodies from this size on are worked on beside the threads that accept requests, so that they
/// do not delay short ones.
const LONG_WORK_BYTES: usize = 64 * 1024;

/// A request before anything is known about it.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path behind `/v1/`, decoded.
    pub path: String,
    /// What stands behind the `?`.
    pub query: Query,
    /// The token as the caller sent it.
    pub token: Option<String>,
    /// Where it came from.
    pub peer: Option<SocketAddr>,
}

/// A request whose caller and operation are known. Only now is its body worth reading.
pub struct Admitted(Call);

/// Authenticates, finds the operation, authorizes.
///
/// # Errors
/// The refusal, in the order in which the peers refuse.
pub fn admit(app: &App, request: Request) -> Result<Admitted, Error> {
    let Request {
        method,
        mut path,
        query,
        token,
        peer,
    } = request;
    let asked = verb(&method, &query);
    if let Ok(Verb::List) = asked {
        let access = routes::find(Area::Root, Verb::List, &path);
        if let Matched::WrongVerb(Access::Public | Access::TokenUnlessSealed) = access {
            return Err(Error::MethodNotAllowed);
        }
        // A listing is of what lies below, so the peers put a slash behind its path.
        path.push_str(if path.ends_with('/') { "" } else { "/" });
    }
    let call = |route, path: String, captured: [String; 3], caller, token| Call {
        route,
        caller,
        token,
        captured,
        deadline: Instant::now() + app.limits.request_timeout,
        path,
        mount: None,
        open: None,
        query,
        body: Bytes::new(),
        peer,
    };

    // The public paths come first: they answer whether sealed or not, and to anyone.
    let public = routes::find(
        Area::Root,
        asked.as_ref().copied().unwrap_or(Verb::Head),
        &path,
    );
    match (&public, &asked) {
        (Matched::Route(route, captured), Ok(_)) if is_public(app, route.access) => {
            let captured = captured.map(str::to_owned);
            return Ok(Admitted(call(route, path, captured, None, None)));
        }
        (Matched::WrongVerb(Access::Public | Access::TokenUnlessSealed), _) => {
            return Err(Error::MethodNotAllowed);
        }
        _ => {}
    }
    if matches!(asked, Err(Error::MethodNotAllowed)) {
        return Err(Error::MethodNotAllowed);
    }

    let unsealed = app.keyring.unsealed()?;
    let caller = token
        .as_deref()
        .map(|token| app.tokens.verify(token))
        .transpose()?;
    if let (Matched::Route(route, captured), Ok(_)) = (&public, &asked)
        && route.access == Access::Open
    {
        let captured = captured.map(str::to_owned);
        return Ok(Admitted(call(route, path, captured, caller, token)));
    }
    let caller: Arc<Caller> = caller.ok_or(Error::PermissionDenied)?;
    if let Matched::WrongVerb(Access::Open) = public {
        return Err(Error::UnsupportedOnOpenPath);
    }
    let asked = asked?;
    if asked == Verb::Write && path.ends_with('/') {
        return Err(Error::bad_request("cannot write to a path ending in '/'"));
    }

    if let Some((mount, rest)) = unsealed.route(&path) {
        let (route, captured) = settle(routes::find(Area::Mount, asked, rest))?;
        caller.authorize(&path, asked)?;
        let captured = captured.map(str::to_owned);
        let call = call(route, path, captured, Some(caller), token);
        return Ok(Admitted(Call {
            mount: Some(mount),
            open: Some(unsealed),
            ..call
        }));
    }
    if !path.starts_with("sys/") && !path.starts_with("auth/token") {
        return Err(Error::NoMount(path));
    }
    let (route, captured) = settle(public)?;
    caller.authorize(&path, asked)?;
    let captured = captured.map(str::to_owned);
    Ok(Admitted(call(route, path, captured, Some(caller), token)))
}

impl Admitted {
    /// Executes the operation.
    ///
    /// # Errors
    /// What the handler says.
    pub async fn execute(mut self, app: &App, body: Bytes) -> Result<Answer, Error> {
        let long = body.len() >= LONG_WORK_BYTES;
        self.0.body = body;
        let answer = (self.0.route.handler)(app, &self.0);
        if long {
            // As above; waiting here holds no thread.
            let _turn = app.long_bodies.acquire().await;
            let runtime = tokio::runtime::Handle::current();
            tokio::task::block_in_place(|| runtime.block_on(answer))
        } else {
            answer.await
        }
    }
}

/// Does one thing that would keep short requests waiting: beside the threads that accept requests,
/// and on no more processors than there are.
pub async fn one_long<T>(app: &App, work: impl FnOnce() -> T) -> T {
    // An error would mean that the semaphore was closed, and nobody does that.
    let _turn = app.long_work.acquire().await;
    tokio::task::block_in_place(work)
}

/// Works on `items` with `key`. If that takes `long`, a few are done at a time: others get their
/// turn in between, and the work ends when the caller no longer waits or the server is sealed. The
/// key is looked up again each time, so that a version that was revoked meanwhile is no longer used.
pub async fn each<I, T>(
    app: &App,
    call: &Call,
    mut key: Arc<Key>,
    long: bool,
    items: &[I],
    work: impl Fn(&Key, usize, &I) -> T,
) -> Result<Vec<T>, Error> {
    /// Few enough for a turn to last milliseconds, or some ten of them with the slowest keys.
    const AT_ONCE: usize = 4;
    let mut done = Vec::with_capacity(items.len());
    let mut some = |key: &Key, from: usize, items: &[I]| {
        let items = items.iter().enumerate();
        done.extend(items.map(|(index, item)| work(key, from + index, item)));
    };
    if !long {
        some(&key, 0, items);
        return Ok(done);
    }
    for (turn, items) in items.chunks(AT_ONCE).enumerate() {
        if turn > 0 {
            call.in_time(app)?;
            let current = call.mount()?.key(key.name().as_str());
            key = current.ok_or(KeyringError::KeyNotFound)?;
        }
        one_long(app, || some(&key, turn * AT_ONCE, items)).await;
    }
    Ok(done)
}

/// Whether a path with this access answers to anyone now.
fn is_public(app: &App, access: Access) -> bool {
    match access {
        Access::Public => true,
        Access::TokenUnlessSealed => app.keyring.unsealed().is_err(),
        Access::Open | Access::Token => false,
    }
}

fn settle(matched: Matched<'_>) -> Result<(&'static Route, Captured<'_>), Error> {
    match matched {
        Matched::Route(route, captured) => Ok((route, captured)),
        Matched::WrongVerb(_) => Err(Error::UnsupportedOperation),
        Matched::Nothing => Err(Error::UnsupportedPath),
    }
}
