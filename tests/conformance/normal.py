"""The part of an answer that must be equal on both servers.

Times, ids, ciphertexts, signatures and keys differ on every server. A
ciphertext becomes its version, its length and a number which is the same for
the same text, so that "encrypted twice, same result" is compared too, and so
does everything else that is made by chance.
"""

import base64
import binascii
import json
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CIPHERTEXT = re.compile(r"^vault:v(\d+):(.*)$")
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
ACCESSOR = re.compile(r"^[a-z-]+_[0-9a-f]{8}$")
OPAQUE = {"accessor", "creation_time", "time", "server_time_utc", "version", "commit_date",
          "cluster_name", "cluster_id", "storage_type", "running_plugin_version"}
NAMED = re.compile(r"(Endpoint replaced .*: )\[(.*)\]$")
PEM = re.compile(r"^-----BEGIN ([A-Z ]+)-----\n.*-----END \1-----(\n?)$", re.DOTALL)


class Normal:
    """Normalises one scenario's answers of one server."""

    def __init__(self) -> None:
        self._seen: dict = {}

    def value(self, value, name: str = "", parent: str = ""):
        if isinstance(value, dict):
            if {"ciphertext", "plaintext"} <= value.keys():
                value = {**value, "plaintext": self._numbered(str(value["plaintext"]))}
            return {key: self.value(inner, key, name) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, name, parent) for inner in value]
        if name in OPAQUE:
            return f"<{type(value).__name__}>"
        if parent == "keys" and isinstance(value, int) and not isinstance(value, bool):
            return "<time>"
        if isinstance(value, str):
            return self._made_by_chance(name, value) or self._text(value)
        return value

    def _made_by_chance(self, name: str, text: str) -> str | None:
        """What stands for a text that is other on every server; None when the name says nothing."""
        if not text:
            return None
        if name == "signature":
            return self._signature(text)
        if name == "random_bytes":
            return f"<{len(text)} characters>"
        if name == "public_key":
            return self._numbered(text)
        return _request(text) if name == "csr" else None

    def _numbered(self, text: str) -> str:
        """A number for the text, here and wherever it comes again, and what can be said of it."""
        known = self._seen.get(text)
        if known is None:
            found = PEM.match(text)
            kind = f"{found[1]}, {'a line feed, ' if found[2] else ''}" if found else ""
            known = self._seen[text] = f"<text {len(self._seen) + 1}: {kind}{len(text)} characters>"
        return known

    def _signature(self, text: str) -> str:
        """As a ciphertext, but one of ECDSA has no fixed length, and JWS has its own base64."""
        found = CIPHERTEXT.match(text)
        if not found:
            return text
        plain = found[2].translate(str.maketrans("-_", "+/"))
        try:
            content = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except binascii.Error:
            return text
        shape = "r and s in ASN.1" if _is_ecdsa(content) else f"{len(content)} bytes"
        padded = ", padded" if found[2].endswith("=") and not _is_ecdsa(content) else ""
        return self._seen.setdefault(
            text, f"<signature {len(self._seen) + 1}: version {found[1]}, {shape}{padded}>")

    def _text(self, text: str) -> str:
        if text in self._seen:
            return self._seen[text]
        if UUID.match(text):
            return "<uuid>"
        named = NAMED.match(text)
        if named:
            return f"{named[1]}{sorted(named[2].split())}"
        if ACCESSOR.match(text):
            return "<accessor>"
        found = CIPHERTEXT.match(text)
        if not found:
            return text
        try:
            length = len(base64.b64decode(found[2], validate=True))
        except binascii.Error:
            return text
        return self._seen.setdefault(
            text, f"<ciphertext {len(self._seen) + 1}: version {found[1]}, {length} bytes>")


def _is_ecdsa(content: bytes) -> bool:
    try:
        decode_dss_signature(content)
    except ValueError:
        return False
    return True


def _request(text: str) -> str:
    """What a certificate request asks for, and whether it was signed as it must be."""
    try:
        request = x509.load_pem_x509_csr(text.encode())
        signed = "signed" if request.is_signature_valid else "not signed"
        extensions = [(extension.oid.dotted_string, extension.critical, repr(extension.value))
                      for extension in request.extensions]
    except (ValueError, InvalidSignature):
        return text
    key = request.public_key()
    return (f"<request: {request.subject.rfc4514_string()!r}, {extensions}, "
            f"{type(key).__name__} {getattr(key, 'key_size', '')}, {request.signature_algorithm_oid.dotted_string}, "
            f"{signed}, {'a line feed' if text.endswith(chr(10)) else 'no line feed'}>")


def exact(value) -> str:
    """A text that tells 1 from 1.0 and from true, for comparisons and reports."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
