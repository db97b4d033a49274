//! One share, as an operator holds it.
//!
//! ```text
//! offset  bytes  content
//! 0       1      version: 1
//! 1       8      store: first bytes of SHA-256("sealgate share store" ‖ store id)
//! 9       8      share set: random, new at every initialisation and rekey
//! 17      1      threshold, from 1
//! 18      1      number: the x coordinate, from 1
//! 19      32     y coordinates, one for each byte of the seal key, in GF(2^8) modulo 0x11d
//! 51      6      checksum: first bytes of SHA-256("sealgate share" ‖ bytes 0 to 50)
//! ```
//!
//! Its text is these 57 bytes in standard base64 (76 characters, no padding) or in hex
//! (114 characters).

use std::fmt;

use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ShareError;
use crate::{record::StoreId, secret::Secret256};

/// The only version there is.
pub(super) const VERSION: u8 = 1;
pub(super) const BASE64_CHARACTERS: usize = 76;
pub(super) const HEX_CHARACTERS: usize = 2 * SHARE_BYTES;

const SHARE_BYTES: usize = 57;
const CHECKED_BYTES: usize = 51;
const STORE_AT: usize = 1;
const SET_AT: usize = 9;
const THRESHOLD_AT: usize = 17;
const NUMBER_AT: usize = 18;
const Y_AT: usize = 19;

/// Names the shares that were made together. Public; random.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShareSetId([u8; 8]);

impl ShareSetId {
    /// A new one, from the operating system's random source.
    pub fn random() -> Result<Self, ShareError> {
        let mut id = [0; 8];
        SystemRandom::new()
            .fill(&mut id)
            .map_err(|_| ShareError::NoRandom)?;
        Ok(Self(id))
    }

    /// The 8 bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for ShareSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for ShareSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareSetId({self})")
    }
}

impl From<ShareSetId> for String {
    fn from(id: ShareSetId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ShareSetId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = u64::from_str_radix(&text, 16).map_err(|_| "a share set is 16 hex digits")?;
        let id = Self(number.to_be_bytes());
        // Only the form that this release writes, so that the text is unique.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err("a share set is 16 hex digits")
        }
    }
}

/// Where a share belongs. Public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareLabel {
    store: [u8; 8],
    set: ShareSetId,
    threshold: u8,
}

impl ShareLabel {
    /// The label of every share that is made for `store` in `set`.
    pub fn new(store: StoreId, set: ShareSetId, threshold: u8) -> Self {
        Self {
            store: first(b"sealgate share store", store.as_bytes()),
            set,
            threshold,
        }
    }

    /// Whether both are shares of the same installation.
    pub fn same_store(&self, other: &Self) -> bool {
        self.store == other.store
    }

    /// Whether both are shares of the same share set.
    pub fn same_set(&self, other: &Self) -> bool {
        self.set == other.set
    }

    /// Shares that give the key.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }
}

/// One share of the seal key. It wipes itself.
#[derive(Debug)]
pub struct Share {
    label: ShareLabel,
    number: u8,
    y: Secret256,
}

impl Share {
    pub(super) fn new(label: ShareLabel, number: u8, y: Secret256) -> Self {
        Self { label, number, y }
    }

    /// Parses a share in base64 or hex, with white space around it. Accepts any input.
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let text = text.trim();
        let mut bytes = Zeroizing::new([0; SHARE_BYTES]);
        match text.len() {
            BASE64_CHARACTERS => {
                let decoded = base64_simd::STANDARD
                    .decode(
                        text.as_bytes(),
                        base64_simd::Out::from_slice(bytes.as_mut_slice()),
                    )
                    .map_err(|_| ShareError::Encoding)?;
                if decoded.len() != SHARE_BYTES {
                    return Err(ShareError::Encoding);
                }
            }
            HEX_CHARACTERS => decode_hex(text.as_bytes(), &mut bytes)?,
            found => return Err(ShareError::Length { found }),
        }
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8; SHARE_BYTES]) -> Result<Self, ShareError> {
        if bytes[0] != VERSION {
            return Err(ShareError::Version { found: bytes[0] });
        }
        let (checked, sum) = bytes.split_at(CHECKED_BYTES);
        if checksum(checked) != sum {
            return Err(ShareError::Checksum);
        }
        let (threshold, number) = (bytes[THRESHOLD_AT], bytes[NUMBER_AT]);
        if threshold == 0 || number == 0 {
            return Err(ShareError::Numbers);
        }
        let eight = |at: usize| bytes[at..at + 8].try_into().expect("eight bytes");
        let label = ShareLabel {
            store: eight(STORE_AT),
            set: ShareSetId(eight(SET_AT)),
            threshold,
        };
        let y = Secret256::copy_of(&bytes[Y_AT..CHECKED_BYTES]).expect("32 bytes");
        Ok(Self { label, number, y })
    }

    fn to_bytes(&self) -> Zeroizing<[u8; SHARE_BYTES]> {
        let mut bytes = Zeroizing::new([0; SHARE_BYTES]);
        bytes[0] = VERSION;
        bytes[STORE_AT..SET_AT].copy_from_slice(&self.label.store);
        bytes[SET_AT..THRESHOLD_AT].copy_from_slice(&self.label.set.0);
        bytes[THRESHOLD_AT] = self.label.threshold;
        bytes[NUMBER_AT] = self.number;
        bytes[Y_AT..CHECKED_BYTES].copy_from_slice(self.y.expose());
        let sum = checksum(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..].copy_from_slice(&sum);
        bytes
    }

    /// The share in base64, to be handed to its keeper. Leaves the secret type: print it once.
    pub fn expose_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(base64_simd::STANDARD.encode_to_string(self.to_bytes().as_slice()))
    }

    /// The share in hex, to be handed to its keeper. Leaves the secret type: print it once.
    pub fn expose_hex(&self) -> Zeroizing<String> {
        // With the whole capacity at once, so that no shorter copy is left behind.
        let mut text = Zeroizing::new(String::with_capacity(HEX_CHARACTERS));
        for byte in *self.to_bytes() {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(nibble.into(), 16).expect("a nibble is a digit"));
            }
        }
        text
    }

    /// Where it belongs.
    pub fn label(&self) -> &ShareLabel {
        &self.label
    }

    /// Its number in the share set, from 1: the x coordinate.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The y coordinates.
    pub(super) fn y(&self) -> &Secret256 {
        &self.y
    }

    /// Whether both are the same share. Takes the same time for all shares of one number.
    pub fn matches(&self, other: &Self) -> bool {
        self.label == other.label && self.number == other.number && self.y.matches(other.y.expose())
    }
}

