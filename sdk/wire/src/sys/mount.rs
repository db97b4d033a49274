//! `sys/mounts`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Envelope, lenient};

/// A place below which an engine answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Names the mount for good, whatever its path.
    pub accessor: String,
    /// Lease settings.
    pub config: MountConfig,
    /// For people.
    pub description: String,
    /// Always false in Sealgate.
    #[serde(default)]
    pub external_entropy_access: bool,
    /// Always false in Sealgate.
    #[serde(default)]
    pub local: bool,
    /// Settings of the engine; `null` for transit.
    pub options: Option<BTreeMap<String, String>>,
    /// Release of the engine that was asked for; empty is the built-in one.
    #[serde(default)]
    pub plugin_version: String,
    /// Release of the engine that runs.
    #[serde(default)]
    pub running_plugin_version: String,
    /// Digest of the engine that runs; empty for a built-in one.
    #[serde(default)]
    pub running_sha256: String,
    /// Always false in Sealgate.
    #[serde(default)]
    pub seal_wrap: bool,
    /// Kind of the engine: `transit`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Identity of the mount.
    #[serde(default)]
    pub uuid: String,
}

/// Lease settings of a mount. Transit leases nothing, so they have no effect there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountConfig {
    /// Seconds.
    #[serde(default)]
    pub default_lease_ttl: u64,
    /// Always false in Sealgate.
    #[serde(default)]
    pub force_no_cache: bool,
    /// Seconds.
    #[serde(default)]
    pub max_lease_ttl: u64,
}

/// `POST sys/mounts/:path`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountRequest {
    /// Kind of the engine.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Lease settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<MountRequestConfig>,
}

/// Lease settings as a request gives them: seconds or a duration such as `"1h"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountRequestConfig {
    /// Seconds.
    #[serde(
        default,
        deserialize_with = "lenient::seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub default_lease_ttl: Option<u64>,
    /// Seconds.
    #[serde(
        default,
        deserialize_with = "lenient::seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_lease_ttl: Option<u64>,
}

/// Answer to `GET sys/mounts`: by path (with its final slash), once inside `data` and once beside
/// it, because old clients look there.
///
/// To read it, take an `Envelope<BTreeMap<String, Mount>>`.
#[derive(Clone, Debug, Serialize)]
pub struct Mounts {
    #[serde(flatten)]
    beside: BTreeMap<String, Mount>,
    #[serde(flatten)]
    envelope: Envelope<BTreeMap<String, Mount>>,
}

impl Mounts {
    /// The answer that lists `mounts`.
    pub fn new(request_id: impl Into<String>, mounts: BTreeMap<String, Mount>) -> Self {
        Self {
            beside: mounts.clone(),
            envelope: Envelope::new(request_id, mounts),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_is_written_twice_and_read_once() {
        let peer = json!({
            "accessor": "transit_09ff", "config": {"default_lease_ttl": 0,
            "force_no_cache": false, "max_lease_ttl": 0}, "deprecation_status": "supported",
            "description": "", "external_entropy_access": false, "local": false, "options": null,
            "plugin_version": "", "running_plugin_version": "v2.7.2+builtin.bao",
            "running_sha256": "", "seal_wrap": false, "type": "transit", "uuid": "08b1"
        });
        let mount: Mount = serde_json::from_value(peer).unwrap();
        let mounts = BTreeMap::from([("transit/".to_owned(), mount.clone())]);
        let written = serde_json::to_value(Mounts::new("1", mounts)).unwrap();
        assert_eq!(written["transit/"], written["data"]["transit/"]);
        assert_eq!(
            written["transit/"]["running_plugin_version"],
            "v2.7.2+builtin.bao"
        );
        assert_eq!(written["wrap_info"], serde_json::Value::Null);
        let read: Envelope<BTreeMap<String, Mount>> = serde_json::from_value(written).unwrap();
        assert_eq!(read.data.unwrap()["transit/"], mount);
    }

    #[test]
    fn lease_times_are_read_leniently() {
        let request: MountRequest =
            serde_json::from_str(r#"{"type":"transit","config":{"default_lease_ttl":"1h"}}"#)
                .unwrap();
        assert_eq!(request.config.unwrap().default_lease_ttl, Some(3_600));
    }
}
