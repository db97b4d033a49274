//! The fields that bodies of a transit mount may have, for the routes that share them.

use crate::routes::{Field, FieldKind};

pub(super) const fn field(name: &'static str, kind: FieldKind, description: &'static str) -> Field {
    Field {
        name,
        kind,
        description,
    }
}

pub(super) const CONTEXT: Field = field(
    "context",
    FieldKind::Base64,
    "Context for derivation; required by derived keys",
);
pub(super) const ASSOCIATED_DATA: Field = field(
    "associated_data",
    FieldKind::Base64,
    "Bytes that are authenticated with the message but not encrypted",
);
pub(super) const KEY_VERSION: Field = field(
    "key_version",
    FieldKind::Integer,
    "Version to encrypt with; 0 is the latest",
);
pub(super) const CIPHERTEXT: Field = field(
    "ciphertext",
    FieldKind::String,
    "Ciphertext in the form vault:v1:…",
);
pub(super) const BATCH_INPUT: Field = field(
    "batch_input",
    FieldKind::Batch,
    "Items with the fields of a single request",
);
pub(super) const PARTIAL_FAILURE: Field = field(
    "partial_failure_response_code",
    FieldKind::Integer,
    "HTTP status for a batch in which some items failed and some did not",
);
pub(super) const TYPE: Field = field(
    "type",
    FieldKind::String,
    "Key type; aes256-gcm96 by default",
);
pub(super) const CONVERGENT: Field = field(
    "convergent_encryption",
    FieldKind::Boolean,
    "Equal plaintexts under equal contexts give equal ciphertexts; needs derivation",
);
pub(super) const EXPORTABLE: Field = field(
    "exportable",
    FieldKind::Boolean,
    "The key may be exported; cannot be taken back",
);
pub(super) const PLAINTEXT_BACKUP: Field = field(
    "allow_plaintext_backup",
    FieldKind::Boolean,
    "Backups in plaintext may be made; cannot be taken back",
);
pub(super) const AUTO_ROTATE: Field = field(
    "auto_rotate_period",
    FieldKind::Duration,
    "Time between automatic rotations, an hour at least; 0 switches them off",
);

pub(super) const PARAMETER_SET: Field = field(
    "parameter_set",
    FieldKind::String,
    "Parameter set of ml-dsa: 44, 65 or 87",
);
pub(super) const PADDING_SCHEME: Field = field(
    "padding_scheme",
    FieldKind::String,
    "Padding of RSA: oaep, or pkcs1v15 for peers that know nothing else",
);
pub(super) const INPUT: Field = field("input", FieldKind::Base64, "The message");
pub(super) const HASH_ALGORITHM: Field = field(
    "hash_algorithm",
    FieldKind::String,
    "Hash function; sha2-256 by default",
);
pub(super) const ALGORITHM: Field = field(
    "algorithm",
    FieldKind::String,
    "Another name of hash_algorithm",
);
pub(super) const PREHASHED: Field = field(
    "prehashed",
    FieldKind::Boolean,
    "The input is a digest already",
);
pub(super) const SIGNATURE_ALGORITHM: Field = field(
    "signature_algorithm",
    FieldKind::String,
    "Padding of RSA: pss or pkcs1v15",
);
pub(super) const MARSHALING: Field = field(
    "marshaling_algorithm",
    FieldKind::String,
    "How the signature is written: asn1 or jws",
);
pub(super) const SALT_LENGTH: Field = field(
    "salt_length",
    FieldKind::String,
    "Salt of pss: auto, hash, or a number of bytes",
);
pub(super) const MAC_LENGTH: Field = field(
    "mac_length",
    FieldKind::Integer,
    "Length of a CMAC in bytes, 4 to 16",
);
pub(super) const VERSION: Field = field(
    "version",
    FieldKind::Integer,
    "The version; the latest by default",
);

pub(super) const EXTERNAL_KEY: Field = field(
    "external_key_ref",
    FieldKind::String,
    "Not supported: keys live in the keyring",
);
pub(super) const IMPORT_CIPHERTEXT: Field = field(
    "ciphertext",
    FieldKind::Base64,
    "The key, wrapped with the mount's wrapping key",
);
pub(super) const HASH_FUNCTION: Field = field(
    "hash_function",
    FieldKind::String,
    "Hash of the OAEP wrapping; SHA256 by default",
);
pub(super) const HASH: Field = field(
    "hash",
    FieldKind::String,
    "Hash of the OAEP wrapping; SHA256 by default",
);
pub(super) const BACKUP: Field = field("backup", FieldKind::Base64, "What a backup answered");
pub(super) const FORCE: Field = field(
    "force",
    FieldKind::Boolean,
    "Take the place of an existing key",
);

pub(super) const DIGEST_FORMAT: Field = field(
    "format",
    FieldKind::String,
    "`hex` (the default) or `base64`",
);
pub(super) const DIGEST_ALGORITHM: Field = field(
    "algorithm",
    FieldKind::String,
    "Hash function, sha2-224 to sha3-512; sha2-256 by default",
);
