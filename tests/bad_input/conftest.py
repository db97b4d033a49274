"""A server with a few keys, which bad input must not hurt."""

import sys
from pathlib import Path

import pytest
import servers

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    server = servers.start_sealgate(tmp_path_factory.mktemp("target"))
    for name, body in (("present", {}), ("derived", {"derived": True})):
        made = server.call("POST", f"/transit/keys/{name}", body)
        assert made.status == 200, made
    yield server
    server.stop()


@pytest.fixture
def unhurt(target):
    """The server goes on answering after the test, unsealed."""
    yield target
    answer = target.call("POST", "/transit/encrypt/present", {"plaintext": "aGk="})
    assert answer.status == 200, answer
    assert target.process.poll() is None
