//! The paths of a transit mount.

mod backup;
mod batch;
mod budget;
mod byok;
mod certificates;
mod crypt;
mod datakey;
mod derive;
mod describe;
mod encoding;
mod export;
mod hash;
mod import;
pub mod items;
mod keys;
mod mac;
mod mount;
mod random;
mod sign;
pub mod string_items;
mod versions;

use crate::routes::{Access, Area, Field, FieldKind, Handler, Route, Verb};

const fn route(
    operation: &'static str,
    verb: Verb,
    pattern: &'static str,
    summary: &'static str,
    fields: &'static [Field],
    handler: Handler,
) -> Route {
    let (area, access) = (Area::Mount, Access::Token);
    Route {
        operation,
        summary,
        verb,
        area,
        pattern,
        access,
        fields,
        handler,
    }
}

const fn field(name: &'static str, kind: FieldKind, description: &'static str) -> Field {
    Field {
        name,
        kind,
        description,
    }
}

const CONTEXT: Field = field(
    "context",
    FieldKind::Base64,
    "Context for derivation; required by derived keys",
);
const ASSOCIATED_DATA: Field = field(
    "associated_data",
    FieldKind::Base64,
    "Bytes that are authenticated with the message but not encrypted",
);
const KEY_VERSION: Field = field(
    "key_version",
    FieldKind::Integer,
    "Version to encrypt with; 0 is the latest",
);
const CIPHERTEXT: Field = field(
    "ciphertext",
    FieldKind::String,
    "Ciphertext in the form vault:v1:…",
);
const BATCH_INPUT: Field = field(
    "batch_input",
    FieldKind::Batch,
    "Items with the fields of a single request",
);
const PARTIAL_FAILURE: Field = field(
    "partial_failure_response_code",
    FieldKind::Integer,
    "HTTP status for a batch in which some items failed and some did not",
);
const TYPE: Field = field(
    "type",
    FieldKind::String,
    "Key type; aes256-gcm96 by default",
);
const CONVERGENT: Field = field(
    "convergent_encryption",
    FieldKind::Boolean,
    "Equal plaintexts under equal contexts give equal ciphertexts; needs derivation",
);
const EXPORTABLE: Field = field(
    "exportable",
    FieldKind::Boolean,
    "The key may be exported; cannot be taken back",
);
const PLAINTEXT_BACKUP: Field = field(
    "allow_plaintext_backup",
    FieldKind::Boolean,
    "Backups in plaintext may be made; cannot be taken back",
);
const AUTO_ROTATE: Field = field(
    "auto_rotate_period",
    FieldKind::Duration,
    "Time between automatic rotations, an hour at least; 0 switches them off",
);

const PARAMETER_SET: Field = field(
    "parameter_set",
    FieldKind::String,
    "Parameter set of ml-dsa: 44, 65 or 87",
);
const PADDING_SCHEME: Field = field(
    "padding_scheme",
    FieldKind::String,
    "Padding of RSA: oaep, or pkcs1v15 for peers that know nothing else",
);
const INPUT: Field = field("input", FieldKind::Base64, "The message");
const HASH_ALGORITHM: Field = field(
    "hash_algorithm",
    FieldKind::String,
    "Hash function; sha2-256 by default",
);
const ALGORITHM: Field = field(
    "algorithm",
    FieldKind::String,
    "Another name of hash_algorithm",
);
const PREHASHED: Field = field(
    "prehashed",
    FieldKind::Boolean,
    "The input is a digest already",
);
const SIGNATURE_ALGORITHM: Field = field(
    "signature_algorithm",
    FieldKind::String,
    "Padding of RSA: pss or pkcs1v15",
);
const MARSHALING: Field = field(
    "marshaling_algorithm",
    FieldKind::String,
    "How the signature is written: asn1 or jws",
);
const SALT_LENGTH: Field = field(
    "salt_length",
    FieldKind::String,
    "Salt of pss: auto, hash, or a number of bytes",
);
const MAC_LENGTH: Field = field(
    "mac_length",
    FieldKind::Integer,
    "Length of a CMAC in bytes, 4 to 16",
);
const VERSION: Field = field(
    "version",
    FieldKind::Integer,
    "The version; the latest by default",
);

