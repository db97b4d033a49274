"""A key of every type moves by backup; then each server takes what the other one made."""

import base64
import itertools

import pytest
from compare import BEYOND
from independent import HASHES, Manner, decoded, digest, hmac_of, public_key, verifies
from materials import ALL, ASYMMETRIC, CURVES, RSA_BITS, backup, private_key, symmetric_key
from moving import by_backup, must

MESSAGE = b"a message of some length"
CONTEXT = base64.b64encode(b"a context").decode()
DIRECTIONS = ("peer to sealgate", "sealgate to peer")
VERSIONS = (1, 2)

_numbers = itertools.count(1)


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def manners(kind: str) -> list[Manner]:
    """Every way to sign with a key of this type."""
    if kind == "ed25519":
        return [Manner(), Manner(marshaling="jws"), Manner(hash="sha2-512"), Manner(prehashed=True)]
    both = (False, True)
    if kind in CURVES:
        return [Manner(name, prehashed, marshaling)
                for name in HASHES for prehashed in both for marshaling in ("asn1", "jws")]
    return [
        *[Manner(name, prehashed, "asn1", "pkcs1v15") for name in HASHES for prehashed in both],
        *[Manner(name, prehashed, "asn1", "pss", salt) for name in HASHES for prehashed in both
          for salt in ("auto", "hash", "17")],
        Manner("none", True, "asn1", "pkcs1v15"),
        Manner("sha2-256", False, "jws", "pss", "hash"),
        Manner("sha2-256", False, "jws", "pkcs1v15"),
    ]


def signable(manner: Manner) -> bytes:
    return digest(manner.hash, MESSAGE) if manner.prehashed and manner.hash in HASHES else MESSAGE


def made(source, kind: str, **more) -> str:
    """A key with two versions, which may leave."""
    name = f"moved-{next(_numbers)}"
    size = {"key_size": 40} if kind == "hmac" else {}
    must(source.call("POST", f"/transit/keys/{name}", {
        "type": kind, "exportable": True, "allow_plaintext_backup": True, **size, **more}))
    must(source.call("POST", f"/transit/keys/{name}/rotate"))
    return name


@pytest.fixture(params=DIRECTIONS)
def pair(request, peer, sealgate):
    return (peer, sealgate) if request.param == "peer to sealgate" else (sealgate, peer)


@pytest.mark.parametrize("kind", ALL)
def test_a_backup_moves_there_and_back(kind, pair):
    source, target = pair
    name = made(source, kind)
    before = must(source.call("GET", f"/transit/keys/{name}")).data
    by_backup(source, target, name)
    moved = must(target.call("GET", f"/transit/keys/{name}")).data
    again = must(target.call("GET", f"/transit/backup/{name}")).data["backup"]
    must(source.call("POST", f"/transit/restore/{name}-back", {"backup": again}))
    back = must(source.call("GET", f"/transit/keys/{name}-back")).data
    for other in (moved, back):
        assert without_moving(other) == without_moving(before)
    for export in ("hmac-key", *exports(kind)):
        keys = [must(server.call("GET", f"/transit/export/{export}/{path}")).data["keys"]
                for server, path in ((source, name), (target, name), (source, f"{name}-back"))]
        assert keys[0] == keys[1] == keys[2]


def without_moving(key: dict) -> dict:
    """What both say of a key, without what a move changes."""
    changed = {"name", "backup_info", "restore_info", *BEYOND}
    return {name: value for name, value in key.items() if name not in changed}


def exports(kind: str) -> tuple:
    signing, encryption = ("signing-key", "public-key"), ("encryption-key",)
    if kind in ASYMMETRIC:
        return signing + (encryption if kind in RSA_BITS else ())
    return () if kind == "hmac" else encryption


@pytest.mark.parametrize("kind", ALL)
def test_both_make_the_same_hmacs(kind, pair):
    source, target = pair
    name = made(source, kind)
    by_backup(source, target, name)
    keys = must(source.call("GET", f"/transit/export/hmac-key/{name}")).data["keys"]
    for hash_name, version in itertools.product(HASHES, VERSIONS):
        expected = hmac_of(hash_name, base64.b64decode(keys[str(version)]), MESSAGE)
        for server, other in ((source, target), (target, source)):
            body = {"input": b64(MESSAGE), "key_version": version}
            text = must(server.call("POST", f"/transit/hmac/{name}/{hash_name}", body)).data["hmac"]
            assert text == f"vault:v{version}:{b64(expected)}"
            assert valid(other, name, {"hmac": text, "hash_algorithm": hash_name})
            assert not valid(other, name, {"hmac": text, "hash_algorithm": hash_name, "input": b64(b"another")})


def valid(server, name: str, body: dict) -> bool:
    return must(server.call("POST", f"/transit/verify/{name}", {"input": b64(MESSAGE), **body})).data["valid"]


def signature(server, name: str, manner: Manner, **more) -> str:
    body = {"input": b64(signable(manner)), **manner.body(), **more}
    return must(server.call("POST", f"/transit/sign/{name}", body)).data["signature"]


