//! What the API shows about a mount besides its path and its keys.
//!
//! Most of it has no meaning here: nothing has a lease, and everything is sealed. Clients set it
//! all the same, and infrastructure tools complain unless they read back what they wrote.

use std::collections::BTreeMap;

use sealgate_keyring::mount::Mount;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::{
    app::VERSION,
    error::Error,
    http::fields::{Fields, parse_seconds, parse_strict},
};

/// The lease time of what has none of its own, in seconds: 32 days.
pub const SYSTEM_LEASE_TTL: u64 = 32 * 24 * 3600;

/// What may be said about a mount. Stored with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MountFacts {
    /// Settings, without effect except for the visibility.
    pub config: MountConfig,
    /// What the mount is for.
    pub description: String,
    /// Read back.
    pub external_entropy_access: bool,
    /// Read back.
    pub local: bool,
    /// Read back; a client may say that there are none at all.
    pub options: Option<BTreeMap<String, String>>,
    /// Read back.
    pub seal_wrap: bool,
}

/// Settings of a mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MountConfig {
    /// Read back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_response_headers: Vec<String>,
    /// Read back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit_non_hmac_request_keys: Vec<String>,
    /// Read back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit_non_hmac_response_keys: Vec<String>,
    /// In seconds; 0: the system's.
    pub default_lease_ttl: u64,
    /// Read back.
    pub force_no_cache: bool,
    /// Whether callers without a token see the mount.
    #[serde(skip_serializing_if = "Visibility::is_default")]
    pub listing_visibility: Visibility,
    /// In seconds; 0: the system's.
    pub max_lease_ttl: u64,
    /// Read back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passthrough_request_headers: Vec<String>,
}

/// Who sees a mount in `sys/internal/ui/mounts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Callers with a token.
    #[default]
    #[serde(rename = "")]
    Default,
    /// The same, said out loud.
    Hidden,
    /// Everyone.
    Unauth,
}

/// A mount as `sys/mounts` shows it.
#[derive(Serialize)]
pub struct Shown {
    accessor: String,
    config: MountConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecation_status: Option<&'static str>,
    description: String,
    external_entropy_access: bool,
    local: bool,
    options: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    plugin_version: &'static str,
    running_plugin_version: String,
    running_sha256: &'static str,
    seal_wrap: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    uuid: String,
}

impl Visibility {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }

    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "" => Ok(Self::Default),
            "hidden" => Ok(Self::Hidden),
            "unauth" => Ok(Self::Unauth),
            _ => Err(Error::bad_request(format!(
                "invalid listing_visibility {text}"
            ))),
        }
    }
}

impl MountFacts {
    /// The facts that are stored with `mount`.
    pub fn of(mount: &Mount) -> Self {
        let stored = Value::Object(mount.attributes.clone().into_iter().collect());
        // What another release wrote and this one cannot read has no effect: see above.
        serde_json::from_value(stored).unwrap_or_default()
    }

    /// As they are stored with a mount.
    pub fn into_attributes(self) -> BTreeMap<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members.into_iter().collect(),
            _ => unreachable!("a struct with string keys becomes an object"),
        }
    }

    /// The mount as the API shows it. `path` is shown where the caller did not name it.
    pub fn show(mount: &Mount, path: Option<String>) -> Shown {
        let facts = Self::of(mount);
        let id = mount.id.simple().to_string();
        Shown {
            accessor: format!("transit_{}", &id[..8]),
            config: facts.config,
            deprecation_status: Some("supported"),
            description: facts.description,
            external_entropy_access: facts.external_entropy_access,
            local: facts.local,
            options: facts.options,
            path,
            plugin_version: "",
            running_plugin_version: running_version(),
            running_sha256: "",
            seal_wrap: facts.seal_wrap,
            kind: "transit",
            uuid: mount.id.to_string(),
        }
    }
}

impl Shown {
    /// The system itself, which is a mount to the peers.
    pub fn system(store: uuid::Uuid) -> Self {
        let id = store.simple().to_string();
        Self {
            accessor: format!("system_{}", &id[..8]),
            config: MountConfig::default(),
            deprecation_status: None,
            description: "the seal, the health and the mounts of this server".to_owned(),
            external_entropy_access: false,
            local: false,
            options: None,
            path: None,
            plugin_version: "",
            running_plugin_version: running_version(),
            running_sha256: "",
            seal_wrap: true,
            kind: "system",
            uuid: store.to_string(),
        }
    }

    /// The same with its path.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        Self {
            path: Some(path.to_owned()),
            ..self
        }
    }
}

fn running_version() -> String {
    format!("v{VERSION}.builtin")
}

