"""`datakey/plaintext` and `datakey/wrapped`."""

from scenario import GO_TEXT, delete, get, post, put, scenario

CONTEXT = "Y29udGV4dA=="
SIGNING = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "hmac")


def key(kind: str = "aes256-gcm96", name: str = "a", **more):
    size = {"key_size": 32} if kind == "hmac" else {}
    return post(f"keys/{name}", {"type": kind, **size, **more}).comparing("data.type")


def there_and_back(kind: str):
    return scenario(
        f"data keys of {kind}",
        key(kind),
        *[step for bits in (128, 256, 512) for step in (
            post("datakey/plaintext/a", {"bits": bits}).saving(ct="data.ciphertext"),
            post("decrypt/a", {"ciphertext": "$ct"}),
            put("datakey/wrapped/a", {"bits": bits}),
        )],
        post("datakey/plaintext/a").saving(ct="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$ct"}),
        post("datakey/wrapped/a"),
        post("datakey/wrapped/a", {"associated_data": "YWFk"}),
        post("datakey/plaintext/a", {"associated_data": "YWFk"}).saving(ct="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$ct", "associated_data": "YWFk"}),
        post("datakey/wrapped/a", {"context": CONTEXT}),
        post("keys/a/rotate").comparing("data.latest_version"),
        post("datakey/wrapped/a"),
        post("datakey/wrapped/a", {"key_version": 1}),
    )


SCENARIOS = [
    *[there_and_back(kind) for kind in ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305")],
    scenario(
        "bits",
        key(),
        *[post("datakey/wrapped/a", {"bits": bits}) for bits in ("128", "512", 0, 1, 64, 192, 255, 1024, -256, True)],
        *[post("datakey/plaintext/a", {"bits": bits}) for bits in (None, "", "0x100")],
        *[post("datakey/wrapped/a", {"bits": bits}).unlike(GO_TEXT) for bits in ("x", 256.5, [256])],
    ),
    scenario(
        "data keys need a key and a form",
        key(),
        post("datakey/plain/a"),
        post("datakey/PLAINTEXT/a"),
        post("datakey/wrapped"),
        post("datakey/wrapped/"),
        post("datakey/wrapped/a/"),
        post("datakey/wrapped/a/b"),
        post("datakey/a/wrapped"),
        post("datakey"),
        post("datakey/nonsense/missing", {"bits": "x"}).unlike(GO_TEXT),
        post("datakey/nonsense/missing", {"context": "%"}),
        post("datakey/wrapped/missing"),
        post("datakey/wrapped/missing", {"context": "%"}),
        post("datakey/wrapped/missing", {"bits": 1}),
        post("datakey/wrapped/-a"),
        get("datakey/wrapped/a"),
        delete("datakey/plaintext/a"),
        post("datakey/wrapped/a", raw="null"),
        post("datakey/wrapped/a", raw="[]").unlike(GO_TEXT),
        post("datakey/wrapped/a", {"unknown": 1, "name": "x", "plaintext": "y"}),
        post("datakey/wrapped/a", {"nonce": "AAAA"}),
        post("datakey/wrapped/a", {"batch_input": [{}]}),
    ),
    scenario(
        "data keys of derived keys",
        key(derived=True),
        post("datakey/plaintext/a", {"context": CONTEXT}).saving(ct="data.ciphertext"),
        post("decrypt/a", {"ciphertext": "$ct", "context": CONTEXT}),
        post("decrypt/a", {"ciphertext": "$ct"}),
        post("datakey/wrapped/a"),
        post("datakey/wrapped/a", {"context": ""}),
        post("datakey/wrapped/a", {"context": None}),
        post("datakey/wrapped/a", {"context": "%"}),
        post("datakey/wrapped/a", {"context": []}).unlike(GO_TEXT),
        post("datakey/wrapped/a", {"bits": 1}),
        key(name="c", derived=True, convergent_encryption=True),
        post("datakey/plaintext/c", {"context": CONTEXT}).saving(ct="data.ciphertext"),
        post("decrypt/c", {"ciphertext": "$ct", "context": CONTEXT}),
        post("datakey/wrapped/c"),
    ),
    scenario(
        "associated data of data keys",
        key(),
        post("datakey/wrapped/a", {"associated_data": "%"}).unlike(GO_TEXT),
        post("datakey/wrapped/a", {"associated_data": ""}),
        post("datakey/wrapped/a", {"associated_data": None}),
        post("datakey/wrapped/a", {"associated_data": [1]}).unlike(GO_TEXT),
        post("datakey/wrapped/a", {"associated_data": "%", "bits": 1}),
    ),
    scenario(
        "versions of data keys",
        key(),
        *[post("keys/a/rotate").comparing("data.latest_version") for _ in range(2)],
        *[post("datakey/wrapped/a", {"key_version": version}) for version in (0, 1, "2", 3, 4, -1, None, True)],
        *[post("datakey/wrapped/a", {"key_version": version}).unlike(GO_TEXT) for version in ("x", 2.5, [])],
        post("keys/a/config", {"min_encryption_version": 2}).comparing("data.min_encryption_version"),
        post("datakey/wrapped/a", {"key_version": 1}),
        post("datakey/plaintext/a", {"key_version": 2}),
        post("datakey/wrapped/a", {"key_version": 1, "bits": 3}),
    ),
    scenario(
        "data keys of a deleted key",
        key(),
        delete("keys/a/soft-delete").comparing("data.soft_deleted"),
        post("datakey/wrapped/a"),
        post("datakey/plaintext/a", {"bits": 1}),
    ),
    scenario(
        "data keys of rsa",
        *[step for kind in ("rsa-2048", "rsa-4096") for step in (
            key(kind, kind),
            post(f"datakey/plaintext/{kind}").saving(ct="data.ciphertext"),
            post(f"decrypt/{kind}", {"ciphertext": "$ct"}),
            post(f"datakey/wrapped/{kind}", {"bits": 512}),
            post(f"datakey/wrapped/{kind}", {"context": CONTEXT}),
            post(f"datakey/wrapped/{kind}", {"associated_data": "YWFk"}),
            post(f"datakey/wrapped/{kind}", {"associated_data": "%"}),
        )],
    ),
    scenario(
        "data keys of keys which do not encrypt",
        *[step for kind in SIGNING for step in (
            key(kind, kind),
            post(f"datakey/plaintext/{kind}"),
            post(f"datakey/wrapped/{kind}", {"bits": 1}),
            post(f"datakey/wrapped/{kind}", {"context": CONTEXT}),
            post(f"datakey/wrapped/{kind}", {"associated_data": "YWFk"}),
            post(f"datakey/wrapped/{kind}", {"key_version": 9}),
        )],
    ),
]
