"""Ways to carry a key's material from one server to another."""

import base64
import json
import secrets
from datetime import datetime, timezone

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from http_call import Answer
from servers import Server

# Numbers of the key types in a backup.
TYPE_NUMBERS = {"aes256-gcm96": 0, "chacha20-poly1305": 5, "aes128-gcm96": 8, "xchacha20-poly1305": 11}
# Lengths of the keys in bytes.
KEY_LENGTHS = {"aes256-gcm96": 32, "chacha20-poly1305": 32, "aes128-gcm96": 16, "xchacha20-poly1305": 32}


def must(answer: Answer) -> Answer:
    """The answer, when the server agreed."""
    assert answer.status in (200, 204), f"{answer.status} {answer.text}"
    return answer


def by_backup(source: Server, target: Server, name: str) -> None:
    """Backs the key up and restores it."""
    backup = must(source.call("GET", f"/transit/backup/{name}")).data["backup"]
    must(target.call("POST", f"/transit/restore/{name}", {"backup": backup}))


def by_export(source: Server, target: Server, name: str) -> None:
    """Reads the exported bytes, builds a backup around them, restores that."""
    exported = must(source.call("GET", f"/transit/export/encryption-key/{name}")).data["keys"]
    key = must(source.call("GET", f"/transit/keys/{name}")).data
    must(target.call("POST", f"/transit/restore/{name}", {"backup": backup_around(key, exported)}))


def by_import(targets: list[Server], name: str, kind: str, **options) -> bytes:
    """Imports one key, made here, into every target. Answers its bytes."""
    material = secrets.token_bytes(KEY_LENGTHS[kind])
    for target in targets:
        public = must(target.call("GET", "/transit/wrapping_key")).data["public_key"]
        body = {"type": kind, "ciphertext": wrapped_for_import(material, public), **options}
        must(target.call("POST", f"/transit/keys/{name}/import", body))
    return material


def wrapped_for_import(material: bytes, public_key: str, hash_name: str = "SHA256") -> str:
    """RSA-OAEP of a fresh AES-256 key, then AES-KWP (RFC 5649) of `material` under it."""
    ephemeral = secrets.token_bytes(32)
    chosen = getattr(hashes, hash_name)()
    oaep = padding.OAEP(mgf=padding.MGF1(chosen), algorithm=chosen, label=None)
    wrapped = load_pem_public_key(public_key.encode()).encrypt(ephemeral, oaep)
    return base64.b64encode(wrapped + aes_key_wrap_with_padding(ephemeral, material)).decode()


def backup_around(key: dict, exported: dict) -> str:
    """A backup in the peer's format: what `keys/:name` says of the key, and its exported bytes."""
    derived = key["derived"]
    convergent = derived and key["convergent_encryption"]
    versions = {number: _version(material, convergent) for number, material in exported.items()}
    latest = key["latest_version"]
    policy = {
        "name": key["name"], "type": TYPE_NUMBERS[key["type"]], "keys": versions, "derived": derived,
        "kdf": int(derived), "convergent_encryption": convergent, "convergent_version": -1 if convergent else 0,
        "exportable": True, "allow_plaintext_backup": True, "deletion_allowed": False,
        "min_decryption_version": 1, "min_encryption_version": 0, "min_available_version": 0,
        "latest_version": latest, "archive_version": latest, "archive_min_version": 0,
    }
    archived = [{}, *(versions[str(number)] for number in range(1, latest + 1))]
    text = json.dumps({"policy": policy, "archived_keys": {"keys": archived}})
    return base64.b64encode(text.encode()).decode()


def _version(material: str, convergent: bool) -> dict:
    now = datetime.now(timezone.utc)
    return {"key": material, "hmac_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            "time": now.isoformat(), "creation_time": int(now.timestamp()),
            "convergent_version": 3 if convergent else 0}