@pytest.mark.parametrize("kind", ASYMMETRIC)
def test_each_verifies_what_the_other_signed(kind, pair):
    source, target = pair
    name = made(source, kind)
    by_backup(source, target, name)
    shown = [must(server.call("GET", f"/transit/keys/{name}")).data["keys"] for server in pair]
    assert shown[0] == shown[1]
    for manner, version in itertools.product(manners(kind), VERSIONS):
        public, content = public_key(shown[0][str(version)]["public_key"]), signable(manner)
        for server, other in ((source, target), (target, source)):
            text = signature(server, name, manner, key_version=version)
            number, raw = decoded(text, manner.marshaling)
            assert number == version
            assert verifies(public, raw, content, manner), manner
            asked = {"signature": text, **manner.body(), "input": b64(content)}
            assert valid(other, name, asked), manner
            changed = bytes([content[0] ^ 1]) + content[1:]
            assert not valid(other, name, {**asked, "input": b64(changed)}), manner


@pytest.mark.parametrize("kind", RSA_BITS)
def test_salt_lengths_are_kept_apart(kind, pair):
    source, target = pair
    name = made(source, kind)
    by_backup(source, target, name)
    for made_with, read_with in itertools.product(("auto", "hash", "0", "17"), ("auto", "hash", "17", "18")):
        text = signature(source, name, Manner(salt=made_with))
        answers = [valid(server, name, {"signature": text, **Manner(salt=read_with).body()}) for server in pair]
        # "0" is what the peers call "auto" in numbers.
        assert answers == [read_with == "auto" or made_with == read_with] * 2, (made_with, read_with)


def test_both_derive_the_same_signing_keys(pair):
    source, target = pair
    name = made(source, "ed25519", derived=True)
    by_backup(source, target, name)
    shown = [must(server.call("GET", f"/transit/keys/{name}?context={CONTEXT}")).data["keys"] for server in pair]
    assert shown[0] == shown[1]
    for version in VERSIONS:
        body = {"input": b64(MESSAGE), "context": CONTEXT, "key_version": version}
        answers = [must(server.call("POST", f"/transit/sign/{name}", body)).data for server in pair]
        assert answers[0] == answers[1], "Ed25519 leaves nothing to chance"
        assert answers[0]["public_key"] == shown[0][str(version)]["public_key"]
        _, raw = decoded(answers[0]["signature"])
        assert verifies(public_key(answers[0]["public_key"]), raw, MESSAGE, Manner())
        for server in pair:
            assert valid(server, name, {"signature": answers[0]["signature"], "context": CONTEXT})
            assert not valid(server, name, {"signature": answers[0]["signature"], "context": b64(b"another")})


@pytest.mark.parametrize("kind", RSA_BITS)
def test_each_decrypts_what_the_other_encrypted(kind, pair):
    source, target = pair
    name = made(source, kind)
    by_backup(source, target, name)
    longest = RSA_BITS[kind] // 8 - 66
    for plaintext, version in itertools.product((b"", MESSAGE, bytes(longest)), VERSIONS):
        for server, other in ((source, target), (target, source)):
            body = {"plaintext": b64(plaintext), "key_version": version}
            text = must(server.call("POST", f"/transit/encrypt/{name}", body)).data["ciphertext"]
            answer = must(other.call("POST", f"/transit/decrypt/{name}", {"ciphertext": text}))
            assert base64.b64decode(answer.data["plaintext"]) == plaintext
            new = must(other.call("POST", f"/transit/rewrap/{name}", {"ciphertext": text})).data["ciphertext"]
            answer = must(server.call("POST", f"/transit/decrypt/{name}", {"ciphertext": new}))
            assert base64.b64decode(answer.data["plaintext"]) == plaintext


@pytest.mark.parametrize("kind", ASYMMETRIC)
def test_known_keys_sign_as_they_must(kind, peer, sealgate):
    """A backup that neither server wrote; what is deterministic is equal to the byte."""
    name = f"known-{next(_numbers)}"
    for server in (peer, sealgate):
        must(server.call("POST", f"/transit/restore/{name}", {"backup": backup(name, kind, 2)}))
    for manner, version in itertools.product(manners(kind), VERSIONS):
        texts = [signature(server, name, manner, key_version=version) for server in (peer, sealgate)]
        public = private_key(kind, version).public_key()
        for text in texts:
            _, raw = decoded(text, manner.marshaling)
            assert verifies(public, raw, signable(manner), manner), manner
        if kind == "ed25519" or manner.algorithm == "pkcs1v15" and kind in RSA_BITS:
            assert texts[0] == texts[1], manner


def test_known_hmac_keys_make_the_hmacs_they_must(peer, sealgate):
    for server in (peer, sealgate):
        body = {"backup": backup("known-hmac", "hmac"), "force": True}
        must(server.call("POST", "/transit/restore/known-hmac", body))
        for name in HASHES:
            answer = must(server.call("POST", f"/transit/hmac/known-hmac/{name}", {"input": b64(MESSAGE)}))
            assert decoded(answer.data["hmac"]) == (1, hmac_of(name, symmetric_key("hmac"), MESSAGE))


def test_hashes_are_what_they_must_be(peer, sealgate):
    for server, name in itertools.product((peer, sealgate), HASHES.keys() - {"sha1"}):
        answer = must(server.call("POST", f"/transit/hash/{name}", {"input": b64(MESSAGE)}))
        assert bytes.fromhex(answer.data["sum"]) == digest(name, MESSAGE)
