"""Requests byte by byte, over a plain socket."""

import json
import socket
from dataclasses import dataclass

TOKEN = b"X-Vault-Token: root"


@dataclass(frozen=True)
class Case:
    """One malformed request, and the answer that it must get.

    `sentence` is a part of the one error that is answered; "" stands for an answer without a word,
    which is what the peers give.
    """

    name: str
    request: bytes
    status: int
    sentence: str = ""


@dataclass(frozen=True)
class Reply:
    """What came back until the server closed the connection. `status` 0: nothing."""

    status: int
    body: bytes
    whole: bytes

    @property
    def errors(self) -> list:
        return json.loads(self.body)["errors"]


def request(method: str, path: str, *headers: bytes, body: bytes | None = None) -> bytes:
    """A well-formed request with the root token, unless `headers` or `path` spoil it."""
    head = [f"{method} {path} HTTP/1.1".encode("latin-1"), b"Host: sealgate", TOKEN, b"Connection: close", *headers]
    if body is not None:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + (body or b"")


def chunked(method: str, path: str, framed: bytes, *headers: bytes) -> bytes:
    """A request whose body is sent exactly like this behind `Transfer-Encoding: chunked`."""
    return request(method, path, b"Transfer-Encoding: chunked", *headers) + framed


def exchange(port: int, sent: bytes, seconds: float = 30) -> Reply:
    """Sends all of it and reads until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as stream:
        try:
            stream.sendall(sent)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server may refuse before it has read everything
        return receive(stream)


def receive(stream: socket.socket) -> Reply:
    whole = b""
    try:
        while piece := stream.recv(1 << 16):
            whole += piece
    except ConnectionResetError:
        pass
    head, _, body = whole.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    status = int(words[1]) if words[0].startswith(b"HTTP/1.") else 0
    if b"transfer-encoding: chunked" in head.lower():
        body = joined(body)
    return Reply(status, body, whole)


def joined(chunks: bytes) -> bytes:
    body = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        length = int(size, 16)
        body, chunks = body + chunks[:length], chunks[length + 2:]
    return body
