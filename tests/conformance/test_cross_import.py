"""Keys made elsewhere, wrapped elsewhere: by Python's `cryptography` and by OpenSSL's command line."""

import base64
import itertools
import secrets

import pytest
from independent import Manner, decoded, public_key, verifies
from materials import ALL, ASYMMETRIC, CURVES, RSA_BITS, SYMMETRIC, imported_form, public_pem
from moving import must, wrapped_for_import
from openssl import OpenSSL

MESSAGE = b"a message of some length"
HASHES = ("SHA1", "SHA256", "SHA384", "SHA512")
KWP_IV = "A65959A6"  # RFC 5649, section 3
CURVE_NAMES = {"ecdsa-p256": "P-256", "ecdsa-p384": "P-384", "ecdsa-p521": "P-521"}

_numbers = itertools.count(1)


@pytest.fixture
def openssl(tmp_path):
    return OpenSSL(tmp_path)


@pytest.fixture(params=["peer", "sealgate"])
def server(request, peer, sealgate):
    return peer if request.param == "peer" else sealgate


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def wrapped_by_openssl(openssl: OpenSSL, material: bytes, wrapping: str, hash_name: str) -> str:
    ephemeral = secrets.token_bytes(32)
    head = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", "wrapping.pem", "-in", "ephemeral",
                   "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", f"rsa_oaep_md:{hash_name.lower()}",
                   "-pkeyopt", f"rsa_mgf1_md:{hash_name.lower()}",
                   **{"wrapping.pem": wrapping, "ephemeral": ephemeral})
    tail = openssl("enc", "-id-aes256-wrap-pad", "-K", ephemeral.hex(), "-iv", KWP_IV, "-in", "material",
                   **{"material": material})
    return b64(head + tail)


def made_by_openssl(openssl: OpenSSL, kind: str) -> bytes:
    """A private key as PKCS#8, or random bytes."""
    if kind in SYMMETRIC:
        return openssl("rand", str(SYMMETRIC[kind]))
    options = {
        **{name: ("EC", "-pkeyopt", f"ec_paramgen_curve:{curve}") for name, curve in CURVE_NAMES.items()},
        **{name: ("RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}") for name, bits in RSA_BITS.items()},
        "ed25519": ("ED25519",),
    }[kind]
    openssl("genpkey", "-out", "made.pem", "-algorithm", *options)
    return openssl("pkcs8", "-topk8", "-nocrypt", "-in", "made.pem", "-outform", "DER")


def wrapping_key(server) -> str:
    return must(server.call("GET", "/transit/wrapping_key")).data["public_key"]


def exported(server, kind: str, name: str, version: int = 1) -> bytes:
    form = "signing-key" if kind in ASYMMETRIC else "hmac-key" if kind == "hmac" else "encryption-key"
    suffix = "?format=der" if kind in ASYMMETRIC else ""
    keys = must(server.call("GET", f"/transit/export/{form}/{name}/{version}{suffix}")).data["keys"]
    return base64.b64decode(keys[str(version)])


@pytest.mark.parametrize("kind", ALL)
def test_openssl_makes_and_wraps_a_key(kind, server, openssl):
    name, material = f"imported-{next(_numbers)}", made_by_openssl(openssl, kind)
    ciphertext = wrapped_by_openssl(openssl, material, wrapping_key(server), "SHA256")
    must(server.call("POST", f"/transit/keys/{name}/import", {
        "type": kind, "ciphertext": ciphertext, "exportable": True}))
    if kind in ASYMMETRIC:
        assert_same_key(openssl, material, exported(server, kind, name))
        assert_signs(server, openssl, name, kind, material)
    else:
        assert exported(server, kind, name) == material


def assert_same_key(openssl: OpenSSL, one: bytes, other: bytes) -> None:
    """Both describe one key to OpenSSL, however they are written."""
    shown = [openssl("pkey", "-inform", "DER", "-in", "key.der", "-noout", "-text", **{"key.der": key})
             for key in (one, other)]
    assert shown[0] == shown[1]


