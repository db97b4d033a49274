//! Settings of a whole mount: `config/keys` and `cache-config`.

use serde::{Deserialize, Serialize};

use crate::lenient;

/// Request and answer of `config/keys`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysConfig {
    /// Whether encrypting with a key that does not exist fails instead of creating it.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub disable_upsert: Option<bool>,
}

/// Request and answer of `cache-config`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheConfig {
    /// How many keys are kept open; 0 is without a limit.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_round_trip() {
        let config: KeysConfig = serde_json::from_str(r#"{"disable_upsert":"true"}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&config).unwrap(),
            r#"{"disable_upsert":true}"#
        );
        let cache: CacheConfig = serde_json::from_str(r#"{"size":"100"}"#).unwrap();
        assert_eq!(serde_json::to_string(&cache).unwrap(), r#"{"size":100}"#);
    }
}
