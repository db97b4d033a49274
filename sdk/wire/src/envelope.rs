//! What every answer is wrapped in.

use serde::{Deserialize, Serialize};

/// A successful answer with data.
///
/// Source: <https://openbao.org/api-docs/#response-format>.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Names the request in the audit log.
    #[serde(default)]
    pub request_id: String,
    /// Empty: transit answers are not leased.
    #[serde(default)]
    pub lease_id: String,
    /// Whether the lease can be renewed.
    #[serde(default)]
    pub renewable: bool,
    /// Seconds that the lease lasts.
    #[serde(default)]
    pub lease_duration: u64,
    /// The answer proper. `None` is `null`, as where there are only warnings to give.
    pub data: Option<T>,
    /// Always `null`: Sealgate does not wrap answers, and its client does not ask for it.
    #[serde(default, skip_deserializing)]
    pub wrap_info: (),
    /// What worked, but not quite as asked.
    #[serde(default)]
    pub warnings: Option<Vec<String>>,
    /// Always `null`: none of these messages is a login.
    #[serde(default, skip_deserializing)]
    pub auth: (),
}

impl<T> Envelope<T> {
    /// An answer without warnings.
    pub fn new(request_id: impl Into<String>, data: T) -> Self {
        Self {
            request_id: request_id.into(),
            lease_id: String::new(),
            renewable: false,
            lease_duration: 0,
            data: Some(data),
            wrap_info: (),
            warnings: None,
            auth: (),
        }
    }

    /// Adds a warning.
    #[must_use]
    pub fn with_warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.get_or_insert_default().push(warning.into());
        self
    }
}

/// A refusal. An empty list goes with 404 where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// One sentence per reason.
    pub errors: Vec<String>,
}

impl Errors {
    /// A refusal with one reason.
    pub fn one(reason: impl Into<String>) -> Self {
        Self {
            errors: vec![reason.into()],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn peer() -> Value {
        json!({
            "request_id": "24b1", "lease_id": "", "renewable": false, "lease_duration": 0,
            "data": {"size": 0}, "wrap_info": null, "warnings": null, "auth": null
        })
    }

    #[test]
    fn every_field_of_the_peer_is_written() {
        let ours = Envelope::new("24b1", json!({"size": 0}));
        assert_eq!(serde_json::to_value(&ours).unwrap(), peer());
    }

    #[test]
    fn an_answer_of_the_peer_is_read() {
        let read: Envelope<Value> = serde_json::from_value(peer()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), peer());
    }

    #[test]
    fn warnings_become_a_list() {
        let warned = Envelope::new("1", ()).with_warning("a").with_warning("b");
        assert_eq!(warned.warnings.unwrap(), ["a", "b"]);
    }

    #[test]
    fn errors_round_trip() {
        let json = r#"{"errors":["Vault is sealed"]}"#;
        let read: Errors = serde_json::from_str(json).unwrap();
        assert_eq!(read, Errors::one("Vault is sealed"));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
}
