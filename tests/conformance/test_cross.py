"""Each server decrypts what the other one encrypted, once both hold the same key."""

import base64
import itertools

import pytest
from moving import KEY_LENGTHS, by_backup, by_export, by_import, must

PLAINTEXTS = [b"", b"x", b"sixteen bytes ..", bytes(range(256)) * 17]
CONTEXT = base64.b64encode(b"a context").decode()
EXTRAS = ({}, {"associated_data": base64.b64encode(b"associated").decode()})
KINDS = tuple(KEY_LENGTHS)
SHAPES = {
    "plain": {},
    "derived": {"derived": True},
    "convergent": {"derived": True, "convergent_encryption": True},
}
DIRECTIONS = ("peer to sealgate", "sealgate to peer")

_numbers = itertools.count(1)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("way", [by_export, by_backup], ids=["export", "backup"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_moved_key(kind, shape, way, direction, peer, sealgate):
    name = f"cross-{next(_numbers)}"
    source, target = (peer, sealgate) if direction == "peer to sealgate" else (sealgate, peer)
    must(source.call("POST", f"/transit/keys/{name}", {
        "type": kind, "exportable": True, "allow_plaintext_backup": True, **SHAPES[shape]}))
    before = encrypted(source, name, shape)
    must(source.call("POST", f"/transit/keys/{name}/rotate"))
    way(source, target, name)
    assert_decrypts(target, name, shape, before)
    assert_interchangeable(source, target, name, shape)


# The peer gives an imported derived key its oldest derivation, which makes 32 bytes and no AES-128 key.
@pytest.mark.parametrize(("kind", "shape"), [
    *((kind, "plain") for kind in KINDS), *((kind, "derived") for kind in KINDS if KEY_LENGTHS[kind] == 32)])
def test_imported_key(kind, shape, peer, sealgate):
    name = f"cross-{next(_numbers)}"
    material = by_import([peer, sealgate], name, kind, exportable=True, **SHAPES[shape])
    for server in (peer, sealgate):
        exported = must(server.call("GET", f"/transit/export/encryption-key/{name}/1")).data["keys"]
        assert base64.b64decode(exported["1"]) == material
    assert_interchangeable(peer, sealgate, name, shape)


def assert_interchangeable(one, other, name: str, shape: str) -> None:
    here, there = encrypted(one, name, shape), encrypted(other, name, shape)
    if shape == "convergent":
        assert here == there, "convergent encryption gives the same ciphertext on both"
    assert_decrypts(other, name, shape, here)
    assert_decrypts(one, name, shape, there)


def encrypted(server, name: str, shape: str) -> list[str]:
    """Every plaintext, without and with associated data."""
    texts = [base64.b64encode(text).decode() for text in PLAINTEXTS]
    bodies = [{"plaintext": text, **extra, **context(shape)} for extra in EXTRAS for text in texts]
    return [must(server.call("POST", f"/transit/encrypt/{name}", body)).data["ciphertext"] for body in bodies]


def assert_decrypts(server, name: str, shape: str, ciphertexts: list[str]) -> None:
    halves = ciphertexts[:len(PLAINTEXTS)], ciphertexts[len(PLAINTEXTS):]
    for texts, extra in zip(halves, EXTRAS):
        for text, plaintext in zip(texts, PLAINTEXTS, strict=True):
            body = {"ciphertext": text, **extra, **context(shape)}
            answer = must(server.call("POST", f"/transit/decrypt/{name}", body))
            assert base64.b64decode(answer.data["plaintext"]) == plaintext


def context(shape: str) -> dict:
    return {} if shape == "plain" else {"context": CONTEXT}
