"""Servers for the tests. Whatever cannot be started fails the tests; nothing is skipped."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "conformance")]

import servers  # noqa: E402  (needs the path above)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the end of every server's log to a failure's report."""
    report = yield
    if report.failed:
        for name in ("peer", "sealgate"):
            server = getattr(item, "funcargs", {}).get(name)
            if isinstance(server, servers.Server):
                report.sections.append((f"{name}: {server.log}", server.tail()))
    return report


@pytest.fixture(scope="session")
def peer(tmp_path_factory):
    """An OpenBao dev server."""
    server = servers.start_peer(tmp_path_factory.mktemp("peer"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sealgate(tmp_path_factory):
    """A Sealgate dev server."""
    server = servers.start_sealgate(tmp_path_factory.mktemp("sealgate"))
    yield server
    server.stop()
