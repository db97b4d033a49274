//! Why a key does not do as asked, in the peers' sentences.

use jiff::Timestamp;

use crate::{
    algorithm::{AeadAlgorithm, Algorithm, KeyType},
    base64::Base64Error,
    ciphertext::CiphertextError,
    ecdsa::SignatureForm,
    version::Version,
};

/// Why a key does not do as asked. The sentences are the peers'.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum KeyError {
    #[error("refusing to use soft-deleted key")]
    SoftDeleted,
    #[error("requested version for encryption is negative")]
    EncryptionVersionNegative,
    #[error("requested version for encryption is higher than the latest key version")]
    EncryptionVersionTooNew,
    #[error("requested version for encryption is less than the minimum encryption key version")]
    EncryptionVersionTooOld,
    #[error("no such key version")]
    NoSuchVersion,
    #[error("invalid ciphertext: version is too new")]
    VersionTooNew,
    #[error("ciphertext or signature version is disallowed by policy (too old)")]
    VersionTooOld,
    #[error(transparent)]
    Ciphertext(#[from] CiphertextError),
    #[error(
        "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key"
    )]
    MissingContext,
    #[error("invalid ciphertext length")]
    CiphertextLength,
    /// Wrong key, context, associated data or a changed byte: which one is not said.
    #[error("{}", authenticity_failed(*key_type))]
    Authenticity { key_type: KeyType },
    #[error("the message is too long for this key type")]
    MessageTooLong,
    #[error("failed to RSA encrypt the plaintext: message too long for RSA key size")]
    RsaMessageTooLong,
    #[error("message encryption not supported for key type {0}")]
    EncryptionNotSupported(KeyType),
    #[error("message decryption not supported for key type {0}")]
    DecryptionNotSupported(KeyType),
    #[error("'associated_data' provided for non-AEAD cipher suite {0}")]
    NoAssociatedData(KeyType),
    #[error("cannot decrypt ciphertext, key version does not have a private counterpart")]
    NoPrivatePartToDecrypt,
    #[error("key type {0} does not support signing")]
    SigningNotSupported(KeyType),
    #[error("key type {0} does not support verification")]
    VerificationNotSupported(KeyType),
    #[error("requested version for signing is negative")]
    SigningVersionNegative,
    #[error("requested version for signing is higher than the latest key version")]
    SigningVersionTooNew,
    #[error("requested version for signing is less than the minimum encryption key version")]
    SigningVersionTooOld,
    #[error("requested version for signing does not contain a private part")]
    NoPrivatePart,
    #[error(
        "error deriving key: missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key"
    )]
    MissingSigningContext,
    #[error("the signature could not be made")]
    NoSignature,
    #[error("the signature could not be made: {0}")]
    Signature(String),
    #[error("requested salt length {0} is invalid")]
    SaltLength(u16),
    #[error("hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15")]
    NoHashWithPss,
    #[error("invalid signature: no prefix")]
    SignatureNoPrefix,
    #[error("invalid signature: wrong number of fields")]
    SignatureFields,
    #[error("invalid signature: version number could not be decoded")]
    SignatureVersion,
    #[error("invalid signature: version is too new")]
    SignatureVersionTooNew,
    #[error("invalid base64 signature value")]
    SignatureBase64,
    #[error(transparent)]
    SignatureForm(#[from] SignatureForm),
    #[error("cannot generate HMAC: version is too old (disallowed by policy)")]
    HmacVersionTooOld,
    #[error("key version does not exist (cannot be negative)")]
    HmacVersionNegative,
    #[error("key version does not exist; latest key version is {0}")]
    HmacVersionTooNew(Version),
    #[error("invalid HMAC to verify: no prefix")]
    HmacNoPrefix,
    #[error("invalid HMAC: wrong number of fields")]
    HmacFields,
    #[error("invalid HMAC: version number could not be decoded")]
    HmacVersion,
    #[error("unable to decode verification HMAC as base64: {0}")]
    HmacBase64(Base64Error),
    #[error("invalid HMAC: version is too new")]
    HmacTooNew,
    #[error("cannot verify HMAC: version is too old (disallowed by policy)")]
    HmacTooOld,
    #[error("keys of type {0} make no CMAC; use a key of type aes128-cmac or aes256-cmac")]
    CmacNotSupported(KeyType),
    #[error("mac_length is 4 to 16 bytes")]
    MacLength,
    #[error("base key type {0} does not support key agreement")]
    NoKeyAgreement(KeyType),
    #[error("requested version of the base key is negative")]
    BaseVersionNegative,
    #[error("requested version of the base key is higher than the latest key version")]
    BaseVersionTooNew,
    #[error("requested version of the base key is less than the minimum available key version")]
    BaseVersionTooOld,
    #[error("requested version of the base key does not contain a private part")]
    NoPrivatePartToAgree,
    #[error("failed to parse supplied peer public key PEM: {0}")]
    PeerKey(String),
    #[error("supplied peer public key is not an ECDSA key")]
    PeerNotEcdsa,
    #[error("base private key type {0} does not match peer public key curve")]
    PeerCurve(KeyType),
    #[error("the operating system's random source failed")]
    NoRandomness,
    #[error(
        "key version {version} is disabled; enable it with keys/{name}/versions/{version}/enable"
    )]
    VersionDisabled { name: String, version: Version },
    #[error(
        "key version {version} is disabled and will be destroyed at {at}; enable it before with keys/{name}/versions/{version}/enable"
    )]
    VersionDestroying {
        name: String,
        version: Version,
        at: Timestamp,
    },
    #[error("key version {version} was destroyed at {at}")]
    VersionDestroyed { version: Version, at: Timestamp },
    /// The caller reserves more and tries again.
    #[error("no more encryptions are reserved for key version {version}; retry")]
    NoneReserved { version: Version },
    #[error("key version {version} has made all of its {limit} encryptions; rotate the key")]
    BudgetUsedUp { version: Version, limit: u64 },
}

/// How the peers say that a ciphertext cannot be opened. For a key it is always the same sentence.
fn authenticity_failed(key_type: KeyType) -> &'static str {
    match key_type.algorithm() {
        Algorithm::Aead(AeadAlgorithm::Chacha20Poly1305 | AeadAlgorithm::Xchacha20Poly1305) => {
            "chacha20poly1305: message authentication failed"
        }
        Algorithm::Rsa(_) => "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error",
        _ => "cipher: message authentication failed",
    }
}
