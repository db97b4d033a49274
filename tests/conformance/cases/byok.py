"""`byok-export`: keys wrapped for another server."""

from materials import ALL, ASYMMETRIC, RSA_BITS, backup, public_pem
from scenario import delete, get, post, scenario

HELLO = "aGVsbG8="
HASHES = ("SHA1", "SHA256", "SHA384", "SHA512", "sha256")


def secret_part(kind: str) -> str:
    """The export that shows the key itself."""
    return "signing-key" if kind in ASYMMETRIC else "hmac-key" if kind == "hmac" else "encryption-key"


def source(name: str, kind: str, versions: int = 1, **more):
    return post(f"restore/{name}", {"backup": backup(name, kind, versions, **more)})


def exported(path: str, number: int = 1):
    """Compares what can be: the rest is other on every call."""
    return get(path).comparing("data.name", "data.type").saving(wrapped=f"data.keys.{number}")


SCENARIOS = [
    scenario(
        "a key of each type comes through the wrapping key",
        get("wrapping_key").saving(wrapping="data.public_key"),
        post("keys/wrapper/import", {"type": "rsa-4096", "public_key": lambda saved: saved["wrapping"]}),
        *[step for kind in ALL for step in (
            source(kind, kind),
            exported(f"byok-export/wrapper/{kind}"),
            post(f"keys/{kind}-2/import", {"type": kind, "ciphertext": "$wrapped", "exportable": True}),
            get(f"export/{secret_part(kind)}/{kind}-2"),
        )],
    ),
    scenario(
        "destinations, versions and hash functions",
        *[post(f"keys/{kind}", {"type": kind}).comparing("data.type")
          for kind in (*RSA_BITS, "ecdsa-p256", "ed25519", "aes256-gcm96")],
        post("keys/public/import", {"type": "rsa-2048", "public_key": public_pem("rsa-2048")}),
        source("a", "ed25519", 3),
        *[get(f"byok-export/{kind}/a").comparing("data.name", "data.type") for kind in (*RSA_BITS, "public")],
        *[get(f"byok-export/{kind}/a") for kind in ("ecdsa-p256", "ed25519", "aes256-gcm96", "missing")],
        *[get(f"byok-export/rsa-2048/a?hash={name}").comparing("data.name", "data.type") for name in HASHES],
        get("byok-export/rsa-2048/a?hash=SHA224").comparing("data.name").answering(
            400, "no well-kept library offers OAEP with SHA-224 for RSA keys"),
        *[get(f"byok-export/rsa-2048/a?hash={name}") for name in ("SHA-256", "MD5", "x")],
        get("byok-export/rsa-2048/a?hash=").comparing("data.name", "data.type"),
        *[get(f"byok-export/rsa-2048/a/{version}").comparing("data.name", "data.type")
          for version in ("1", "3", "latest", "v2", "03")],
        *[get(f"byok-export/rsa-2048/a/{version}") for version in ("0", "4", "-1", "x", "1/2", "LATEST")],
        get("byok-export/rsa-2048/missing"),
        get("byok-export/missing/missing"),
        get("byok-export/rsa-2048"),
        get("byok-export/rsa-2048/"),
        post("byok-export/rsa-2048/a", {}),
        delete("byok-export/rsa-2048/a"),
        get("byok-export/rsa-2048/a/9?hash=x"),
        get("byok-export/ecdsa-p256/a?hash=x"),
        get("byok-export/rsa-2048/rsa-2048"),
    ),
    scenario(
        "sources which are not exportable, old or deleted",
        post("keys/w", {"type": "rsa-2048"}).comparing("data.type"),
        post("keys/private", {"type": "ecdsa-p256"}).comparing("data.type"),
        get("byok-export/w/private"),
        get("byok-export/w/private/9"),
        source("a", "ecdsa-p256", 2),
        post("keys/a/config", {"min_decryption_version": 2}).comparing("data.min_decryption_version"),
        get("byok-export/w/a/1"),
        get("byok-export/w/a/2").comparing("data.name", "data.type"),
        delete("keys/a/soft-delete").comparing("data.soft_deleted"),
        get("byok-export/w/a"),
        source("b", "ecdsa-p256"),
        delete("keys/w/soft-delete").comparing("data.soft_deleted"),
        get("byok-export/w/b"),
        get("byok-export/w/private"),
    ),
]
