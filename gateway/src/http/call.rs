//! One request, taken apart: who asks for what, with which parameters.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http::Method;
use sealgate_keyring::{
    keyring::{MountEntry, Unsealed},
    name::KeyName,
};

use super::fields::{Fields, parse_bool};
use crate::{
    app::App,
    auth::Caller,
    error::Error,
    pattern,
    routes::{Route, Verb},
};

/// What a handler gets.
pub struct Call {
    /// The operation.
    pub route: &'static Route,
    /// Who asks; `None` only on public paths.
    pub caller: Option<Arc<Caller>>,
    /// The caller's token as it was sent; like the caller, `None` on public paths.
    pub token: Option<String>,
    /// The path behind `/v1/`.
    pub path: String,
    /// What stands at the parameters of the route's pattern, in their order.
    pub captured: [String; 3],
    /// When the caller no longer waits.
    pub deadline: Instant,
    /// The mount the path lies in; present on the mount's own routes.
    pub mount: Option<Arc<MountEntry>>,
    /// The open keyring that the mount is of: a seal waits until the answer is made.
    pub open: Option<Unsealed>,
    /// What stands behind the `?`.
    pub query: Query,
    /// The body, as it came.
    pub body: Bytes,
    /// Where the request came from.
    pub peer: Option<SocketAddr>,
}

impl Call {
    /// The mount.
    ///
    /// # Errors
    /// 404 on a path outside any mount; routing has excluded that.
    pub fn mount(&self) -> Result<&Arc<MountEntry>, Error> {
        self.mount.as_ref().ok_or(Error::UnsupportedPath)
    }

    /// The members of the body.
    ///
    /// # Errors
    /// 400 if the body is no JSON object.
    pub fn fields(&self) -> Result<Fields<'_>, Error> {
        Fields::parse(&self.body)
    }

    /// The warnings about members of the body that the operation does not know, or that the path
    /// gives already.
    pub fn unrecognized(&self, fields: &Fields<'_>) -> Vec<String> {
        let captured = || pattern::parameters(self.route.pattern);
        let unknown = fields.unrecognized(|name| {
            captured().any(|parameter| parameter == name)
                || self.route.fields.iter().any(|field| field.name == name)
        });
        let mut given: Vec<&str> = captured().filter(|name| fields.gives(name)).collect();
        given.sort_unstable();
        let replaced = (!given.is_empty()).then(|| {
            let given = given.join(" ");
            format!("Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [{given}]")
        });
        unknown.into_iter().chain(replaced).collect()
    }

    /// The warnings about parameters behind the `?` of a read, as of members of a body.
    pub fn unrecognized_in_query(&self) -> Vec<String> {
        let mut names: Vec<&str> = self.query.names().collect();
        names.sort_unstable();
        names.dedup();
        let captured = |name: &&str| pattern::parameters(self.route.pattern).any(|p| p == *name);
        let known = |name: &&str| self.route.fields.iter().any(|field| field.name == *name);
        let (given, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(captured);
        let unknown: Vec<&str> = others.into_iter().filter(|name| !known(name)).collect();
        let unknown = (!unknown.is_empty()).then(|| {
            format!(
                "Endpoint ignored these unrecognized parameters: [{}]",
                unknown.join(" ")
            )
        });
        let replaced = (!given.is_empty()).then(|| {
            format!("Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [{}]", given.join(" "))
        });
        unknown.into_iter().chain(replaced).collect()
    }

    /// Whether the caller still waits and the server is still open: asked between items that take
    /// long.
    ///
    /// # Errors
    /// 503 that says to send less at once, or that the server is sealed.
    pub fn in_time(&self, app: &App) -> Result<(), Error> {
        app.keyring.unsealed()?;
        if Instant::now() < self.deadline {
            Ok(())
        } else {
            Err(Error::TooLong)
        }
    }

    /// What stands at the key's name, or at the first parameter of a pattern without one.
    pub fn parameter(&self) -> &str {
        let index = pattern::parameters(self.route.pattern).position(|name| name == "name");
        &self.captured[index.unwrap_or(0)]
    }

    /// What stands at a parameter; "" if the path has nothing there.
    pub fn captured(&self, parameter: &str) -> &str {
        let index = pattern::parameters(self.route.pattern).position(|name| name == parameter);
        index
            .and_then(|index| self.captured.get(index))
            .map_or("", String::as_str)
    }

    /// The key's name from the path.
    ///
    /// # Errors
    /// 404 if it cannot name a key; routing has excluded that.
    pub fn key_name(&self) -> Result<KeyName, Error> {
        KeyName::new(self.parameter()).ok_or(Error::UnsupportedPath)
    }
}

/// The parameters behind the `?`, decoded.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes `a=1&b=%20`; what cannot be decoded is taken as it stands.
    pub fn parse(text: Option<&str>) -> Self {
        let decode = |part: &str| {
            let spaced = part.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced)
                .decode_utf8_lossy()
                .into_owned()
        };
        let pairs = text
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// All of them, in order.
    pub fn into_pairs(self) -> impl Iterator<Item = (String, String)> {
        self.0.into_iter()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The first value of `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| &**value)
    }
}

/// What the method, and `?list=`, ask for.
///
/// # Errors
/// The answer that peers give to methods they do not know.
pub fn verb(method: &Method, query: &Query) -> Result<Verb, Error> {
    match method.as_str() {
        "GET" => match query.value("list") {
            Some(list) => match parse_bool(list) {
                Some(true) => Ok(Verb::List),
                Some(false) => Ok(Verb::Read),
                None => Err(Error::bad_request(
                    "the parameter \"list\" must be true or false",
                )),
            },
            None => Ok(Verb::Read),
        },
        "LIST" => Ok(Verb::List),
        "POST" | "PUT" => Ok(Verb::Write),
        "DELETE" => Ok(Verb::Delete),
        "HEAD" => Ok(Verb::Head),
        "PATCH" => Err(Error::UnsupportedOperation),
        _ => Err(Error::MethodNotAllowed),
    }
}
