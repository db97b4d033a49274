//! The closed table of keys, and the merge of file and environment into one set of values.

use std::collections::HashMap;

use toml::{Table, Value};

use super::error::{ConfigError, Origin};

/// Every section with every key it has.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    (
        "listener",
        &[
            "address",
            "tls_cert_file",
            "tls_key_file",
            "tls_min_version",
            "tls_disable",
            "allow_plain_http_on_network",
        ],
    ),
    ("store", &["kind", "path"]),
    (
        "limits",
        &[
            "max_body_bytes",
            "max_header_bytes",
            "max_uri_bytes",
            "max_batch_items",
            "max_connections",
            "max_concurrent_requests",
            "request_timeout",
            "header_timeout",
            "idle_timeout",
            "tls_handshake_timeout",
        ],
    ),
    ("keys", &["usage_interval"]),
    ("log", &["level", "format"]),
    ("lifecycle", &["drain_timeout"]),
];

/// A value before its key has looked at it.
#[derive(Debug)]
pub(super) enum Raw {
    /// From the file, with its TOML type.
    Toml(Value),
    /// From a variable; numbers and flags are text too.
    Variable(String),
}

/// All values that were given, each under a known section and key.
pub(super) struct Source(HashMap<(&'static str, &'static str), (Origin, Raw)>);

impl Source {
    /// Reads the file's text, then lets the environment override it. Refuses unknown names.
    pub(super) fn merge(
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut values = HashMap::new();
        for (name, value) in text.parse::<Table>()? {
            let Some(&(section, keys)) = SECTIONS.iter().find(|(section, _)| *section == name)
            else {
                let known = list(SECTIONS.iter().map(|(section, _)| format!("[{section}]")));
                return Err(ConfigError::UnknownSection { name, known });
            };
            let Value::Table(table) = value else {
                return Err(ConfigError::NotASection { name: section });
            };
            for (name, value) in table {
                let Some(&key) = keys.iter().find(|key| **key == name) else {
                    let known = list(keys.iter().map(|key| (*key).to_owned()));
                    return Err(ConfigError::UnknownKey {
                        section,
                        key: name,
                        known,
                    });
                };
                values.insert(
                    (section, key),
                    (Origin::File { section, key }, Raw::Toml(value)),
                );
            }
        }
        for (name, value) in env {
            if let Some(place) = overridden(&name, &value)? {
                values.insert(place, (Origin::Variable(name), Raw::Variable(value)));
            }
        }
        Ok(Self(values))
    }

    /// The value of `section.key` as `parse` understands it, or `None` when it was not given.
    /// `parse` answers with what it would have accepted.
    pub(super) fn read<T>(
        &self,
        section: &'static str,
        key: &'static str,
        parse: impl FnOnce(&Raw) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        debug_assert!(
            SECTIONS
                .iter()
                .any(|(name, keys)| *name == section && keys.contains(&key)),
            "{section}.{key} is missing from the table"
        );
        let Some((origin, raw)) = self.0.get(&(section, key)) else {
            return Ok(None);
        };
        parse(raw)
            .map(Some)
            .map_err(|expected| ConfigError::Invalid {
                origin: origin.clone(),
                found: match raw {
                    Raw::Toml(value) => value.to_string(),
                    Raw::Variable(text) => format!("{text:?}"),
                },
                expected,
            })
    }
}

/// The key that a variable overrides; `None` for a variable that is none of ours. The client's
/// `SEALGATE_ADDR`, `SEALGATE_TOKEN` and `SEALGATE_CACERT` name no section and pass.
fn overridden(
    name: &str,
    value: &str,
) -> Result<Option<(&'static str, &'static str)>, ConfigError> {
    let Some(rest) = name.strip_prefix("SEALGATE_") else {
        return Ok(None);
    };
    for &(section, keys) in SECTIONS {
        let Some(rest) = rest.strip_prefix(&format!("{}_", section.to_ascii_uppercase())) else {
            continue;
        };
        if let Some(&key) = keys.iter().find(|key| key.to_ascii_uppercase() == rest) {
            return Ok(Some((section, key)));
        }
        if is_service_link(rest, value) {
            return Ok(None);
        }
        let known = list(keys.iter().map(|key| {
            format!(
                "SEALGATE_{}_{}",
                section.to_ascii_uppercase(),
                key.to_ascii_uppercase()
            )
        }));
        return Err(ConfigError::UnknownVariable {
            name: name.to_owned(),
            known,
        });
    }
    Ok(None)
}

/// Whether Kubernetes put this variable into the pod because the namespace has a Service named,
/// say, `sealgate-store` (<https://kubernetes.io/docs/concepts/services-networking/service/>,
/// "Environment variables"). Nobody wrote it, so nobody could correct it.
fn is_service_link(rest: &str, value: &str) -> bool {
    rest == "SERVICE_HOST"
        || rest.starts_with("SERVICE_PORT")
        || rest.starts_with("PORT_")
        || (rest == "PORT" && value.contains("://"))
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
