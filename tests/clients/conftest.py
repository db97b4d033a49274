"""An installation of Sealgate which a client initialises itself."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import servers


@dataclass
class Installation:
    """A directory with a store, and the server that runs on it, at an address that stays."""

    directory: Path
    port: int
    server: servers.Server

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def unsealed(self, token: str) -> None:
        """Waits until it serves. Sealgate has `transit/` since its init; the peer gets it here."""
        self.server.wait(lambda health: health["sealed"] is False and health["standby"] is False)
        if self.server.kind == servers.PEER:
            self.server.call("POST", "/sys/mounts/transit", {"type": "transit"}, token=token)

    def kill_and_restart(self) -> None:
        """kill -9, then a new process on the same store."""
        self.server.kill()
        self.server = servers.start_configured(self.directory, self.port)


@pytest.fixture
def installation(tmp_path):
    """Not initialised."""
    port = servers.free_port()
    made = Installation(tmp_path, port, servers.start_configured(tmp_path, port))
    yield made
    made.server.stop()
    if made.server.log.exists():
        print(made.server.tail())  # pytest shows it when the test failed
