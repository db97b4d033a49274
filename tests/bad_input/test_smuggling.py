"""Two lengths in one request must never make two requests of it."""

import pytest
from framing import BODY, ENCRYPT, SEAL
from raw import exchange, request

FINISHED = b"0\r\n\r\n" + SEAL
LENGTH = b"Content-Length: %d"
CHUNKED = b"Transfer-Encoding: chunked"


def smuggle(*headers: bytes, behind: bytes) -> bytes:
    """An encryption on a connection that stays open, with something behind it."""
    return request("POST", ENCRYPT, *headers).replace(b"Connection: close\r\n", b"") + behind


SMUGGLED = {
    "a length that covers the second request": smuggle(LENGTH % len(FINISHED), CHUNKED, behind=FINISHED),
    "a length behind the coding": smuggle(CHUNKED, LENGTH % len(FINISHED), behind=FINISHED),
    "a coding with a tab": smuggle(LENGTH % len(FINISHED), b"Transfer-Encoding:\tchunked", behind=FINISHED),
    "a coding given twice": smuggle(LENGTH % len(FINISHED), CHUNKED, b"Transfer-Encoding: identity", behind=FINISHED),
    "a coding with a space before the colon": smuggle(
        LENGTH % len(FINISHED), b"Transfer-Encoding : chunked", behind=FINISHED),
    "a coding in a folded line": smuggle(
        LENGTH % len(FINISHED), b"X: y\r\n Transfer-Encoding: chunked", behind=FINISHED),
    "a coding that only looks like one": smuggle(
        LENGTH % len(FINISHED), b"Transfer-Encoding: chunked\x0b", behind=FINISHED),
    "two lengths": smuggle(LENGTH % len(BODY), LENGTH % (len(BODY) + len(SEAL)), behind=BODY + SEAL),
    "a chunk with a bare line feed": smuggle(CHUNKED, behind=b"15\n" + BODY + b"\n0\n\n" + SEAL),
    "a chunk extension with a line feed": smuggle(CHUNKED, behind=b"15;a=\nb\r\n" + BODY + b"\r\n0\r\n\r\n" + SEAL),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_one_request_stays_one(unhurt, name):
    reply = exchange(unhurt.port, SMUGGLED[name], seconds=5)
    assert 400 <= reply.status < 500, reply.whole
    assert reply.whole.count(b"HTTP/1.1 ") == 1, reply.whole
    assert unhurt.call("GET", "/sys/seal-status").json["sealed"] is False


def test_honest_requests_follow_each_other(unhurt):
    """The control: what comes behind a request that ends where it says is answered."""
    first = smuggle(LENGTH % len(BODY), behind=BODY)
    reply = exchange(unhurt.port, first + request("GET", "/v1/sys/health"))
    assert reply.whole.count(b"HTTP/1.1 200 ") == 2, reply.whole
