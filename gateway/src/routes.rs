//! The route table: every operation there is, as data.
//!
//! Matching, the refusal of callers without a token, the answers of a sealed server, the OpenAPI
//! document and the tests all read this one table.

use futures_util::future::BoxFuture;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
    pattern::{Captured, captured},
};

/// What is asked of a path. POST and PUT are one verb, as are LIST and `GET ?list=true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// GET.
    Read,
    /// LIST.
    List,
    /// POST or PUT.
    Write,
    /// DELETE.
    Delete,
    /// HEAD.
    Head,
}

/// Where a route's pattern begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Behind `/v1/`.
    Root,
    /// Behind the path of a mount.
    Mount,
}

/// Who may call, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, at any time, sealed or not.
    Public,
    /// Anyone, while unsealed. The handler looks at the caller itself.
    Open,
    /// Only a caller with a token, while unsealed.
    Token,
    /// Anyone while sealed, and only a caller with a token while unsealed.
    TokenUnlessSealed,
}

/// Answers one call.
pub type Handler = for<'a> fn(&'a App, &'a Call) -> BoxFuture<'a, Result<Answer, Error>>;

/// One operation.
pub struct Route {
    /// The operation's name, in the OpenAPI document and in metrics.
    pub operation: &'static str,
    /// One sentence for the OpenAPI document.
    pub summary: &'static str,
    /// What is asked.
    pub verb: Verb,
    /// Where the pattern begins.
    pub area: Area,
    /// What the path is like; see [`crate::pattern`].
    pub pattern: &'static str,
    /// Who may call.
    pub access: Access,
    /// The fields of the body, or what may stand behind the `?` of a read.
    pub fields: &'static [Field],
    /// Answers the call.
    pub handler: Handler,
}

/// A member of a request body.
pub struct Field {
    /// The member's name.
    pub name: &'static str,
    /// The JSON type that is documented; others are converted where the peers do.
    pub kind: FieldKind,
    /// What it means.
    pub description: &'static str,
}

/// The JSON type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    String,
    /// Bytes as standard base64.
    Base64,
    /// An integer.
    Integer,
    /// A truth value.
    Boolean,
    /// Seconds, or a text such as `24h`.
    Duration,
    /// A list of objects.
    Batch,
    /// An object.
    Object,
    /// A list of strings, or one string with commas.
    Strings,
}

/// What the table says about a path and a verb.
pub enum Matched<'p> {
    /// This operation, and what stands at the pattern's parameters.
    Route(&'static Route, Captured<'p>),
    /// The path is known, but not with this verb.
    WrongVerb(Access),
    /// No such path.
    Nothing,
}

/// Finds the route of `area` for `verb` on `path`.
pub fn find<'p>(area: Area, verb: Verb, path: &'p str) -> Matched<'p> {
    let mut known = None;
    let first = path.as_bytes().first();
    // Most routes begin with another letter, which is seen before anything is compared.
    let begins = |route: &&Route| route.area == area && route.pattern.as_bytes().first() == first;
    for route in table().filter(begins) {
        let Some(captured) = captured(route.pattern, path) else {
            continue;
        };
        if route.verb == verb {
            return Matched::Route(route, captured);
        }
        known.get_or_insert(route.access);
    }
    known.map_or(Matched::Nothing, Matched::WrongVerb)
}

/// Every route.
pub fn table() -> impl Iterator<Item = &'static Route> {
    [
        crate::http::sys::ROUTES,
        crate::http::auth::ROUTES,
        crate::http::transit::ROUTES,
    ]
    .into_iter()
    .flatten()
}