def assert_signs(server, openssl: OpenSSL, name: str, kind: str, material: bytes) -> None:
    """OpenSSL verifies what the server signs with the key."""
    body = {"input": b64(MESSAGE), "signature_algorithm": "pkcs1v15"}
    _, signature = decoded(must(server.call("POST", f"/transit/sign/{name}", body)).data["signature"])
    openssl("pkey", "-inform", "DER", "-in", "key.der", "-pubout", "-out", "public.pem", **{"key.der": material})
    files = {"message": MESSAGE, "signature": signature}
    if kind == "ed25519":
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "message",
                "-sigfile", "signature", **files)
    else:
        openssl("dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "message", **files)


@pytest.mark.parametrize("hash_name", HASHES)
def test_every_hash_of_the_wrapping(hash_name, server, openssl):
    material = secrets.token_bytes(32)
    wrapping = wrapping_key(server)
    for ciphertext in (wrapped_for_import(material, wrapping, hash_name),
                       wrapped_by_openssl(openssl, material, wrapping, hash_name)):
        name = f"imported-{next(_numbers)}"
        must(server.call("POST", f"/transit/keys/{name}/import", {
            "ciphertext": ciphertext, "hash_function": hash_name, "exportable": True}))
        assert exported(server, "aes256-gcm96", name) == material


@pytest.mark.parametrize("kind", ALL)
def test_what_is_exported_for_a_peer_opens_there(kind, peer, sealgate):
    """`byok-export` of one server, for the wrapping key of the other."""
    for source, target in ((peer, sealgate), (sealgate, peer)):
        name = f"imported-{next(_numbers)}"
        must(source.call("POST", f"/transit/keys/{name}-for/import", {
            "type": "rsa-4096", "public_key": wrapping_key(target)}))
        must(source.call("POST", f"/transit/keys/{name}", {
            "type": kind, "exportable": True, **({"key_size": 77} if kind == "hmac" else {})}))
        wrapped = must(source.call("GET", f"/transit/byok-export/{name}-for/{name}?hash=SHA512")).data["keys"]["1"]
        must(target.call("POST", f"/transit/keys/{name}/import", {
            "type": kind, "ciphertext": wrapped, "hash_function": "SHA512", "exportable": True}))
        assert exported(source, kind, name) == exported(target, kind, name)


@pytest.mark.parametrize("kind", ASYMMETRIC)
def test_a_public_key_alone_verifies(kind, peer, sealgate):
    """One server holds the private key, the other the public one."""
    for signer, verifier in ((peer, sealgate), (sealgate, peer)):
        name = f"imported-{next(_numbers)}"
        must(verifier.call("POST", f"/transit/keys/{name}/import", {"type": kind, "public_key": public_pem(kind)}))
        ciphertext = wrapped_for_import(imported_form(kind), wrapping_key(signer))
        must(signer.call("POST", f"/transit/keys/{name}/import", {"type": kind, "ciphertext": ciphertext}))
        text = must(signer.call("POST", f"/transit/sign/{name}", {"input": b64(MESSAGE)})).data["signature"]
        shown = must(verifier.call("GET", f"/transit/keys/{name}")).data["keys"]["1"]["public_key"]
        assert verifies(public_key(shown), decoded(text)[1], MESSAGE, Manner())
        for message, expected in ((MESSAGE, True), (b"another", False)):
            answer = must(verifier.call("POST", f"/transit/verify/{name}", {
                "input": b64(message), "signature": text}))
            assert answer.data["valid"] is expected
        if kind in RSA_BITS:
            sealed = must(verifier.call("POST", f"/transit/encrypt/{name}", {"plaintext": b64(MESSAGE)}))
            opened = must(signer.call("POST", f"/transit/decrypt/{name}", {
                "ciphertext": sealed.data["ciphertext"]}))
            assert opened.data["plaintext"] == b64(MESSAGE)


@pytest.mark.parametrize("kind", CURVES)
def test_both_agree_on_a_key(kind, peer, sealgate, openssl):
    """Key agreement between the servers, and with OpenSSL as the third."""
    name = f"imported-{next(_numbers)}"
    publics = []
    for server in (peer, sealgate):
        answer = must(server.call("POST", f"/transit/keys/{name}", {"type": kind}))
        publics.append(answer.data["keys"]["1"]["public_key"])
    for server, public in zip((peer, sealgate), reversed(publics)):
        must(server.call("POST", f"/transit/derive-key/{name}-agreed", {
            "base_key_name": name, "peer_public_key": public}))
    assert_interchangeable(peer, sealgate, f"{name}-agreed")

    own = made_by_openssl(openssl, kind)
    openssl("pkey", "-inform", "DER", "-in", "own.der", "-out", "own.pem", **{"own.der": own})
    public = openssl("pkey", "-in", "own.pem", "-pubout").decode()
    for server, shown in zip((peer, sealgate), publics):
        secret = openssl("pkeyutl", "-derive", "-inkey", "own.pem", "-peerkey", "their.pem", **{"their.pem": shown})
        derived = openssl("kdf", "-keylen", "32", "-kdfopt", "digest:SHA256", "-kdfopt", f"hexkey:{secret.hex()}",
                          "-kdfopt", "hexinfo:", "-binary", "HKDF")
        must(server.call("POST", f"/transit/derive-key/{name}-third", {
            "base_key_name": name, "peer_public_key": public}))
        wrapped = wrapped_for_import(derived, wrapping_key(server))
        must(server.call("POST", f"/transit/keys/{name}-expected/import", {"ciphertext": wrapped}))
        sealed = must(server.call("POST", f"/transit/encrypt/{name}-third", {"plaintext": b64(MESSAGE)}))
        opened = must(server.call("POST", f"/transit/decrypt/{name}-expected", {
            "ciphertext": sealed.data["ciphertext"]}))
        assert opened.data["plaintext"] == b64(MESSAGE)


def assert_interchangeable(one, other, name: str) -> None:
    for source, target in ((one, other), (other, one)):
        sealed = must(source.call("POST", f"/transit/encrypt/{name}", {"plaintext": b64(MESSAGE)}))
        opened = must(target.call("POST", f"/transit/decrypt/{name}", {"ciphertext": sealed.data["ciphertext"]}))
        assert opened.data["plaintext"] == b64(MESSAGE)
