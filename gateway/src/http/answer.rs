//! What a handler answers, and the peers' envelope around it.

use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::error::Error;

/// A body that is complete in memory.
pub type Body = axum::body::Body;

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    shape: Shape,
    warnings: Vec<String>,
}

#[derive(Debug)]
enum Shape {
    /// Nothing to say: 204.
    Empty,
    /// JSON inside the envelope.
    Data(Box<RawValue>),
    /// JSON inside the envelope, and its members once more beside it, as `sys/mounts` has it.
    DataTwice(Box<RawValue>),
    /// JSON without an envelope, as the public `sys` paths have it.
    Bare(Box<RawValue>),
    /// No JSON at all, and its content type.
    Text(&'static str, String),
}

#[derive(Serialize)]
struct Envelope<'a> {
    request_id: Uuid,
    lease_id: &'a str,
    renewable: bool,
    lease_duration: u64,
    data: &'a RawValue,
    wrap_info: Option<()>,
    warnings: Option<&'a [String]>,
    auth: Option<()>,
}

impl Answer {
    /// 204 without a body.
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            shape: Shape::Empty,
            warnings: Vec::new(),
        }
    }

    /// 200 with `data` in the envelope.
    pub fn data(data: &impl Serialize) -> Self {
        Self::with(Shape::Data(raw(data)))
    }

    /// 200 with `data` in the envelope, and its members once more beside it.
    pub fn data_twice(data: &impl Serialize) -> Self {
        Self::with(Shape::DataTwice(raw(data)))
    }

    /// 200 with `body` and no envelope.
    pub fn bare(body: &impl Serialize) -> Self {
        Self::with(Shape::Bare(raw(body)))
    }

    /// 200 with `text` as it is.
    pub fn text(content_type: &'static str, text: String) -> Self {
        Self::with(Shape::Text(content_type, text))
    }

    fn with(shape: Shape) -> Self {
        Self {
            status: StatusCode::OK,
            shape,
            warnings: Vec::new(),
        }
    }

    /// The same answer under another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same answer with more warnings. An answer without an envelope shows none.
    #[must_use]
    pub fn warn(mut self, warning: impl IntoIterator<Item: ToString>) -> Self {
        self.warnings
            .extend(warning.into_iter().map(|warning| warning.to_string()));
        self
    }

    /// The HTTP response.
    pub fn into_response(self) -> Response<Body> {
        let warnings = (!self.warnings.is_empty()).then_some(&*self.warnings);
        let envelope = |data| Envelope {
            request_id: Uuid::new_v4(),
            lease_id: "",
            renewable: false,
            lease_duration: 0,
            data,
            wrap_info: None,
            warnings,
            auth: None,
        };
        let body = match self.shape {
            Shape::Empty => Vec::new(),
            Shape::Data(data) => line(&envelope(&data), data.get().len()),
            Shape::DataTwice(data) => twice(&data, &line(&envelope(&data), data.get().len())),
            Shape::Bare(body) => line(&body, body.get().len()),
            Shape::Text(content_type, text) => {
                let mut response = respond(self.status, text.into_bytes());
                let content_type = HeaderValue::from_static(content_type);
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, content_type);
                return response;
            }
        };
        respond(self.status, body)
    }
}

impl Error {
    /// The HTTP response: `{"errors": […]}`.
    pub fn into_response(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Errors {
            errors: Vec<String>,
        }
        let status = self.status();
        if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(error = %self, "a request failed");
        }
        let errors = self.sentence().into_iter().collect();
        respond(status, line(&Errors { errors }, 64))
    }
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("an answer's map keys are strings")
}

/// JSON and the line feed that the peers put behind it.
fn line(value: &impl Serialize, size: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(size + 256);
    serde_json::to_writer(&mut body, value).expect("an answer's map keys are strings");
    body.push(b'\n');
    body
}

/// The members of `data`, then those of `envelope`, in one object.
fn twice(data: &RawValue, envelope: &[u8]) -> Vec<u8> {
    let members = data.get().strip_suffix('}').unwrap_or_default();
    if members.len() < 2 {
        return envelope.to_vec();
    }
    [members.as_bytes(), b",", &envelope[1..]].concat()
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    );
    response
}