impl MountConfig {
    /// Reads what `fields` says about the settings, and leaves the rest as it is. `ttl_failed`
    /// puts the words of its operation around a lease time that cannot be read.
    ///
    /// # Errors
    /// 400.
    pub fn update(
        &mut self,
        fields: &Fields<'_>,
        ttl_failed: impl Fn(&str, &str) -> String,
    ) -> Result<(), Error> {
        for (name, kind, ttl) in [
            ("default_lease_ttl", "default", &mut self.default_lease_ttl),
            ("max_lease_ttl", "max", &mut self.max_lease_ttl),
        ] {
            match fields.string(name)?.as_deref() {
                None | Some("") => {}
                Some("system") => *ttl = 0,
                Some(text) => {
                    let seconds = parse_seconds(text).and_then(|found| u64::try_from(found).ok());
                    *ttl = seconds.ok_or_else(|| Error::bad_request(ttl_failed(kind, text)))?;
                }
            }
        }
        if let Some(force) = fields.boolean("force_no_cache")? {
            self.force_no_cache = force;
        }
        if let Some(text) = fields.string("listing_visibility")? {
            self.listing_visibility = Visibility::parse(&text)?;
        }
        for (name, list) in [
            (
                "allowed_response_headers",
                &mut self.allowed_response_headers,
            ),
            (
                "audit_non_hmac_request_keys",
                &mut self.audit_non_hmac_request_keys,
            ),
            (
                "audit_non_hmac_response_keys",
                &mut self.audit_non_hmac_response_keys,
            ),
            (
                "passthrough_request_headers",
                &mut self.passthrough_request_headers,
            ),
        ] {
            if let Some(raw) = fields.raw(name) {
                *list = strings(name, raw)?;
            }
        }
        Ok(())
    }
}

/// A list of strings, or one string with commas.
fn strings(name: &str, raw: &RawValue) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Many(Vec<String>),
        One(String),
        None,
    }
    match serde_json::from_str(raw.get()) {
        Ok(List::Many(list)) => Ok(list),
        Ok(List::One(text)) if text.is_empty() => Ok(Vec::new()),
        Ok(List::One(text)) => Ok(text.split(',').map(|part| part.trim().to_owned()).collect()),
        Ok(List::None) => Ok(Vec::new()),
        Err(_) => Err(Error::bad_request(format!(
            "{name:?} must be a list of strings"
        ))),
    }
}

/// Options: an object of strings; numbers and truth values are taken as their text.
///
/// # Errors
/// 400 if it is anything else.
pub fn options(raw: &RawValue) -> Result<Option<BTreeMap<String, String>>, Error> {
    let wrong = || Error::bad_request("\"options\" must be an object with strings");
    if raw.get() == "null" {
        return Ok(None);
    }
    let members: BTreeMap<String, Value> =
        parse_strict(raw.get().as_bytes()).map_err(|_| wrong())?;
    let text = |value| match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(if value { "1" } else { "0" }.to_owned()),
        _ => Err(wrong()),
    };
    let members = members
        .into_iter()
        .map(|(name, value)| Ok((name, text(value)?)));
    Ok(Some(members.collect::<Result<_, Error>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealgate_keyring::mount::MountPath;

    #[test]
    fn facts_come_back_from_a_mount() {
        let facts = MountFacts {
            description: "orders".to_owned(),
            options: Some([("a".to_owned(), "b".to_owned())].into()),
            config: MountConfig {
                listing_visibility: Visibility::Unauth,
                max_lease_ttl: 7200,
                ..MountConfig::default()
            },
            ..MountFacts::default()
        };
        let path = MountPath::new("orders").unwrap();
        let mount = Mount::new(path, facts.clone().into_attributes());
        assert_eq!(MountFacts::of(&mount), facts);
    }

    #[test]
    fn settings_are_read_in_every_form() {
        let body = br#"{"default_lease_ttl": "1h", "max_lease_ttl": 7200, "force_no_cache": 1,
            "passthrough_request_headers": "A, B", "allowed_response_headers": ["C"]}"#;
        let mut config = MountConfig::default();
        let failed = |_: &str, text: &str| text.to_owned();
        config
            .update(&Fields::parse(body).unwrap(), failed)
            .unwrap();
        assert_eq!(
            (config.default_lease_ttl, config.max_lease_ttl),
            (3600, 7200)
        );
        assert_eq!(config.passthrough_request_headers, ["A", "B"]);
        assert_eq!(config.allowed_response_headers, ["C"]);
        assert!(config.force_no_cache);
        for body in [
            r#"{"default_lease_ttl": "x"}"#,
            r#"{"max_lease_ttl": -1}"#,
            r#"{"listing_visibility": "all"}"#,
            r#"{"allowed_response_headers": {"a": 1}}"#,
        ] {
            let fields = Fields::parse(body.as_bytes()).unwrap();
            assert!(config.update(&fields, failed).is_err(), "{body}");
        }
    }
}
