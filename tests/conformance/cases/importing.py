"""`keys/:name/import` and `import_version`, with private keys and with public keys only."""

from materials import ALL, ASYMMETRIC, CURVES, SYMMETRIC, Wrapped, WrappedBytes, backup, public_pem
from scenario import GO_TEXT, delete, get, post, put, scenario

HELLO = "aGVsbG8="
CONTEXT = "Y29udGV4dA=="
NO_SHA224 = "no well-kept library offers OAEP with SHA-224 for RSA keys"
NOT_DERIVED = "the type derives nothing; the peer imports it all the same"
NEVER_SIGNS = "the peer imports a key that can never sign"
WRAPPING = get("wrapping_key").saving(wrapping="data.public_key")


def importing(name: str, kind: str, number: int = 1, **more):
    return post(f"keys/{name}/import", {"type": kind, "ciphertext": Wrapped(kind, number), **more})


def more_of(name: str, kind: str, number: int = 2, **more):
    return post(f"keys/{name}/import_version", {"ciphertext": Wrapped(kind, number), **more})


SCENARIOS = [
    scenario(
        "a key of each type is imported",
        WRAPPING,
        *[step for kind in ALL for step in (
            importing(kind, kind, exportable=True, allow_plaintext_backup=True),
            get(f"keys/{kind}"),
            get(f"export/{'signing' if kind in ASYMMETRIC else 'encryption'}-key/{kind}"),
            more_of(kind, kind),
            get(f"keys/{kind}").comparing("data.latest_version", "data.imported_key"),
            post(f"keys/{kind}/rotate"),
            post(f"restore/{kind}", {"backup": backup(kind, kind), "force": True}),
        )],
    ),
    scenario(
        "hash functions and options of an import",
        WRAPPING,
        *[post(f"keys/{name}/import", {"ciphertext": Wrapped("aes256-gcm96", hash=name.upper()), "hash_function": name})
          for name in ("SHA1", "SHA256", "SHA384", "SHA512", "sha256")],
        post("keys/SHA224/import", {"ciphertext": Wrapped("aes256-gcm96", hash="SHA224"), "hash_function": "SHA224"})
        .answering(400, NO_SHA224),
        post("keys/a/import", {"ciphertext": Wrapped("aes256-gcm96"), "hash_function": "SHA512"}).unlike(GO_TEXT),
        *[post("keys/a/import", {"ciphertext": Wrapped("aes256-gcm96"), "hash_function": name})
          for name in ("SHA-256", "MD5", "", None)],
        get("keys/a"),
        importing("b", "ed25519", allow_rotation=True, auto_rotate_period="24h"),
        get("keys/b"),
        post("keys/b/rotate"),
        more_of("b", "ed25519"),
        importing("c", "ed25519", auto_rotate_period="24h"),
        importing("c", "ed25519", convergent_encryption=False),
        importing("g", "aes256-gcm96", derived=True),
        get("keys/g"),
        *[importing(f"not-{kind}", kind, derived=True).answering(400, NOT_DERIVED)
          for kind in (*ASYMMETRIC, "hmac") if kind != "ed25519"],
        importing("c", "ed25519"),
        post("keys/d/import", {"type": "ED25519", "ciphertext": Wrapped("ed25519")}),
        post("keys/e/import", {"type": "nonsense", "ciphertext": Wrapped("aes256-gcm96")}),
        importing("c", "ed25519"),
        put("keys/f/import", {"ciphertext": Wrapped("aes256-gcm96"), "unknown": 1, "name": "x", "context": "%"}),
    ),
    scenario(
        "a derived signing key is imported",
        WRAPPING,
        importing("a", "ed25519", derived=True),
        get("keys/a").comparing("data.type", "data.derived", "data.imported_key"),
        post("sign/a", {"input": HELLO, "context": CONTEXT}).saving(s="data.signature").answering(200, NEVER_SIGNS),
        post("verify/a", {"input": HELLO, "context": CONTEXT, "signature": "$s"}).answering(200, NEVER_SIGNS),
        post("sign/a", {"input": HELLO}),
        post("keys/b/import", {"type": "ed25519", "public_key": public_pem("ed25519"), "derived": True}),
    ),
    scenario(
        "what is imported does not fit the type",
        WRAPPING,
        *[post("keys/a/import", {"type": kind, "ciphertext": Wrapped(other)}).unlike(GO_TEXT) for kind, other in (
            ("ecdsa-p256", "ecdsa-p384"), ("ecdsa-p384", "rsa-2048"), ("ed25519", "ecdsa-p256"),
            ("rsa-2048", "rsa-3072"), ("rsa-3072", "ed25519"), ("rsa-4096", "aes256-gcm96"), ("ecdsa-p521", "hmac"))],
        *[post("keys/a/import", {"type": kind, "ciphertext": Wrapped(other)}) for kind, other in (
            ("aes128-gcm96", "aes256-gcm96"), ("aes256-gcm96", "ecdsa-p256"), ("chacha20-poly1305", "aes128-gcm96"))],
        *[post("keys/a/import", {"type": "hmac", "ciphertext": WrappedBytes(bytes(size))})
          for size in (31, 513)],
        post("keys/a/import", {"type": "hmac", "ciphertext": WrappedBytes(bytes(1))}).unlike(GO_TEXT),
        post("keys/h32/import", {"type": "hmac", "ciphertext": WrappedBytes(bytes(32))}),
        post("keys/h512/import", {"type": "hmac", "ciphertext": WrappedBytes(bytes(512))}),
        get("keys/h512"),
        post("keys/a/import", {"type": "ed25519", "ciphertext": "AAAA"}).unlike(GO_TEXT),
        post("keys/a/import", {"type": "ed25519", "ciphertext": "%"}).unlike(GO_TEXT),
        post("keys/a/import", {"type": "ed25519", "ciphertext": ""}).unlike(GO_TEXT),
        post("keys/a/import", {"type": "ed25519"}).unlike(GO_TEXT),
        get("keys/a"),
    ),
    scenario(
        "public keys alone",
        *[step for kind in ASYMMETRIC for step in (
            post(f"keys/{kind}/import", {"type": kind, "public_key": public_pem(kind)}),
            get(f"keys/{kind}"),
            post(f"restore/{kind}-p", {"backup": backup("x", kind)}),
            post(f"sign/{kind}-p", {"input": HELLO}).saving(s="data.signature"),
            post(f"verify/{kind}", {"input": HELLO, "signature": "$s"}),
            post(f"sign/{kind}", {"input": HELLO}),
            post(f"sign/{kind}", {"batch_input": [{"input": HELLO}]}),
            post(f"hmac/{kind}", {"input": HELLO}),
            get(f"export/public-key/{kind}"),
            get(f"export/signing-key/{kind}"),
            post(f"keys/{kind}/csr", {}),
        )],
        post("encrypt/rsa-2048", {"plaintext": HELLO}).saving(ct="data.ciphertext"),
        post("decrypt/rsa-2048", {"ciphertext": "$ct"}),
        post("decrypt/rsa-2048-p", {"ciphertext": "$ct"}),
        post("rewrap/rsa-2048", {"ciphertext": "$ct"}),
    ),
    scenario(
        "exports of public keys alone",
        *[step for kind in ("ecdsa-p256", "ed25519", "rsa-2048") for step in (
            post(f"keys/{kind}/import", {"type": kind, "public_key": public_pem(kind), "exportable": True,
                                         "allow_plaintext_backup": True}),
            get(f"export/hmac-key/{kind}?format=pem"),
            get(f"export/public-key/{kind}?format=der"),
            get(f"backup/{kind}").comparing("data.nothing").saving(backup="data.backup"),
            post(f"restore/{kind}-2", {"backup": "$backup"}),
            get(f"keys/{kind}-2"),
        )],
        get("export/encryption-key/rsa-2048"),
        get("export/signing-key/rsa-2048"),
        get("export/signing-key/ed25519"),
    ),
    scenario(
        "public keys which are none",
        *[post("keys/a/import", {"type": kind, "public_key": public_pem("ecdsa-p256")}) for kind in SYMMETRIC],
        *[post("keys/a/import", {"type": "ecdsa-p256", "public_key": text}).unlike(GO_TEXT)
          for text in ("", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", None, 5, [],
                       public_pem("ecdsa-p384"), public_pem("rsa-2048"), public_pem("ed25519"))],
        post("keys/a/import", {"type": "ecdsa-p256"}).unlike(GO_TEXT),
        post("keys/a/import", {"type": "ed25519", "public_key": public_pem("ed25519"), "derived": True}),
        get("keys/a"),
        post("keys/b/import", {"type": "rsa-2048", "public_key": public_pem("rsa-2048"), "hash_function": "nonsense"}),
        get("keys/a/import"),
        delete("keys/a/import"),
        get("keys/a/import_version"),
    ),
    scenario(
        "a private key for a public one",
        WRAPPING,
        *[step for kind in (*CURVES, "ed25519", "rsa-2048") for step in (
            post(f"keys/{kind}/import", {"type": kind, "public_key": public_pem(kind)}),
            more_of(kind, kind, 1),
            get(f"keys/{kind}").comparing("data.latest_version"),
            post(f"sign/{kind}", {"input": HELLO}).comparing("data.key_version"),
            post(f"keys/{kind}/import_version", {"public_key": public_pem(kind, 2)}),
            get(f"keys/{kind}"),
            post(f"sign/{kind}", {"input": HELLO}),
            post(f"sign/{kind}", {"input": HELLO, "key_version": 1}).comparing("data.key_version"),
            more_of(kind, kind, 1, version=2),
            more_of(kind, kind, 2, version=1),
            more_of(kind, kind, 2, version=3),
            post(f"keys/{kind}/import_version", {"public_key": public_pem(kind, 2), "version": 2}),
            post(f"keys/{kind}/import_version", {"public_key": public_pem(kind, 2), "version": 1}),
            more_of(kind, kind, 2, version=2),
            post(f"sign/{kind}", {"input": HELLO}).comparing("data.key_version"),
        )],
    ),
    scenario(
        "versions which cannot be imported",
        WRAPPING,
        more_of("missing", "ed25519"),
        post("keys/made", {"type": "ed25519"}).comparing("data.type"),
        more_of("made", "ed25519"),
        post("keys/made/import_version", {"public_key": public_pem("ed25519")}),
        importing("made", "ed25519"),
        importing("a", "aes256-gcm96"),
        more_of("a", "aes128-gcm96"),
        more_of("a", "aes256-gcm96", 2, version=1),
        more_of("a", "aes256-gcm96", 2, version="x").unlike(GO_TEXT),
        post("keys/a/import_version", {"public_key": public_pem("ed25519")}),
        post("keys/a/import_version", {}),
        post("keys/a/import_version", {"ciphertext": "%"}).unlike(GO_TEXT),
        post("keys/a/import_version", {"ciphertext": "AAAA"}).unlike(GO_TEXT),
        post("keys/a/import_version", {"ciphertext": "AAAA", "hash_function": "x"}),
        get("keys/a").comparing("data.latest_version"),
        importing("e", "ed25519"),
        more_of("e", "ecdsa-p256").unlike(GO_TEXT),
        more_of("e", "ed25519", 2, version=1),
        more_of("e", "ed25519", 2, version=9),
        delete("keys/e/soft-delete").comparing("data.soft_deleted"),
        more_of("e", "ed25519"),
    ),
]
