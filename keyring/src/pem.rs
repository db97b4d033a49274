//! PEM (RFC 7468), as keys and certificates travel through the API.
//!
//! Text around a block is no part of it and ignored, as the RFC has it and tools write it. A block
//! must be whole, must end as it began, and has no headers: those are of encrypted keys.

use ::pem::{EncodeConfig, LineEnding, Pem};

/// The label of a SubjectPublicKeyInfo.
pub const PUBLIC_KEY: &str = "PUBLIC KEY";
/// The label of a PKCS #8 document.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// The label of a SEC 1 document.
pub const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
/// The label of a PKCS #1 document.
pub const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of a certificate signing request.
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";

/// What starts a block.
const BEGIN: &str = "-----BEGIN ";

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// There is no block, or a broken one.
    #[error("this is no PEM; give a whole block from -----BEGIN to -----END without headers")]
    Malformed,
    /// There are several blocks where one is asked for.
    #[error("there are several PEM blocks; give one")]
    Several,
    /// A block has another label than is asked for.
    #[error("a PEM block has another label than {0:?}")]
    Label(&'static str),
}

/// What a block holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it says it is, such as [`PUBLIC_KEY`].
    pub label: String,
    /// Its content, as a rule DER.
    pub content: Vec<u8>,
}

/// Writes a block with lines of 64 characters. Of a private key, the text is a secret too.
pub fn encode(label: &str, content: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    ::pem::encode_config(&Pem::new(label, content), config)
}

/// Reads the one block of a text.
///
/// # Errors
/// [`PemError::Malformed`], [`PemError::Several`].
pub fn decode(text: &str) -> Result<Block, PemError> {
    let [block] = <[_; 1]>::try_from(decode_all(text)?).map_err(|_| PemError::Several)?;
    Ok(block)
}

/// Reads the one block of a text, which must have this label.
///
/// # Errors
/// [`PemError`].
pub fn decode_labelled(label: &'static str, text: &str) -> Result<Vec<u8>, PemError> {
    let block = decode(text)?;
    if block.label == label {
        Ok(block.content)
    } else {
        Err(PemError::Label(label))
    }
}

/// Reads every block of a text, at least one.
///
/// # Errors
/// [`PemError::Malformed`].
pub fn decode_all(text: &str) -> Result<Vec<Block>, PemError> {
    let blocks = ::pem::parse_many(text).map_err(|_| PemError::Malformed)?;
    // The library stops in silence at a block without an end.
    if blocks.is_empty() || blocks.len() != text.matches(BEGIN).count() {
        return Err(PemError::Malformed);
    }
    blocks
        .into_iter()
        .map(|block| {
            if block.headers().iter().next().is_some() {
                return Err(PemError::Malformed);
            }
            Ok(Block {
                label: block.tag().to_owned(),
                content: block.into_contents(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_lines_of_64_characters() {
        let text = encode(PUBLIC_KEY, &[0; 49]);
        let line = "A".repeat(64);
        let expected =
            format!("-----BEGIN PUBLIC KEY-----\n{line}\nAA==\n-----END PUBLIC KEY-----\n");
        assert_eq!(text, expected);
        assert_eq!(encode(PUBLIC_KEY, &[0; 48]).lines().count(), 3);
    }

    #[test]
    fn reads_what_tools_write() {
        let text = encode(PUBLIC_KEY, b"content");
        let block = Block {
            label: PUBLIC_KEY.to_owned(),
            content: b"content".to_vec(),
        };
        let read = |text: &str| assert_eq!(decode(text).as_ref(), Ok(&block), "{text}");
        read(&text);
        read(text.trim_end());
        read(&text.replace('\n', "\r\n"));
        read(&format!("subject=somebody\n{text}\nand more"));
        read(&text.replace("Y29u", "Y29u\n"));
    }

    #[test]
    fn refuses_broken_blocks() {
        let text = encode(PUBLIC_KEY, b"content");
        let refused = |text: &str| assert_eq!(decode(text), Err(PemError::Malformed), "{text}");
        refused("");
        refused("no PEM");
        refused(&text[1..]);
        refused(text.trim_end_matches(['-', '\n']));
        refused(&text.replace("END PUBLIC", "END PRIVATE"));
        refused(&text.replace('=', ""));
        refused(&text.replace("Y29u", "Y2*u"));
        refused(&text.replace("Y29u", "Proc-Type: 4,ENCRYPTED\n\nY29u"));
        refused(&format!("{text}-----BEGIN PUBLIC KEY-----\n"));
        assert_eq!(decode(&format!("{text}{text}")), Err(PemError::Several));
        assert_eq!(
            decode_labelled(CERTIFICATE, &text),
            Err(PemError::Label(CERTIFICATE))
        );
    }

    #[test]
    fn reads_lists() {
        let (one, two) = (encode(CERTIFICATE, b"one"), encode(PUBLIC_KEY, b"two"));
        let list = decode_all(&format!("leaf\n{one}\nissuer\n{two}")).unwrap();
        let content: Vec<_> = list.iter().map(|block| &*block.content).collect();
        assert_eq!(content, [b"one", b"two"]);
        assert_eq!(
            decode_all(&format!("{one}{}", &two[..30])),
            Err(PemError::Malformed)
        );
    }

    proptest! {
        #[test]
        fn blocks_lead_back(content: Vec<u8>) {
            let text = encode(PRIVATE_KEY, &content);
            prop_assert_eq!(decode_labelled(PRIVATE_KEY, &text), Ok(content));
        }
    }
}