const EXTERNAL_KEY: Field = field(
    "external_key_ref",
    FieldKind::String,
    "Not supported: keys live in the keyring",
);
const IMPORT_CIPHERTEXT: Field = field(
    "ciphertext",
    FieldKind::Base64,
    "The key, wrapped with the mount's wrapping key",
);
const HASH_FUNCTION: Field = field(
    "hash_function",
    FieldKind::String,
    "Hash of the OAEP wrapping; SHA256 by default",
);
const HASH: Field = field(
    "hash",
    FieldKind::String,
    "Hash of the OAEP wrapping; SHA256 by default",
);
const BACKUP: Field = field("backup", FieldKind::Base64, "What a backup answered");
const FORCE: Field = field(
    "force",
    FieldKind::Boolean,
    "Take the place of an existing key",
);

const DIGEST_FORMAT: Field = field(
    "format",
    FieldKind::String,
    "`hex` (the default) or `base64`",
);
const DIGEST_ALGORITHM: Field = field(
    "algorithm",
    FieldKind::String,
    "Hash function, sha2-224 to sha3-512; sha2-256 by default",
);
/// The routes of every transit mount.
pub const ROUTES: &[Route] = &[
    // The path of work comes first: the table is searched from the top.
    route(
        "transit-encrypt",
        Verb::Write,
        "encrypt/{name}",
        "Encrypt one plaintext or a batch; a missing key is created",
        &[
            field("plaintext", FieldKind::Base64, "The message"),
            CONTEXT,
            ASSOCIATED_DATA,
            KEY_VERSION,
            TYPE,
            CONVERGENT,
            PADDING_SCHEME,
            PARTIAL_FAILURE,
            BATCH_INPUT,
        ],
        |app, call| Box::pin(crypt::encrypt(app, call)),
    ),
    route(
        "transit-decrypt",
        Verb::Write,
        "decrypt/{name}",
        "Decrypt one ciphertext or a batch",
        &[
            CIPHERTEXT,
            CONTEXT,
            ASSOCIATED_DATA,
            PADDING_SCHEME,
            PARTIAL_FAILURE,
            BATCH_INPUT,
        ],
        |app, call| Box::pin(crypt::decrypt(app, call)),
    ),
    route(
        "transit-rewrap",
        Verb::Write,
        "rewrap/{name}",
        "Decrypt and encrypt again with the latest version, without showing the plaintext",
        &[
            CIPHERTEXT,
            CONTEXT,
            ASSOCIATED_DATA,
            KEY_VERSION,
            PADDING_SCHEME,
            BATCH_INPUT,
        ],
        |app, call| Box::pin(crypt::rewrap(app, call)),
    ),
    route(
        "transit-sign",
        Verb::Write,
        "sign/{name}[/{urlalgorithm}]",
        "Sign one message or a batch",
        &[
            INPUT,
            CONTEXT,
            HASH_ALGORITHM,
            ALGORITHM,
            KEY_VERSION,
            PREHASHED,
            SIGNATURE_ALGORITHM,
            MARSHALING,
            SALT_LENGTH,
            BATCH_INPUT,
        ],
        |app, call| Box::pin(sign::sign(app, call)),
    ),
    route(
        "transit-verify",
        Verb::Write,
        "verify/{name}[/{urlalgorithm}]",
        "Verify a signature, an HMAC or a CMAC, or a batch of one kind",
        &[
            INPUT,
            field("signature", FieldKind::String, "What sign answered"),
            field("hmac", FieldKind::String, "What hmac answered"),
            field("cmac", FieldKind::String, "What cmac answered"),
            CONTEXT,
            HASH_ALGORITHM,
            ALGORITHM,
            PREHASHED,
            SIGNATURE_ALGORITHM,
            MARSHALING,
            SALT_LENGTH,
            MAC_LENGTH,
            BATCH_INPUT,
        ],
        |app, call| Box::pin(sign::verify(app, call)),
    ),
    route(
        "transit-hmac",
        Verb::Write,
        "hmac/{name}[/{urlalgorithm}]",
        "Make the HMAC of one message or a batch",
        &[INPUT, ALGORITHM, KEY_VERSION, BATCH_INPUT],
        |app, call| Box::pin(mac::hmac(app, call)),
    ),
    route(
        "transit-cmac",
        Verb::Write,
        "cmac/{name}[/{url_mac_length}]",
        "Make the CMAC of one message or a batch",
        &[INPUT, MAC_LENGTH, KEY_VERSION, BATCH_INPUT],
        |app, call| Box::pin(mac::cmac(app, call)),
    ),
    route(
        "transit-generate-data-key",
        Verb::Write,
        "datakey/{plaintext}/{name}",
        "Make a key for the caller's own use: `plaintext` shows it beside its ciphertext, `wrapped` does not",
        &[
            field("bits", FieldKind::Integer, "128, 256 (the default) or 512"),
            CONTEXT,
            ASSOCIATED_DATA,
            KEY_VERSION,
        ],
        |app, call| Box::pin(datakey::datakey(app, call)),
    ),
    route(
        "transit-hash",
        Verb::Write,
        "hash[/{urlalgorithm}]",
        "Hash a message",
        &[INPUT, DIGEST_ALGORITHM, DIGEST_FORMAT],
        |app, call| Box::pin(hash::hash(app, call)),
    ),
    route(
        "transit-generate-random",
        Verb::Write,
        "random[/{source}[/{urlbytes}]]",
        "Draw random bytes: random/:source, random/:bytes or random/:source/:bytes",
        &[
            field("bytes", FieldKind::Integer, "How many; 32 by default"),
            field(
                "format",
                FieldKind::String,
                "`base64` (the default) or `hex`",
            ),
        ],
        |app, call| Box::pin(random::random(app, call)),
    ),
    route(
        "transit-list-keys",
        Verb::List,
        "keys/",
        "List the names of all keys",
        &[],
        |app, call| Box::pin(keys::list(app, call)),
    ),
    route(
        "transit-create-key",
        Verb::Write,
        "keys/{name}",
        "Create a key; an existing one is left as it is",
        &[
            TYPE,
            field(
                "derived",
                FieldKind::Boolean,
                "Derive a key from each request's context",
            ),
            CONVERGENT,
            EXPORTABLE,
            PLAINTEXT_BACKUP,
            AUTO_ROTATE,
            field(
                "key_size",
                FieldKind::Integer,
                "Bytes of a key of the type hmac, 32 to 512",
            ),
            PARAMETER_SET,
            CONTEXT,
            EXTERNAL_KEY,
        ],
        |app, call| Box::pin(keys::create(app, call)),
    ),
    route(
        "transit-read-key",
        Verb::Read,
        "keys/{name}",
        "Read a key's policy and the creation times of its versions",
        &[],
        |app, call| Box::pin(keys::read(app, call)),
    ),
    route(
        "transit-delete-key",
        Verb::Delete,
        "keys/{name}",
        "Delete a key for good",
        &[],
        |app, call| Box::pin(keys::delete(app, call)),
    ),
    route(
        "transit-configure-key",
        Verb::Write,
        "keys/{name}/config",
        "Change a key's settings",
        &[
            field(
                "min_decryption_version",
                FieldKind::Integer,
                "Oldest version that decrypts",
            ),
            field(
                "min_encryption_version",
                FieldKind::Integer,
                "Oldest version that encrypts; 0 removes the limit",
            ),
            field(
                "deletion_allowed",
                FieldKind::Boolean,
                "The key may be deleted",
            ),
            EXPORTABLE,
            PLAINTEXT_BACKUP,
            AUTO_ROTATE,
            field(
                "min_decryption_lag",
                FieldKind::Integer,
                "Only the latest version and this many before it decrypt; 0 switches it off",
            ),
            field(
                "max_encryptions",
                FieldKind::Integer,
                "Encryptions a version may make; 0 for as many as the key type allows",
            ),
            field(
                "auto_rotate_after",
                FieldKind::Integer,
                "Encryptions after which the key rotates by itself; 0 for half of what a version may make",
            ),
            field(
                "destroy_wait",
                FieldKind::Duration,
                "Time between the order to destroy a version and its destruction; 24h at first",
            ),
        ],
        |app, call| Box::pin(keys::configure(app, call)),
    ),
    route(
        "transit-disable-key-version",
        Verb::Write,
        "keys/{name}/versions/{version}/disable",
        "Take a version out of use until it is enabled",
        &[],
        |app, call| Box::pin(versions::disable(app, call)),
    ),
    route(
        "transit-enable-key-version",
        Verb::Write,
        "keys/{name}/versions/{version}/enable",
        "Put a version into use again, and call off its destruction",
        &[],
        |app, call| Box::pin(versions::enable(app, call)),
    ),
    route(
        "transit-destroy-key-version",
        Verb::Write,
        "keys/{name}/versions/{version}/destroy",
        "Disable a version and delete its bytes after the key's destroy_wait",
        &[],
        |app, call| Box::pin(versions::destroy(app, call)),
    ),
    route(
        "transit-restore-key-version",
        Verb::Write,
        "keys/{name}/versions/{version}/restore",
        "Call off the destruction of a version, which stays disabled",
        &[],
        |app, call| Box::pin(versions::restore(app, call)),
    ),
    route(
        "transit-rotate-key",
        Verb::Write,
        "keys/{name}/rotate",
        "Add a version to a key",
        &[EXTERNAL_KEY],
        |app, call| Box::pin(keys::rotate(app, call)),
    ),
    route(
        "transit-trim-key",
        Verb::Write,
        "keys/{name}/trim",
        "Drop old versions for good",
        &[field(
            "min_available_version",
            FieldKind::Integer,
            "Oldest version that is kept",
        )],
        |app, call| Box::pin(keys::trim(app, call)),
    ),
    route(
        "transit-soft-delete-key",
        Verb::Delete,
        "keys/{name}/soft-delete",
        "Mark a key as deleted; it refuses all use until it is restored",
        &[],
        |app, call| Box::pin(keys::soft_delete(app, call)),
    ),
    route(
        "transit-restore-soft-deleted-key",
        Verb::Write,
        "keys/{name}/soft-delete-restore",
        "Take the mark of a soft deletion away",
        &[],
        |app, call| Box::pin(keys::soft_delete_restore(app, call)),
    ),
    route(
        "transit-read-wrapping-key",
        Verb::Read,
        "wrapping_key",
        "Read the RSA public key that imported keys are wrapped with",
        &[],
        |app, call| Box::pin(import::wrapping_key(app, call)),
    ),
    route(
        "transit-import-key",
        Verb::Write,
        "keys/{name}/import",
        "Create a key from wrapped bytes",
        &[
            TYPE,
            field(
                "derived",
                FieldKind::Boolean,
                "Derive a key from each request's context",
            ),
            EXPORTABLE,
            PLAINTEXT_BACKUP,
            AUTO_ROTATE,
            IMPORT_CIPHERTEXT,
            HASH_FUNCTION,
            field(
                "allow_rotation",
                FieldKind::Boolean,
                "Versions may be generated here later",
            ),
            field(
                "public_key",
                FieldKind::String,
                "For key types that have one",
            ),
            PARAMETER_SET,
            CONTEXT,
        ],
        |app, call| Box::pin(import::import(app, call)),
    ),
    route(
        "transit-import-key-version",
        Verb::Write,
        "keys/{name}/import_version",
        "Add a version from wrapped bytes to an imported key",
        &[
            IMPORT_CIPHERTEXT,
            HASH_FUNCTION,
            field(
                "public_key",
                FieldKind::String,
                "For key types that have one",
            ),
            field(
                "version",
                FieldKind::Integer,
                "A version that lacks its private key",
            ),
        ],
        |app, call| Box::pin(import::import_version(app, call)),
    ),
    route(
        "transit-export-key",
        Verb::Read,
        "export/{type}/{name}[/{version}]",
        "Read the bytes of an exportable key, or a public key or certificates",
        &[field(
            "format",
            FieldKind::String,
            "raw, der or pem; each type has its own default",
        )],
        |app, call| Box::pin(export::export(app, call)),
    ),
    route(
        "transit-export-wrapped-key",
        Verb::Read,
        "byok-export/{destination}/{source}[/{version}]",
        "Read an exportable key, wrapped with another key's public RSA key",
        &[HASH],
        |app, call| Box::pin(byok::export(app, call)),
    ),
    route(
        "transit-derive-key",
        Verb::Write,
        "derive-key/{name}",
        "Make a key that this keyring and another party agree on",
        &[
            field(
                "key_derivation_algorithm",
                FieldKind::String,
                "ecdh, the only one",
            ),
            field("peer_public_key", FieldKind::String, "The other's key, PEM"),
            field("derived_key_type", FieldKind::String, "Type of the new key"),
            field("base_key_name", FieldKind::String, "Our key"),
            field(
                "base_key_version",
                FieldKind::Integer,
                "Its version; 0 is the latest",
            ),
        ],
        |app, call| Box::pin(derive::derive(app, call)),
    ),
    route(
        "transit-create-certificate-request",
        Verb::Write,
        "keys/{name}/csr",
        "Sign a certificate request",
        &[
            field("csr", FieldKind::String, "Template, PEM; empty by default"),
            VERSION,
        ],
        |app, call| Box::pin(certificates::csr(app, call)),
    ),
    route(
        "transit-set-certificates",
        Verb::Write,
        "keys/{name}/set-certificate",
        "Keep a certificate chain beside a version",
        &[
            field(
                "certificate_chain",
                FieldKind::String,
                "PEM, the leaf first",
            ),
            VERSION,
        ],
        |app, call| Box::pin(certificates::set(app, call)),
    ),
    route(
        "transit-back-up-key",
        Verb::Read,
        "backup/{name}",
        "Take a plaintext backup of a key",
        &[],
        |app, call| Box::pin(backup::backup(app, call)),
    ),
    route(
        "transit-restore-key-by-its-name",
        Verb::Write,
        "restore",
        "Restore a backup under the name it was made with",
        &[BACKUP, FORCE],
        |app, call| Box::pin(backup::restore(app, call)),
    ),
    route(
        "transit-restore-key",
        Verb::Write,
        "restore/{name}",
        "Restore a backup",
        &[BACKUP, FORCE],
        |app, call| Box::pin(backup::restore(app, call)),
    ),
    route(
        "transit-read-keys-configuration",
        Verb::Read,
        "config/keys",
        "Read what holds for all keys of the mount",
        &[],
        |app, call| Box::pin(mount::read_keys_config(app, call)),
    ),
    route(
        "transit-configure-keys",
        Verb::Write,
        "config/keys",
        "Change what holds for all keys of the mount",
        &[field(
            "disable_upsert",
            FieldKind::Boolean,
            "Encrypting creates no missing key",
        )],
        |app, call| Box::pin(mount::write_keys_config(app, call)),
    ),
    route(
        "transit-read-cache-configuration",
        Verb::Read,
        "cache-config",
        "Read the cache size",
        &[],
        |app, call| Box::pin(mount::read_cache_config(app, call)),
    ),
    route(
        "transit-configure-cache",
        Verb::Write,
        "cache-config",
        "Keep a cache size for clients that set one; every key is in memory anyway",
        &[field("size", FieldKind::Integer, "0, or at least 10")],
        |app, call| Box::pin(mount::write_cache_config(app, call)),
    ),
];
