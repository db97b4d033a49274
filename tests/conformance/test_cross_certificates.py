"""Certificate requests and certificates, made and checked by OpenSSL's command line."""

import base64
import itertools

import pytest
from certificates import request
from materials import ASYMMETRIC
from moving import must
from openssl import OpenSSL
from servers import PEER

SIGNED_BY = {"ecdsa-p256": "ecdsa-with-SHA256", "ecdsa-p384": "ecdsa-with-SHA384", "ecdsa-p521": "ecdsa-with-SHA512",
             "ed25519": "ED25519", "rsa-2048": "sha256WithRSAEncryption", "rsa-3072": "sha256WithRSAEncryption",
             "rsa-4096": "sha256WithRSAEncryption"}
CONSTRAINTS = "[leaf]\nbasicConstraints=critical,CA:FALSE\n[authority]\nbasicConstraints=critical,CA:TRUE\n"

_numbers = itertools.count(1)


@pytest.fixture
def openssl(tmp_path):
    return OpenSSL(tmp_path)


@pytest.fixture(params=["peer", "sealgate"])
def server(request, peer, sealgate):
    return peer if request.param == "peer" else sealgate


def made(server, kind: str) -> str:
    name = f"certified-{next(_numbers)}"
    must(server.call("POST", f"/transit/keys/{name}", {"type": kind, "exportable": True,
                                                      "allow_plaintext_backup": True}))
    return name


def public_pem(openssl: OpenSSL, server, name: str, version: int = 1) -> bytes:
    keys = must(server.call("GET", f"/transit/export/public-key/{name}/{version}?format=pem")).data["keys"]
    return openssl("pkey", "-pubin", "-in", "public.pem", **{"public.pem": keys[str(version)]})


def asked(server, name: str, **body) -> str:
    return must(server.call("POST", f"/transit/keys/{name}/csr", body)).data["csr"]


@pytest.mark.parametrize("kind", ASYMMETRIC)
def test_openssl_accepts_the_requests(kind, server, openssl):
    name = made(server, kind)
    must(server.call("POST", f"/transit/keys/{name}/rotate"))
    for version in (1, 2):
        for template in ({}, {"csr": request()}):
            csr = asked(server, name, version=version, **template)
            text = openssl("req", "-noout", "-verify", "-text", "-nameopt", "RFC2253,-esc_msb", "-in", "csr.pem",
                           **{"csr.pem": csr}).decode()
            assert f"Signature Algorithm: {SIGNED_BY[kind]}" in text
            assert openssl("req", "-noout", "-pubkey", "-in", "csr.pem") == public_pem(openssl, server, name, version)
            if template:
                assert "CN=template.example" in text and "Ältestenrat" in text
                assert "DNS:a.example, DNS:*.b.example, email:who@example.org" in text
            else:
                assert "Subject: \n" in text


def test_critical_extensions_are_kept(sealgate, openssl):
    csr = asked(sealgate, made(sealgate, "ecdsa-p256"), csr=request(critical=True))
    text = openssl("req", "-noout", "-verify", "-text", "-in", "csr.pem", **{"csr.pem": csr}).decode()
    kept = "X509v3 Basic Constraints: critical\n                    CA:FALSE" in text
    assert kept == (sealgate.kind != PEER), "the peer loses the values of critical extensions"


@pytest.mark.parametrize("kind", ASYMMETRIC)
def test_a_certificate_by_openssl_moves_with_the_key(kind, peer, sealgate, openssl):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    authority = openssl.path("ca.pem").read_text()
    for source, target in ((peer, sealgate), (sealgate, peer)):
        name = made(source, kind)
        leaf = openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20",
                       "-extfile", "extensions", "-extensions", "leaf",
                       **{"csr.pem": asked(source, name, csr=request()), "extensions": CONSTRAINTS}).decode()
        answer = must(source.call("POST", f"/transit/keys/{name}/set-certificate", {
            "certificate_chain": leaf + authority}))
        assert answer.data["certificate_chain"] == leaf + authority
        backup = must(source.call("GET", f"/transit/backup/{name}")).data["backup"]
        must(target.call("POST", f"/transit/restore/{name}", {"backup": backup}))
        for server in (source, target):
            chain = must(server.call("GET", f"/transit/export/certificate-chain/{name}")).data["keys"]["1"]
            shown = must(server.call("GET", f"/transit/keys/{name}")).data["keys"]["1"]
            assert shown["certificate_chain"] == chain == (leaf + authority).rstrip()
            openssl("verify", "-CAfile", "ca.pem", "chain.pem", **{"chain.pem": chain})
            certified = openssl("x509", "-noout", "-pubkey", "-in", "chain.pem")
            assert certified == public_pem(openssl, server, name)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048", "ed25519"])
def test_a_certificate_verifies_what_the_server_signs(kind, server, openssl):
    name = made(server, kind)
    message = b"a message of some length"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20", "-out", "leaf.pem",
            **{"csr.pem": asked(server, name, csr=request())})
    body = {"input": base64.b64encode(message).decode(), "signature_algorithm": "pkcs1v15"}
    text = must(server.call("POST", f"/transit/sign/{name}", body)).data["signature"]
    digest = () if kind == "ed25519" else ("-digest", "sha256")
    openssl("pkeyutl", "-verify", "-certin", "-inkey", "leaf.pem", "-rawin", *digest, "-in", "message",
            "-sigfile", "signature", message=message, signature=base64.b64decode(text.split(":")[2]))
