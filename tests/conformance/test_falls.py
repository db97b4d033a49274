"""Requests at which the peer falls over: it hangs up. Sealgate says what is wrong, or does as asked."""

import base64
import http.client
import itertools
import json

import pytest
from certificates import certificate
from materials import public_pem
from moving import must
from servers import PEER

_numbers = itertools.count(1)


def status(server, path: str, body: dict) -> int | None:
    """The status of the answer; None when the server hangs up."""
    try:
        answer = server.call("POST", path, body)
    except http.client.RemoteDisconnected:
        return None
    assert answer.status < 400 or answer.errors, "a refusal without a word"
    return answer.status


def public_only(server, kind: str) -> str:
    name = f"fallen-{next(_numbers)}"
    must(server.call("POST", f"/transit/keys/{name}/import", {"type": kind, "public_key": public_pem(kind)}))
    return name


def assert_falls(peer, sealgate, path, body, expected: int) -> None:
    """`path` is given the name of a key on each server."""
    assert status(peer, path(peer), body(peer)) is None, "the peer was mended: this belongs to the scenarios now"
    if sealgate.kind != PEER:
        assert status(sealgate, path(sealgate), body(sealgate)) == expected


def test_agreement_without_a_private_key(peer, sealgate):
    assert_falls(peer, sealgate, lambda server: f"/transit/derive-key/fallen-{next(_numbers)}", lambda server: {
        "base_key_name": public_only(server, "ecdsa-p256"), "peer_public_key": public_pem("ecdsa-p256", 2)}, 400)


def test_certificate_for_a_public_rsa_key(peer, sealgate):
    assert_falls(peer, sealgate, lambda server: f"/transit/keys/{public_only(server, 'rsa-2048')}/set-certificate",
                 lambda server: {"certificate_chain": certificate("rsa-2048")}, 200)


@pytest.mark.parametrize("backup", [{}, {"archived_keys": {}}], ids=str)
def test_backups_without_a_key(backup, peer, sealgate):
    text = base64.b64encode(json.dumps(backup).encode()).decode()
    assert_falls(peer, sealgate, lambda server: f"/transit/restore/fallen-{next(_numbers)}",
                 lambda server: {"backup": text}, 400)
