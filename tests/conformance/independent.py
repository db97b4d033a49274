"""What signatures, HMACs and ciphertexts must be, by Python's `cryptography` and nothing else."""

import base64
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

HASHES = {"sha1": hashes.SHA1(), "sha2-224": hashes.SHA224(), "sha2-256": hashes.SHA256(),
          "sha2-384": hashes.SHA384(), "sha2-512": hashes.SHA512(), "sha3-224": hashes.SHA3_224(),
          "sha3-256": hashes.SHA3_256(), "sha3-384": hashes.SHA3_384(), "sha3-512": hashes.SHA3_512()}


@dataclass(frozen=True)
class Manner:
    """How a signature is made."""

    hash: str = "sha2-256"
    prehashed: bool = False
    marshaling: str = "asn1"
    algorithm: str = "pss"
    salt: str = "auto"

    def body(self) -> dict:
        """The members that ask a server for it."""
        return {"hash_algorithm": self.hash, "prehashed": self.prehashed, "marshaling_algorithm": self.marshaling,
                "signature_algorithm": self.algorithm, "salt_length": self.salt}


def digest(name: str, message: bytes) -> bytes:
    state = hashes.Hash(HASHES[name])
    state.update(message)
    return state.finalize()


def hmac_of(name: str, key: bytes, message: bytes) -> bytes:
    library_name = HASHES[name].name.replace("-", "_")
    return hmac.digest(key, message, library_name)


def public_key(shown: str):
    """A public key as `keys/:name` shows it."""
    if shown.startswith("-----BEGIN"):
        return load_pem_public_key(shown.encode())
    return ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(shown, validate=True))


def decoded(text: str, marshaling: str = "asn1") -> tuple[int, bytes]:
    """The version and the bytes of `vault:vN:…`."""
    prefix, version, encoded = text.split(":")
    assert prefix == "vault" and version[0] == "v"
    if marshaling == "jws":
        assert "=" not in encoded
        return int(version[1:]), base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return int(version[1:]), base64.b64decode(encoded, validate=True)


def verifies(public, signature: bytes, message: bytes, manner: Manner) -> bool:
    """Whether this is a signature of the message: made like this and not otherwise."""
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, message)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            if manner.marshaling == "jws":
                signature = _as_asn1(signature, public.key_size)
            public.verify(signature, _hashed(message, manner), ec.ECDSA(Prehashed(HASHES[manner.hash])))
        elif manner.hash == "none":
            return _raw_pkcs1(public, signature) == message
        else:
            public.verify(signature, _hashed(message, manner), _padding(manner), Prehashed(HASHES[manner.hash]))
    except InvalidSignature:
        return False
    return True


def _hashed(message: bytes, manner: Manner) -> bytes:
    return message if manner.prehashed else digest(manner.hash, message)


def _padding(manner: Manner):
    if manner.algorithm == "pkcs1v15":
        return padding.PKCS1v15()
    lengths = {"auto": padding.PSS.MAX_LENGTH, "hash": padding.PSS.DIGEST_LENGTH}
    salt = lengths[manner.salt] if manner.salt in lengths else int(manner.salt)
    return padding.PSS(mgf=padding.MGF1(HASHES[manner.hash]), salt_length=salt)


def _as_asn1(signature: bytes, bits: int) -> bytes:
    width = (bits + 7) // 8
    if len(signature) != 2 * width:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(signature[:width]), int.from_bytes(signature[width:]))


def _raw_pkcs1(public, signature: bytes) -> bytes | None:
    """The content of PKCS#1 v1.5's padding of type 1 (RFC 8017, section 9.2), without DigestInfo."""
    numbers, width = public.public_numbers(), public.key_size // 8
    padded = pow(int.from_bytes(signature), numbers.e, numbers.n).to_bytes(width)
    head, _, content = padded[2:].partition(b"\0")
    return content if padded[:2] == b"\0\1" and len(head) >= 8 and not head.strip(b"\xff") else None
