"""The part of an answer that must be equal on both servers.

Times, ids and ciphertexts differ on every server. A ciphertext becomes its
version, its length and a number which is the same for the same text, so that
"encrypted twice, same result" is compared too.
"""

import base64
import binascii
import json
import re

CIPHERTEXT = re.compile(r"^vault:v(\d+):(.*)$")
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
ACCESSOR = re.compile(r"^[a-z-]+_[0-9a-f]{8}$")
OPAQUE = {"accessor", "creation_time", "time", "server_time_utc", "version", "commit_date",
          "cluster_name", "cluster_id", "storage_type", "running_plugin_version"}


class Normal:
    """Normalises one scenario's answers of one server."""

    def __init__(self) -> None:
        self._seen: dict = {}

    def value(self, value, name: str = "", parent: str = ""):
        if isinstance(value, dict):
            return {key: self.value(inner, key, name) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, name, parent) for inner in value]
        if name in OPAQUE:
            return f"<{type(value).__name__}>"
        if parent == "keys" and isinstance(value, int) and not isinstance(value, bool):
            return "<time>"
        if isinstance(value, str):
            return self._text(value)
        return value

    def _text(self, text: str) -> str:
        if UUID.match(text):
            return "<uuid>"
        if ACCESSOR.match(text):
            return "<accessor>"
        found = CIPHERTEXT.match(text)
        if not found:
            return text
        try:
            length = len(base64.b64decode(found[2], validate=True))
        except binascii.Error:
            return text
        number = self._seen.setdefault(text, len(self._seen) + 1)
        return f"<ciphertext {number}: version {found[1]}, {length} bytes>"


def exact(value) -> str:
    """A text that tells 1 from 1.0 and from true, for comparisons and reports."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