fn checksum(checked: &[u8]) -> [u8; 6] {
    first(b"sealgate share", checked)
}

/// The first `N` bytes of SHA-256(`domain` ‖ `content`).
fn first<const N: usize>(domain: &[u8], content: &[u8]) -> [u8; N] {
    let joined = Zeroizing::new([domain, content].concat());
    let hash = digest(&SHA256, &joined);
    *hash.as_ref().first_chunk().expect("a hash has 32 bytes")
}

fn decode_hex(text: &[u8], bytes: &mut [u8; SHARE_BYTES]) -> Result<(), ShareError> {
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(ShareError::Encoding);
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).expect("two nibbles");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn share() -> Share {
        let label = ShareLabel::new(
            StoreId::new(Uuid::from_u128(1)),
            ShareSetId([0, 1, 2, 3, 4, 5, 6, 7]),
            3,
        );
        Share::new(label, 2, Secret256::copy_of(&[9; 32]).unwrap())
    }

    #[test]
    fn both_texts_read_back() {
        let share = share();
        let (base64, hex) = (share.expose_base64(), share.expose_hex());
        assert_eq!(
            (base64.len(), hex.len()),
            (BASE64_CHARACTERS, HEX_CHARACTERS)
        );
        for text in [
            &*base64,
            &*hex,
            &hex.to_uppercase(),
            &format!("  {}\r\n", *base64),
        ] {
            assert!(Share::parse(text).unwrap().matches(&share));
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let bytes = share().to_bytes();
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[9..17], [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(bytes[17..19], [3, 2]);
        assert_eq!(bytes[19..51], [9; 32]);
        let hash = digest(&SHA256, &[b"sealgate share", &bytes[..51]].concat());
        assert_eq!(bytes[51..], hash.as_ref()[..6]);
    }

    #[test]
    fn a_mistyped_share_is_named_as_such() {
        let base64 = share().expose_base64();
        for at in 0..base64.len() {
            let mut typed = base64.to_string();
            let other = if &typed[at..=at] == "A" { "B" } else { "A" };
            typed.replace_range(at..=at, other);
            assert!(matches!(
                Share::parse(&typed),
                Err(ShareError::Checksum | ShareError::Version { .. })
            ));
        }
        for length in 0..base64.len() {
            assert_eq!(
                Share::parse(&base64[..length]).unwrap_err(),
                ShareError::Length { found: length }
            );
        }
        assert_eq!(
            Share::parse(&"!".repeat(76)).unwrap_err(),
            ShareError::Encoding
        );
        assert_eq!(
            Share::parse(&"g".repeat(114)).unwrap_err(),
            ShareError::Encoding
        );
        assert_eq!(
            Share::parse(&"ä".repeat(38)).unwrap_err(),
            ShareError::Encoding
        );
        let padded = format!("{}==", &base64[..74]);
        assert_eq!(Share::parse(&padded).unwrap_err(), ShareError::Encoding);
    }

    #[test]
    fn numbers_count_from_1() {
        for at in [THRESHOLD_AT, NUMBER_AT] {
            let mut bytes = *share().to_bytes();
            bytes[at] = 0;
            let sum = checksum(&bytes[..CHECKED_BYTES]);
            bytes[CHECKED_BYTES..].copy_from_slice(&sum);
            assert_eq!(Share::from_bytes(&bytes).unwrap_err(), ShareError::Numbers);
        }
    }

    #[test]
    fn debug_shows_no_share() {
        assert!(format!("{:?}", share()).contains("y: SecretArray(32 bytes)"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_share_or_an_error(text in ".{0,130}") {
            let _ = Share::parse(&text);
        }

        #[test]
        fn any_base64_is_a_share_or_an_error(bytes in proptest::array::uniform32(any::<u8>())) {
            let text = base64_simd::STANDARD.encode_to_string([&bytes[..], &bytes[..25]].concat());
            prop_assert!(Share::parse(&text).is_err());
        }
    }
}
