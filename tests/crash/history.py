"""What a server has acknowledged, and what it was asked when it died.

Each key has one thread that changes it, so at most one change of it has an unknown outcome.
Encryptions come from everywhere.
"""

import threading
from dataclasses import dataclass, field

FIRST = {"latest_version": 1, "min_decryption_version": 1, "min_encryption_version": 0,
         "min_available_version": 0, "deletion_allowed": False}


@dataclass(frozen=True)
class Ciphertext:
    """One answer to an encryption."""

    key: str
    text: str
    plaintext: str
    context: str

    @property
    def version(self) -> int:
        return int(self.text.split(":")[1][1:])


@dataclass
class KeyHistory:
    """A key's settings. None is a key that does not exist."""

    settings: dict | None = None
    asked: dict | None = None
    in_doubt: bool = False

    def possible(self) -> list:
        """The states a restarted server may show."""
        return [self.settings, self.asked] if self.in_doubt else [self.settings]


@dataclass
class History:
    keys: dict = field(default_factory=dict)
    ciphertexts: list = field(default_factory=list)
    changes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, name: str) -> KeyHistory:
        with self.lock:
            return self.keys.setdefault(name, KeyHistory())

    def names(self) -> list:
        with self.lock:
            return [name for name, key in self.keys.items() if key.settings is not None]

    def asks(self, name: str, settings: dict | None) -> None:
        """A change is on its way that makes `settings` of the key."""
        key = self.key(name)
        key.asked, key.in_doubt = settings, True

    def answered(self, name: str) -> None:
        """The change was acknowledged."""
        key = self.key(name)
        key.settings, key.in_doubt = key.asked, False
        self.changes += 1

    def settle(self, name: str, found: dict | None) -> None:
        """A restarted server shows this state; what was in doubt is not any more."""
        key = self.key(name)
        assert found in key.possible(), f"{name} is {found}, and may be {key.possible()}"
        key.settings, key.in_doubt = found, False

    def made(self, ciphertexts: list) -> None:
        with self.lock:
            self.ciphertexts += ciphertexts
