"""Keys which the tests make themselves, so that what servers answer with them can be compared to the byte.

The same call gives the same key as long as the tests run. A backup in the
peer's format or an import wrapped with a server's own key carries it there.
"""

import base64
import json
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from moving import wrapped_for_import

CURVES = {"ecdsa-p256": ec.SECP256R1(), "ecdsa-p384": ec.SECP384R1(), "ecdsa-p521": ec.SECP521R1()}
RSA_BITS = {"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096}
SYMMETRIC = {"aes128-gcm96": 16, "aes256-gcm96": 32, "chacha20-poly1305": 32, "xchacha20-poly1305": 32, "hmac": 48}
ASYMMETRIC = (*CURVES, *RSA_BITS, "ed25519")
ALL = (*SYMMETRIC, *ASYMMETRIC)
NUMBERS = {"aes256-gcm96": 0, "ecdsa-p256": 1, "ed25519": 2, "rsa-2048": 3, "rsa-4096": 4, "chacha20-poly1305": 5,
           "ecdsa-p384": 6, "ecdsa-p521": 7, "aes128-gcm96": 8, "rsa-3072": 9, "hmac": 10, "xchacha20-poly1305": 11}
MOMENT = "2024-01-02T03:04:05Z"


@cache
def private_key(kind: str, number: int = 1):
    """The private key of an asymmetric type; another one for another number."""
    if kind in CURVES:
        return ec.derive_private_key(0x5EA1_6A7E << 100 | number, CURVES[kind])
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return rsa.generate_private_key(65537, RSA_BITS[kind])


def symmetric_key(kind: str, number: int = 1) -> bytes:
    return bytes((number + place) % 256 for place in range(SYMMETRIC[kind]))


def imported_form(kind: str, number: int = 1) -> bytes:
    """What is wrapped for an import: the bytes of a symmetric key, PKCS#8 of an asymmetric one."""
    if kind in SYMMETRIC:
        return symmetric_key(kind, number)
    return private_key(kind, number).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_pem(kind: str, number: int = 1) -> str:
    pem = private_key(kind, number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


@dataclass(frozen=True)
class Wrapped:
    """In a step's body: the key, wrapped with the wrapping key that was saved as `wrapping`."""

    kind: str
    number: int = 1
    hash: str = "SHA256"

    def __call__(self, saved: dict) -> str:
        return wrapped_for_import(imported_form(self.kind, self.number), saved["wrapping"], self.hash)


@dataclass(frozen=True)
class WrappedBytes:
    """In a step's body: any bytes, wrapped as a key."""

    content: bytes

    def __call__(self, saved: dict) -> str:
        return wrapped_for_import(self.content, saved["wrapping"])


@cache
def backup(name: str, kind: str, versions: int = 1, **more) -> str:
    """A backup in the peer's format of a key with these keys as its versions."""
    entries = {str(number): _entry(kind, number) for number in range(1, versions + 1)}
    policy = {
        "name": name, "type": NUMBERS[kind], "keys": entries, "derived": False, "kdf": 0,
        "convergent_encryption": False, "convergent_version": 0, "exportable": True, "allow_plaintext_backup": True,
        "deletion_allowed": False, "min_decryption_version": 1, "min_encryption_version": 0,
        "min_available_version": 0, "latest_version": versions, "archive_version": versions, "archive_min_version": 0,
        **({"key_size": SYMMETRIC[kind]} if kind == "hmac" else {}), **more,
    }
    text = json.dumps({"policy": policy, "archived_keys": {"keys": [{}, *entries.values()]}})
    return base64.b64encode(text.encode()).decode()


def _entry(kind: str, number: int) -> dict:
    entry = {"time": MOMENT, "creation_time": 1704164645,
             "hmac_key": base64.b64encode(bytes([100 + number]) * 32).decode()}
    if kind in SYMMETRIC:
        entry["key"] = base64.b64encode(symmetric_key(kind, number)).decode()
        return {**entry, "hmac_key": entry["key"]} if kind == "hmac" else entry
    key = private_key(kind, number)
    if kind == "ed25519":
        public = key.public_key().public_bytes_raw()
        return {**entry, "key": base64.b64encode(key.private_bytes_raw() + public).decode(),
                "public_key": base64.b64encode(public).decode()}
    if kind in CURVES:
        numbers = key.private_numbers()
        point = numbers.public_numbers
        return {**entry, "ec_x": point.x, "ec_y": point.y, "ec_d": numbers.private_value,
                "public_key": public_pem(kind, number)}
    numbers = key.private_numbers()
    return {**entry, "rsa_key": {
        "N": numbers.public_numbers.n, "E": numbers.public_numbers.e, "D": numbers.d,
        "Primes": [numbers.p, numbers.q],
        "Precomputed": {"Dp": numbers.dmp1, "Dq": numbers.dmq1, "Qinv": numbers.iqmp, "CRTValues": []}}}
