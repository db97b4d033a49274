"""Clients that stop in the middle are told so, and do not hold others up."""

import socket
import time

import pytest
import servers
from raw import receive, request

LIMITS = """
[limits]
header_timeout = "500ms"
request_timeout = "1s"
"""


@pytest.fixture
def impatient(tmp_path):
    server = servers.start_configured(tmp_path, servers.free_port(), LIMITS)
    yield server
    server.stop()


@pytest.mark.parametrize("sent, limit", [
    (b"GET /v1/sys/health HTTP/1.1\r\nHost: seal", "limits.header_timeout"),
    (request("PUT", "/v1/sys/init", b"Content-Length: 100") + b'{"secret_', "limits.request_timeout"),
    (request("PUT", "/v1/sys/init", b"Transfer-Encoding: chunked") + b"64\r\n{", "limits.request_timeout"),
], ids=["in the head", "in the body", "in a chunk"])
def test_a_client_that_stops_is_told_which_limit(impatient, sent, limit):
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as stream:
        stream.sendall(sent)
        reply = receive(stream)
    assert reply.status == 408, reply.whole
    assert limit in reply.errors[0]


def test_a_client_that_trickles_is_cut_off(impatient):
    """A byte now and then does not move the deadline."""
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as stream:
        started = time.monotonic()
        with pytest.raises(OSError):
            for byte in request("GET", "/v1/sys/health", b"X-Long: " + b"y" * 500):
                stream.sendall(bytes([byte]))
                time.sleep(0.05)
        assert time.monotonic() - started < 10


def test_stopped_clients_hold_nobody_up(impatient):
    stopped = [socket.create_connection(("127.0.0.1", impatient.port), timeout=20) for _ in range(200)]
    for stream in stopped:
        stream.sendall(request("PUT", "/v1/sys/init", b"Content-Length: 100") + b"{")
    started = time.monotonic()
    assert impatient.call("GET", "/sys/seal-status").status == 200
    assert time.monotonic() - started < 0.5
    for stream in stopped:
        stream.close()
