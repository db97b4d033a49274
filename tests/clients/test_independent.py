"""What no peer here can judge, judged by OpenSSL through Python's `cryptography`: ML-DSA, CMAC, and
RSA with PKCS #1 v1.5, as Vault has them."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import cmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import algorithms

MESSAGE = b"what was agreed"
INPUT = base64.b64encode(MESSAGE).decode()


def made(sealgate, name: str, **settings):
    answer = sealgate.call("POST", f"/transit/keys/{name}", settings)
    assert answer.status == 200, answer
    return answer.json["data"]


def asked(sealgate, path: str, body=None, method="POST"):
    answer = sealgate.call(method, f"/transit/{path}", body)
    assert answer.status == 200, answer
    return answer.json["data"]


def tag_of(text: str) -> bytes:
    prefix, version, encoded = text.split(":")
    assert (prefix, version) == ("vault", "v1")
    return base64.b64decode(encoded)


def public_key(sealgate, name: str):
    pem = asked(sealgate, f"export/public-key/{name}?format=pem", method="GET")["keys"]["1"]
    return serialization.load_pem_public_key(pem.encode())


@pytest.mark.parametrize("parameter_set", ["44", "65", "87"])
def test_ml_dsa_signatures_verify(sealgate, parameter_set):
    name = f"post-quantum-{parameter_set}"
    key = made(sealgate, name, type="ml-dsa", parameter_set=parameter_set)
    assert (key["type"], key["parameter_set"]) == ("ml-dsa", parameter_set)
    signature = asked(sealgate, f"sign/{name}", {"input": INPUT})["signature"]
    assert asked(sealgate, f"verify/{name}", {"input": INPUT, "signature": signature})["valid"] is True
    other = base64.b64encode(b"something else").decode()
    assert asked(sealgate, f"verify/{name}", {"input": other, "signature": signature})["valid"] is False
    public = public_key(sealgate, name)
    public.verify(tag_of(signature), MESSAGE)
    with pytest.raises(InvalidSignature):
        public.verify(tag_of(signature), b"something else")


@pytest.mark.parametrize("parameter_set", [None, "", "45", "ml-dsa-44"])
def test_ml_dsa_needs_a_parameter_set(sealgate, parameter_set):
    settings = {"type": "ml-dsa", **({} if parameter_set is None else {"parameter_set": parameter_set})}
    answer = sealgate.call("POST", "/transit/keys/none", settings)
    assert answer.status == 400 and "44, 65 or 87" in answer.errors[0]


@pytest.mark.parametrize("kind", ["aes128-cmac", "aes256-cmac"])
def test_cmacs_are_the_standards(sealgate, kind):
    made(sealgate, kind, type=kind, exportable=True)
    exported = asked(sealgate, f"export/cmac-key/{kind}", method="GET")["keys"]["1"]
    expected = cmac.CMAC(algorithms.AES(base64.b64decode(exported)))
    expected.update(MESSAGE)
    expected = expected.finalize()
    whole = asked(sealgate, f"cmac/{kind}", {"input": INPUT})["cmac"]
    assert tag_of(whole) == expected
    for path, body in ((f"cmac/{kind}/8", {}), (f"cmac/{kind}", {"mac_length": 8})):
        assert tag_of(asked(sealgate, path, {"input": INPUT, **body})["cmac"]) == expected[:8]
    batch = asked(sealgate, f"cmac/{kind}", {"batch_input": [{"input": INPUT, "reference": "a"}, {}]})
    assert batch["batch_results"] == [{"cmac": whole, "reference": "a"},
                                      {"error": "missing input for CMAC", "reference": ""}]

    def verified(text, **more):
        return asked(sealgate, f"verify/{kind}", {"input": INPUT, "cmac": text, **more})["valid"]
    short = "vault:v1:" + base64.b64encode(expected[:8]).decode()
    assert verified(whole) is True
    assert verified(short) is False, "a short tag is not taken unless it is asked for"
    assert verified(short, mac_length=8) is True
    assert verified(whole, mac_length=8) is False
    forged = "vault:v1:" + base64.b64encode(bytes(16)).decode()
    assert verified(forged) is False


def test_only_cmac_keys_make_cmacs(sealgate):
    made(sealgate, "no-cmac")
    answer = sealgate.call("POST", "/transit/cmac/no-cmac", {"input": INPUT})
    assert answer.status == 400 and "aes128-cmac" in answer.errors[0]
    for length in (0, 3, 17):
        answer = sealgate.call("POST", "/transit/cmac/aes128-cmac", {"input": INPUT, "mac_length": length})
        assert answer.status == 400


def test_rsa_with_the_old_padding(sealgate):
    made(sealgate, "old-padding", type="rsa-2048")
    sealed = public_key(sealgate, "old-padding").encrypt(MESSAGE, padding.PKCS1v15())
    ciphertext = "vault:v1:" + base64.b64encode(sealed).decode()
    body = {"ciphertext": ciphertext, "padding_scheme": "pkcs1v15"}
    assert asked(sealgate, "decrypt/old-padding", body)["plaintext"] == INPUT
    there = asked(sealgate, "encrypt/old-padding", {"plaintext": INPUT, "padding_scheme": "pkcs1v15"})
    body["ciphertext"] = there["ciphertext"]
    assert asked(sealgate, "decrypt/old-padding", body)["plaintext"] == INPUT
    failures = {str(sealgate.call("POST", "/transit/decrypt/old-padding", wrong).json) for wrong in (
        {"ciphertext": ciphertext}, {**body, "padding_scheme": "oaep"},
        {**body, "ciphertext": "vault:v1:AAAA"},
        {**body, "ciphertext": "vault:v1:" + base64.b64encode(bytes(256)).decode()},
    )}
    assert len(failures) == 1, "every failure is one answer"
    answer = sealgate.call("POST", "/transit/decrypt/old-padding", {**body, "padding_scheme": "none"})
    assert answer.status == 400 and "pkcs1v15" in answer.errors[0]
