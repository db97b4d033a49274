"""An installation whose server is killed again and again."""

import random
from dataclasses import dataclass
from pathlib import Path

import servers

SHARES, THRESHOLD = 5, 3


@dataclass
class Victim:
    """A store, the server on it, and the shares that open it."""

    directory: Path
    port: int
    server: servers.Server
    shares: list
    token: str
    more: str = ""

    @classmethod
    def found(cls, directory: Path, more: str = "") -> "Victim":
        """`more` is more TOML."""
        port = servers.free_port()
        server = servers.start_configured(directory, port, more)
        made = server.call("PUT", "/sys/init", {"secret_shares": SHARES, "secret_threshold": THRESHOLD}, token=None)
        assert made.status == 200, made
        victim = cls(directory, port, server, made.json["keys"], made.json["root_token"], more)
        victim.unseal(random.Random(0))
        return victim

    def unseal(self, chance: random.Random) -> None:
        """With any three of the five shares."""
        for share in chance.sample(self.shares, THRESHOLD):
            answer = self.server.call("PUT", "/sys/unseal", {"key": share}, token=None)
            assert answer.status == 200, answer
        assert answer.json["sealed"] is False, answer

    def restart(self) -> None:
        self.server.kill()
        self.server = servers.start_configured(self.directory, self.port, self.more)
