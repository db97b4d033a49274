//! What can go wrong with RSA.

/// Why a key was not read, or an operation not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// Neither the structure nor the algorithm that was expected.
    #[error(
        "not an RSA key in DER; give a private key as PKCS #8 or PKCS #1, a public one as SPKI"
    )]
    Encoding,
    /// A modulus of a length that no key type has.
    #[error("RSA keys have 2048, 3072 or 4096 bits, this one has {bits}")]
    Size {
        /// Length of the modulus, in bits.
        bits: usize,
    },
    /// A key with three primes or more.
    #[error("RSA keys with more than two primes are not supported")]
    MultiPrime,
    /// Numbers that do not belong together, or a public exponent that is even, 1 or longer than 33
    /// bits.
    #[error("the numbers of the RSA key do not belong together")]
    Inconsistent,
    /// What was to be signed is no digest of the hash function.
    #[error("a digest of {expected} bytes is needed, not {found}")]
    DigestLength {
        /// What the hash function makes, in bytes.
        expected: usize,
        /// What was given, in bytes.
        found: usize,
    },
    /// A PSS salt that leaves no room for the rest.
    #[error("the salt may have at most {longest} bytes with this key and hash function")]
    SaltLength {
        /// The longest that fits, in bytes.
        longest: usize,
    },
    /// More than fits into one encryption or unhashed signature. The first words are the peers'.
    #[error("message too long for RSA key size: it may have at most {longest} bytes")]
    MessageTooLong {
        /// The longest that fits, in bytes.
        longest: usize,
    },
    /// A ciphertext that was changed, or is of another key, padding or length: which is not said.
    #[error("decryption error")]
    Decryption,
    /// The random source failed, or a result was not what the public key says it must be.
    #[error("the RSA operation failed")]
    Failed,
}
