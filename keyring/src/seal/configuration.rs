//! What everybody may know about the seal, and the wrapped root key.
//!
//! The one record that is stored in plain, as JSON:
//!
//! ```text
//! {
//!   "schema": 1,
//!   "store_id": "3f1c…",          UUID of the installation
//!   "share_set": "00f1…",         16 hex digits
//!   "shares": 5,
//!   "threshold": 3,
//!   "wrapped_root_key": "U0dSQ…"  base64 of a record of 32 bytes, sealed under the seal key
//! }
//! ```
//!
//! Nothing else in it can be changed unnoticed, because the wrapped root key is bound to it:
//! domain `sealgate root key`, fields store id (16 bytes), path, share set (8 bytes), and shares
//! and threshold (2 bytes). Its term is 1.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::SealError;
use crate::{
    record::{AssociatedData, OVERHEAD_BYTES, Record, RecordError, StoreId, Term},
    share::{SealParameters, ShareLabel, ShareSetId},
    store::Path,
};

/// Where the configuration is stored.
pub const CONFIGURATION_PATH: &str = "seal/configuration";

const SCHEMA: u32 = 1;
const DOMAIN: &str = "sealgate root key";
const ROOT_KEY_BYTES: usize = 32;

/// The public part of the seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealConfiguration {
    /// The installation.
    pub store_id: StoreId,
    /// The shares that open this seal.
    pub share_set: ShareSetId,
    /// How many there are, and how many are needed.
    pub parameters: SealParameters,
    pub(super) wrapped_root_key: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    schema: u32,
    store_id: Uuid,
    share_set: ShareSetId,
    shares: u8,
    threshold: u8,
    wrapped_root_key: String,
}

/// Read first, so that a later schema is named even if its other fields are unknown.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

impl SealConfiguration {
    /// Parses the stored form. Accepts any input; whether the wrapped root key fits shows when
    /// the seal opens.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let Schema { schema } = serde_json::from_slice(bytes).map_err(not_json)?;
        if schema != SCHEMA {
            return Err(SealError::Schema { found: schema });
        }
        let json: Json = serde_json::from_slice(bytes).map_err(not_json)?;
        let wrapped_root_key = base64_simd::STANDARD
            .decode_to_vec(&json.wrapped_root_key)
            .map_err(|_| SealError::Configuration {
                reason: "its wrapped root key is not base64".to_owned(),
            })?;
        let record = Record::parse(&wrapped_root_key).map_err(SealError::WrappedRootKey)?;
        if record.ciphertext.len() != ROOT_KEY_BYTES {
            let found = OVERHEAD_BYTES + record.ciphertext.len();
            let expected = OVERHEAD_BYTES + ROOT_KEY_BYTES;
            return Err(SealError::Configuration {
                reason: format!("its wrapped root key has {found} bytes instead of {expected}"),
            });
        }
        if record.term != Term::FIRST {
            return Err(SealError::WrappedRootKey(RecordError::Term));
        }
        Ok(Self {
            store_id: StoreId::new(json.store_id),
            share_set: json.share_set,
            parameters: SealParameters::new(json.shares.into(), json.threshold.into())
                .map_err(SealError::Parameters)?,
            wrapped_root_key,
        })
    }

    /// The stored form.
    pub fn to_json(&self) -> Vec<u8> {
        let json = Json {
            schema: SCHEMA,
            store_id: self.store_id.uuid(),
            share_set: self.share_set,
            shares: self.parameters.shares(),
            threshold: self.parameters.threshold(),
            wrapped_root_key: base64_simd::STANDARD.encode_to_string(&self.wrapped_root_key),
        };
        serde_json::to_vec(&json).expect("numbers and strings have a JSON form")
    }

    /// [`CONFIGURATION_PATH`] as a path.
    pub fn path() -> Path {
        Path::new(CONFIGURATION_PATH).expect("the constant is a path")
    }

    /// The label of the shares that open this seal.
    pub fn label(&self) -> ShareLabel {
        ShareLabel::new(self.store_id, self.share_set, self.parameters.threshold())
    }

    /// What the wrapped root key is bound to.
    pub(super) fn place(&self, term: Term) -> AssociatedData {
        let numbers = [self.parameters.shares(), self.parameters.threshold()];
        let fields: [&[u8]; 4] = [
            self.store_id.as_bytes(),
            CONFIGURATION_PATH.as_bytes(),
            self.share_set.as_bytes(),
            &numbers,
        ];
        AssociatedData::new(DOMAIN, &fields, term)
    }
}

fn not_json(error: serde_json::Error) -> SealError {
    SealError::Configuration {
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seal::{Initialized, initialize};

    fn configuration() -> SealConfiguration {
        let parameters = SealParameters::new(5, 3).unwrap();
        let Initialized { configuration, .. } =
            initialize(parameters, StoreId::new(Uuid::from_u128(7))).unwrap();
        configuration
    }

    #[test]
    fn reads_back() {
        let configuration = configuration();
        let read = SealConfiguration::parse(&configuration.to_json()).unwrap();
        assert_eq!(read, configuration);
    }

    #[test]
    fn names_each_defect() {
        let good = String::from_utf8(configuration().to_json()).unwrap();
        let error = |from: &str, to: &str| {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good, "{from} is not there");
            SealConfiguration::parse(changed.as_bytes())
                .unwrap_err()
                .to_string()
        };
        for (from, to, expected) in [
            ("\"schema\":1", "\"schema\":2,\"later\":0", "schema 2"),
            ("\"schema\":1,", "", "missing field `schema`"),
            (
                "\"shares\":5",
                "\"shares\":2",
                "threshold cannot be larger than shares",
            ),
            ("\"shares\":5", "\"shares\":256", "expected u8"),
            (
                "\"shares\":5",
                "\"shares\":5,\"extra\":1",
                "unknown field `extra`",
            ),
            ("\"share_set\":\"", "\"share_set\":\"0", "16 hex digits"),
            (
                "\"wrapped_root_key\":\"",
                "\"wrapped_root_key\":\"!",
                "not base64",
            ),
            ("U0dSQw", "U0dSQv", "mark of a record"),
            (
                "\"wrapped_root_key\":\"U0dS",
                "\"wrapped_root_key\":\"U0dSU0dS",
                "mark of a record",
            ),
            ("}", "", "EOF"),
        ] {
            let error = error(from, to);
            assert!(error.contains(expected), "{from} -> {to}: {error}");
            assert!(error.contains(CONFIGURATION_PATH), "{error}");
        }
        let mut long = configuration();
        long.wrapped_root_key.push(0);
        let error = SealConfiguration::parse(&long.to_json()).unwrap_err();
        assert!(
            error.to_string().contains("70 bytes instead of 69"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_configuration_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            prop_assert!(SealConfiguration::parse(&bytes).is_err());
        }
    }
}
