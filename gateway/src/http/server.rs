//! The HTTP entry: from a request on the wire to the one door, and the answer back.

use std::sync::Arc;

use axum::{body::to_bytes, response::IntoResponse};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header, request::Parts};
use percent_encoding::percent_decode_str;

use super::{Answer, Body, Query, form};
use crate::{
    app::App,
    error::Error,
    limits::Refusal,
    listener::PeerAddress,
    respond::Respond,
    service::{self, Request},
};

const PREFIX: &str = "/v1/";
const TOKEN: &str = "x-vault-token";
const NAMESPACE: &str = "x-vault-namespace";
const WRAP: &str = "x-vault-wrap-ttl";

/// Answers all requests. Sizes and times are bounded around it.
#[derive(Clone)]
pub struct Entry(Arc<App>);

impl Entry {
    /// The entry to `app`.
    pub fn new(app: Arc<App>) -> Self {
        Self(app)
    }
}

impl Respond for Entry {
    async fn respond(self, request: http::Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        match answer(&self.0, &parts, body).await {
            Ok(Ok(answer)) => answer.into_response(),
            Ok(Err(error)) => error.into_response(),
            Err(refusal) => refusal.into_response(),
        }
    }
}

async fn answer(app: &App, parts: &Parts, body: Body) -> Result<Result<Answer, Error>, Refusal> {
    let admitted = match request(parts).and_then(|request| service::admit(app, request)) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(Err(error)),
    };
    let body = read(body).await?;
    Ok(admitted
        .execute(app, form::into_json(&parts.headers, body))
        .await)
}

/// Reads the body to its end; how long that may be and take is bounded around the entry.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    to_bytes(body, usize::MAX)
        .await
        .map_err(|_| Refusal::BodyBroken)
}

fn request(parts: &Parts) -> Result<Request, Error> {
    let path = parts.uri.path().strip_prefix(PREFIX).ok_or(Error::Absent)?;
    let path = percent_decode_str(path).decode_utf8().ok();
    let path = path
        .filter(|path| !path.chars().any(char::is_control))
        .ok_or_else(|| Error::bad_request("the path must be UTF-8 without control characters"))?;
    refuse_unsupported(&parts.headers)?;
    Ok(Request {
        method: parts.method.clone(),
        path: path.into_owned(),
        query: Query::parse(parts.uri.query()),
        token: token(&parts.headers),
        peer: parts.extensions.get::<PeerAddress>().map(|peer| peer.0),
    })
}

/// Refuses what a header asks for and nobody here would do: doing the rest of the request
/// without it would give an answer the client takes for something else.
fn refuse_unsupported(headers: &HeaderMap) -> Result<(), Error> {
    let asks = |name| {
        headers
            .get(name)
            .is_some_and(|value: &HeaderValue| !value.is_empty())
    };
    if asks(NAMESPACE) {
        return Err(Error::bad_request(
            "there are no namespaces here: leave out X-Vault-Namespace",
        ));
    }
    if asks(WRAP) {
        return Err(Error::bad_request(
            "answers are not wrapped here: leave out X-Vault-Wrap-TTL",
        ));
    }
    Ok(())
}

/// The token: `X-Vault-Token`, or else `Authorization: Bearer`.
fn token(headers: &HeaderMap) -> Option<String> {
    let text = |name| {
        let value: &HeaderValue = headers.get(name)?;
        // A token that is no text is a wrong one, not none.
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let own = text(TOKEN.parse().ok()?).filter(|token| !token.is_empty());
    own.or_else(|| {
        let authorization = text(header::AUTHORIZATION)?;
        let token = authorization.strip_prefix("Bearer ")?.trim();
        (!token.is_empty()).then(|| token.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(headers: &[(&str, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<header::HeaderName>().unwrap(),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn the_first_header_with_a_token_counts() {
        let bearer = ("authorization", "Bearer  b ");
        for (headers, expected) in [
            (vec![], None),
            (vec![(TOKEN, "a")], Some("a")),
            (vec![(TOKEN, "a"), bearer], Some("a")),
            (vec![(TOKEN, ""), bearer], Some("b")),
            (vec![("authorization", "bearer b")], None),
            (vec![("authorization", "Bearer")], None),
            (vec![("authorization", "Bearer ")], None),
            (vec![("authorization", "Basic b")], None),
        ] {
            assert_eq!(token(&with(&headers)).as_deref(), expected, "{headers:?}");
        }
    }

    #[test]
    fn unsupported_headers_are_refused_unless_empty() {
        assert!(refuse_unsupported(&with(&[(NAMESPACE, ""), (WRAP, "")])).is_ok());
        assert!(refuse_unsupported(&with(&[(NAMESPACE, "team")])).is_err());
        assert!(refuse_unsupported(&with(&[(WRAP, "60s")])).is_err());
    }

    #[test]
    fn paths_are_decoded() {
        let read = |uri: &str| {
            let (parts, _) = http::Request::get(uri).body(()).unwrap().into_parts();
            request(&parts).map(|request| request.path)
        };
        assert_eq!(read("/v1/a%2Fb/%7Ec?d=%20").unwrap(), "a/b/~c");
        assert_eq!(read("/v1/").unwrap(), "");
        assert!(matches!(read("/v2/sys/health"), Err(Error::Absent)));
        for uri in ["/v1/a%00", "/v1/a%ff", "/v1/%0a"] {
            assert!(matches!(read(uri), Err(Error::BadRequest(_))), "{uri}");
        }
    }
}
