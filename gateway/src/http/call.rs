//! One request, taken apart: who asks for what, with which parameters.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::Method;
use sealgate_keyring::{keyring::MountEntry, name::KeyName};

use super::fields::{Fields, parse_bool};
use crate::{
    auth::Caller,
    error::Error,
    pattern,
    routes::{FieldKind, Route, Verb},
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
    /// What stands at `{name}` in the route's pattern, or at the first parameter of one without.
    pub parameter: String,
    /// What stands at the other parameters.
    pub more_parameters: Vec<(&'static str, String)>,
    /// The mount the path lies in; present on the mount's own routes.
    pub mount: Option<Arc<MountEntry>>,
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
        if fields.is_empty() {
            return Vec::new();
        }
        let route = self.route;
        let unknown = fields.unrecognized(|name| {
            route.fields.iter().any(|field| field.name == name)
                || pattern::parameters(route.pattern).any(|parameter| parameter == name)
        });
        let could_be = route.fields.iter();
        let could_be = could_be.filter(|field| field.kind == FieldKind::InPath);
        let mut replaced: Vec<&str> = could_be
            .map(|field| field.name)
            .chain(pattern::parameters(route.pattern))
            .filter(|name| fields.raw(name).is_some_and(|raw| raw.get() != "null"))
            .collect();
        replaced.sort_unstable();
        replaced.dedup();
        let replaced = (!replaced.is_empty()).then(|| {
            format!(
                "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [{}]",
                replaced.join(" ")
            )
        });
        unknown.into_iter().chain(replaced).collect()
    }

    /// What stands at a parameter that is not the key's name; `None` if the pattern has no such
    /// parameter.
    pub fn captured(&self, parameter: &str) -> Option<&str> {
        let named = |(name, _): &&(&str, String)| *name == parameter;
        match self.more_parameters.iter().find(named) {
            Some((_, value)) => Some(value),
            None => {
                let first = pattern::parameters(self.route.pattern).next();
                (first == Some(parameter)).then_some(&*self.parameter)
            }
        }
    }

    /// The key's name from the path.
    ///
    /// # Errors
    /// 404 if it cannot name a key; routing has excluded that.
    pub fn key_name(&self) -> Result<KeyName, Error> {
        KeyName::new(&self.parameter).ok_or(Error::UnsupportedPath)
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
