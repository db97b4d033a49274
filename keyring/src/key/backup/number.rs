//! Integers of any size, which Go writes into JSON as they are.

use crypto_bigint::BoxedUint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;
use zeroize::{Zeroize, Zeroizing};

use crate::secret::SecretBytes;

/// More digits than the modulus of the largest RSA key has.
const MAX_DIGITS: usize = 5000;

/// A number that may be secret, big-endian and without leading zeros.
pub(super) struct Number(SecretBytes);

impl Number {
    /// Takes a number with or without leading zeros.
    pub(super) fn from_be(bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        Self(SecretBytes::copy_of(&bytes[zeros..]))
    }

    /// The number without leading zeros.
    pub(super) fn as_be(&self) -> &[u8] {
        self.0.expose()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bits = u32::try_from(self.0.len() * 8).map_err(S::Error::custom)?;
        let mut number =
            BoxedUint::from_be_slice(self.as_be(), bits.max(8)).map_err(S::Error::custom)?;
        let text = number.to_string_radix_vartime(10);
        number.zeroize();
        RawValue::from_string(text)
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: Box<str> = Box::<RawValue>::deserialize(deserializer)?.into();
        let text = Zeroizing::new(String::from(raw));
        let digits = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Err(D::Error::custom("expected a whole number"));
        }
        let mut number = BoxedUint::from_str_radix_vartime(&text, 10).map_err(D::Error::custom)?;
        let bytes = Zeroizing::new(number.to_be_bytes());
        number.zeroize();
        Ok(Self::from_be(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(bytes: Vec<u8>) {
            let number = Number::from_be(&bytes);
            let text = serde_json::to_string(&number).unwrap();
            let read: Number = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.as_be(), number.as_be());
        }
    }

    #[test]
    fn knows_some_numbers() {
        for (text, bytes) in [("0", &[][..]), ("255", &[255]), ("65537", &[1, 0, 1])] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(number.as_be(), bytes);
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
        for text in ["-1", "1.5", "1e3", "\"1\"", "[1]"] {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }
}
