"""`derive-key`: a symmetric key out of a key agreement."""

from materials import CURVES, backup, public_pem
from scenario import GO_TEXT, delete, get, listing, post, put, scenario

HELLO = "aGVsbG8="
TYPES = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305")
OTHERS = ("ed25519", "rsa-2048", "aes256-gcm96", "hmac")
AN_IMPORT_INTO_ANOTHER = "the peer adds a version to whatever key has the name"


def key(kind: str, name: str = "base", **more):
    return post(f"keys/{name}", {"type": kind, **({"key_size": 32} if kind == "hmac" else {}), **more}
                ).comparing("data.type")


def agreed(kind: str):
    """Two keys that are known agree; each derives, and what one encrypts the other decrypts."""
    return scenario(
        f"agreement of {kind}",
        post("restore/one", {"backup": backup("one", kind)}),
        post("restore/two", {"backup": backup("two", kind, 2)}),
        *[step for made in TYPES for step in (
            post(f"derive-key/{made}-1", {"base_key_name": "one", "peer_public_key": public_pem(kind, 2),
                                          "derived_key_type": made}),
            put(f"derive-key/{made}-2", {"base_key_name": "two", "peer_public_key": public_pem(kind, 1),
                                         "derived_key_type": made}),
            get(f"keys/{made}-1"),
            post(f"encrypt/{made}-1", {"plaintext": HELLO}).saving(ct="data.ciphertext"),
            post(f"decrypt/{made}-2", {"ciphertext": "$ct"}),
        )],
        post("derive-key/v1", {"base_key_name": "two", "base_key_version": 1, "peer_public_key": public_pem(kind, 1)}),
        post("decrypt/v1", {"ciphertext": "$ct"}),
    )


def deriving(**how):
    return {"base_key_name": "base", "peer_public_key": public_pem("ecdsa-p256"), **how}


SCENARIOS = [
    *[agreed(kind) for kind in CURVES],
    scenario(
        "derived keys are imported keys",
        key("ecdsa-p256"),
        post("derive-key/a", deriving()),
        get("keys/a"),
        post("keys/a/rotate"),
        post("keys/a/config", {"deletion_allowed": True}),
        get("export/encryption-key/a"),
        listing("keys"),
        post("derive-key/b", deriving(derived_key_type="AES128-GCM96")),
        get("keys/b"),
        post("derive-key/c", deriving(key_derivation_algorithm="ecdh", base_key_version=0, unknown=1, name="x")),
        post("derive-key/d", deriving(exportable=True, derived=True)),
        get("keys/d"),
    ),
    scenario(
        "a name that is taken",
        key("ecdsa-p256"),
        post("derive-key/a", deriving()),
        post("derive-key/a", deriving()),
        get("keys/a"),
        post("derive-key/a", deriving(derived_key_type="aes128-gcm96")),
        post("derive-key/base", deriving()).unlike(GO_TEXT),
        key("aes256-gcm96", "other"),
        post("derive-key/other", deriving()).answering(400, AN_IMPORT_INTO_ANOTHER),
        post("derive-key/a", deriving(derived_key_type="chacha20-poly1305")).answering(400, AN_IMPORT_INTO_ANOTHER),
        get("keys/base").comparing("data.latest_version", "data.type"),
    ),
    scenario(
        "keys which do not agree",
        *[step for kind in OTHERS for step in (
            key(kind, kind),
            post("derive-key/a", deriving(base_key_name=kind)),
            post("derive-key/a", deriving(base_key_name=kind, peer_public_key="nonsense")),
        )],
        post("derive-key/a", deriving(base_key_name="missing")),
        post("derive-key/a", deriving(base_key_name="")).unlike(GO_TEXT),
        post("derive-key/a", {"peer_public_key": public_pem("ecdsa-p256")}).unlike(GO_TEXT),
        get("keys/a"),
    ),
    scenario(
        "public keys which do not agree",
        key("ecdsa-p256"),
        *[post("derive-key/a", deriving(peer_public_key=text)) for text in ("", None)],
        post("derive-key/a", {"base_key_name": "base"}),
        *[post("derive-key/a", deriving(peer_public_key=text)).unlike(GO_TEXT)
          for text in ("nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                       public_pem("ecdsa-p256")[:60], 5, [public_pem("ecdsa-p256")])],
        *[post("derive-key/a", deriving(peer_public_key=public_pem(kind)))
          for kind in ("ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048")],
        get("keys/a"),
    ),
    scenario(
        "types, algorithms and versions of a derivation",
        key("ecdsa-p256"),
        *[post("derive-key/a", deriving(derived_key_type=kind))
          for kind in ("ecdsa-p256", "hmac", "rsa-2048", "ed25519", "nonsense", "", None, 5)],
        post("derive-key/a", deriving(derived_key_type=[])).unlike(GO_TEXT),
        *[post("derive-key/a", deriving(key_derivation_algorithm=name)) for name in ("x25519", "ECDH", "", None)],
        post("derive-key/a", deriving(key_derivation_algorithm="x", peer_public_key="")),
        post("derive-key/a", deriving(derived_key_type="x", peer_public_key="")),
        post("derive-key/a", deriving(derived_key_type="x", base_key_name="missing")),
        *[post("derive-key/a", deriving(base_key_version=version)) for version in (-1, 2)],
        *[post("derive-key/a", deriving(base_key_version=version)).unlike(GO_TEXT) for version in ("x", 1.5, [])],
        post("derive-key/a", deriving(base_key_version=9, peer_public_key="nonsense")),
        get("keys/a"),
        post("derive-key/a", deriving(base_key_version="1")),
        get("derive-key/a"),
        delete("derive-key/a"),
        post("derive-key", deriving()),
        post("derive-key/", deriving()),
        post("derive-key/a/b", deriving()),
        post("derive-key/-a", deriving()),
    ),
    scenario(
        "old versions to derive from",
        key("ecdsa-p256"),
        post("keys/base/rotate").comparing("data.latest_version"),
        post("keys/base/config", {"min_decryption_version": 2}).comparing("data.min_decryption_version"),
        post("derive-key/a", deriving(base_key_version=1)),
        post("keys/base/config", {"min_encryption_version": 2}).comparing("data.min_encryption_version"),
        post("keys/base/trim", {"min_available_version": 2}).comparing("data.min_available_version"),
        post("derive-key/a", deriving(base_key_version=1)),
        post("derive-key/a", deriving(base_key_version=2)),
        delete("keys/base/soft-delete").comparing("data.soft_deleted"),
        post("derive-key/b", deriving()).answering(400, "a deleted key refuses all use; the peer forgets that here"),
    ),
]
