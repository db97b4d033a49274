//! What a client is told that asks too much, in one place.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::config::in_units;

/// Why a request is not served. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is, or says it is, too large.
    #[error("the request body is larger than {} (limits.max_body_bytes)", in_units(*limit))]
    BodyTooLarge {
        /// `limits.max_body_bytes`
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the request body did not arrive within {limit:?} (limits.request_timeout)")]
    BodyTooSlow {
        /// `limits.request_timeout`
        limit: Duration,
    },
    /// The body's framing is wrong, or the client left.
    #[error("the request body ended early or is not framed as HTTP asks")]
    BodyBroken,
    /// Request line and header fields are too large together.
    #[error("the request head is larger than {} (limits.max_header_bytes)", in_units(*limit))]
    HeadTooLarge {
        /// `limits.max_header_bytes`
        limit: usize,
    },
    /// More header fields than an HTTP/1 request may have.
    #[error("the request has more than 100 header fields")]
    TooManyHeaders,
    /// The head did not arrive in time.
    #[error("the request head did not arrive within {limit:?} (limits.header_timeout)")]
    HeadTooSlow {
        /// `limits.header_timeout`
        limit: Duration,
    },
    /// Path and query are too long.
    #[error("the request's path and query are longer than {} (limits.max_uri_bytes)", in_units(*limit))]
    UriTooLong {
        /// `limits.max_uri_bytes`, or what the HTTP library can represent
        limit: usize,
    },
    /// The bytes are not an HTTP request.
    #[error("the request is not valid HTTP")]
    Malformed,
    /// Enough requests are being worked on.
    #[error(
        "the server is busy: {limit} requests are in progress (limits.max_concurrent_requests); try again"
    )]
    Busy {
        /// `limits.max_concurrent_requests`
        limit: usize,
    },
    /// The handler did not answer in time.
    #[error(
        "there was no answer within {limit:?} (limits.request_timeout); the request may still take effect"
    )]
    AnswerTooSlow {
        /// `limits.request_timeout`
        limit: Duration,
    },
    /// A handler broke.
    #[error("internal error")]
    Internal,
}

impl Refusal {
    /// The HTTP status that fits.
    pub fn status(self) -> StatusCode {
        match self {
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow { .. } | Self::HeadTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::HeadTooLarge { .. } | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::Malformed | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::Busy { .. } | Self::AnswerTooSlow { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence in the form clients know, `{"errors":["…"]}`.
    pub fn body(self) -> String {
        serde_json::json!({ "errors": [self.to_string()] }).to_string()
    }

    /// Whether bytes of the request stay unread, so that the connection has no use any more.
    pub(super) fn leaves_body_unread(self) -> bool {
        matches!(
            self,
            Self::BodyTooLarge { .. } | Self::BodyTooSlow { .. } | Self::BodyBroken
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let json = [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )];
        let mut response = (self.status(), json, self.body()).into_response();
        if let Self::Busy { .. } = self {
            let soon = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}
