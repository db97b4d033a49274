"""`sign` and `verify`: algorithms, options, batches, refusals."""

import base64

from scenario import GO_TEXT, delete, get, post, put, scenario

HELLO = "aGVsbG8="
CONTEXT = "Y29udGV4dA=="
ELLIPTIC = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521")
RSA = ("rsa-2048", "rsa-3072", "rsa-4096")
ENCRYPTING = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305", "hmac")
DIGESTS = {"sha1": 20, "sha2-224": 28, "sha2-256": 32, "sha2-384": 48, "sha2-512": 64,
           "sha3-224": 28, "sha3-256": 32, "sha3-384": 48, "sha3-512": 64}


def zeros(count: int) -> str:
    return base64.b64encode(bytes(count)).decode()


def key(kind: str, name: str = "a"):
    return post(f"keys/{name}", {"type": kind, **({"key_size": 32} if kind == "hmac" else {})}).comparing("data.type")


def signed(how: dict, path: str = "a", **saved):
    """Signs, saves the signature as `$s`."""
    return post(f"sign/{path}", {"input": HELLO, **how}).saving(**(saved or {"s": "data.signature"}))


def verified(how: dict, signature: str = "$s", path: str = "a"):
    return post(f"verify/{path}", {"input": HELLO, "signature": signature, **how})


def there_and_back(kind: str):
    return scenario(
        f"signed and verified with {kind}",
        key(kind),
        signed({}),
        verified({}),
        verified({"input": "aGVsbG8h"}),
        verified({"input": ""}),
        put("sign/a", {"input": HELLO}),
        post("sign/a", {}).saving(empty="data.signature"),
        post("verify/a", {"signature": "$empty"}),
        post("verify/a", {"signature": "$empty", "input": ""}),
        put("verify/a", {"signature": "$empty", "input": HELLO}),
        post("keys/a/rotate").comparing("data.latest_version"),
        signed({}, new="data.signature"),
        verified({}, "$new"),
        verified({}),
        signed({"key_version": 1}),
        verified({}),
    )


def all_digests(kind: str, how: dict):
    """Every hash in the path, in the body, and of a message hashed before."""
    return scenario(
        f"hashes of {kind} {how or ''}".rstrip(),
        key(kind),
        *[step for name, size in DIGESTS.items() for step in (
            signed(how, f"a/{name}"),
            verified({**how, "hash_algorithm": name}),
            verified({**how, "algorithm": name}),
            signed({**how, "hash_algorithm": name, "prehashed": True, "input": zeros(size)}),
            verified({**how, "prehashed": True, "input": zeros(size)}, path=f"a/{name}"),
        )],
        signed({**how, "algorithm": "sha2-512", "hash_algorithm": "sha2-384"}),
        verified({**how, "hash_algorithm": "sha2-384"}),
        signed({**how, "hash_algorithm": "sha2-512"}, "a/sha2-224"),
        verified({**how, "hash_algorithm": "sha2-512"}, path="a/sha2-224"),
        verified({**how, "hash_algorithm": "sha2-512"}),
    )


def salts(bits: int):
    most = bits // 8 - 2 - 32
    return scenario(
        f"salt lengths of rsa-{bits}",
        key(f"rsa-{bits}"),
        *[step for salt in ("auto", "hash", "AUTO", "Hash", "0", "-1", "20", 32, "+32", most, "") for step in (
            signed({"salt_length": salt}),
            verified({}),
            verified({"salt_length": "hash"}),
            verified({"salt_length": salt}),
            verified({"salt_length": "21"}),
        ) if salt != ""],
        *[post("sign/a", {"input": HELLO, "salt_length": salt}) for salt in (most + 1, "-2", "-3", "", "x", "1.5")],
        *[verified({"salt_length": salt}) for salt in (most + 1, "-2", "", "x", None)],
        post("sign/a", {"input": HELLO, "salt_length": ["auto"]}).unlike(GO_TEXT),
        post("sign/a", {"input": HELLO, "salt_length": "x", "signature_algorithm": "pkcs1v15"}),
        post("sign/a", {"input": HELLO, "salt_length": most + 1, "signature_algorithm": "pkcs1v15"}),
    )


def jws(kind: str):
    return scenario(
        f"JWS of {kind}",
        key(kind),
        signed({"marshaling_algorithm": "jws"}),
        verified({"marshaling_algorithm": "jws"}),
        verified({"marshaling_algorithm": "asn1"}),
        verified({"marshaling_algorithm": "jws", "input": "aGVsbG8h"}),
        signed({"marshaling_algorithm": "asn1"}),
        verified({}),
        verified({"marshaling_algorithm": ""}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": "JWS"}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": ""}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": None}),
        verified({"marshaling_algorithm": "der"}),
    )


BROKEN = ("", "nonsense", "vault:", "vault:v", "vault:v1", "vault:v1:", "vault:v1:AAAA", "vault:v1:%", "vault:v1:AAA",
          "vault:v0:AAAA", "vault:v2:AAAA", "vault:v-1:AAAA", "vault:vx:AAAA", "vault:v:AAAA", "VAULT:v1:AAAA",
          "bao:v1:AAAA", "vault:v1:AAAA:AAAA", " vault:v1:AAAA", "vault:v1:MAYCAQECAQE=", "vault:v1:MAYCAQECAQEA",
          "vault:v1:MAYCAQACAQA=", "vault:v1:MAYCAQECAQH/", "vault:v01:MAYCAQECAQE=",
          "vault:v99999999999999999999:AAAA", 5, None)


def malformed(kind: str):
    return scenario(
        f"signatures which are none, {kind}",
        key(kind),
        *[post("verify/a", {"input": HELLO, "signature": text}) for text in BROKEN],
        post("verify/a", {"input": HELLO, "signature": []}).unlike(GO_TEXT),
        post("verify/a", {"input": HELLO, "signature": {}}).unlike(GO_TEXT),
        post("verify/a", {"input": HELLO}),
        post("verify/a", {}),
        post("verify/a"),
        post("verify/a", {"input": HELLO, "signature": "vault:v1:AAAA", "marshaling_algorithm": "jws"}),
        post("verify/a", {"input": HELLO, "signature": "vault:v1:AAA", "marshaling_algorithm": "jws"}),
        post("verify/a", {"input": HELLO, "signature": "vault:v1:AAA=", "marshaling_algorithm": "jws"}),
        post("verify/a", {"input": "%", "signature": "vault:v1:AAAA"}).unlike(GO_TEXT),
        post("verify/a", {"input": HELLO, "signature": "vault:v1:AAAA", "context": "%"}),
        post("verify/a", {"input": HELLO, "signature": "vault:v1:AAAA", "hmac": "vault:v1:AAAA"}),
    )


SCENARIOS = [
    *[there_and_back(kind) for kind in (*ELLIPTIC, *RSA, "ed25519")],
    all_digests("ecdsa-p256", {}),
    all_digests("ecdsa-p521", {"marshaling_algorithm": "jws"}),
    all_digests("rsa-2048", {}),
    all_digests("rsa-2048", {"signature_algorithm": "pkcs1v15"}),
    all_digests("rsa-3072", {"signature_algorithm": "pss", "salt_length": "hash"}),
    salts(2048),
    salts(4096),
    *[jws(kind) for kind in (*ELLIPTIC, "rsa-2048", "ed25519")],
    *[malformed(kind) for kind in ("ecdsa-p256", "rsa-2048", "ed25519")],
    scenario(
        "no hash at all",
        key("rsa-2048", "r"),
        key("ecdsa-p256", "e"),
        key("ed25519", "d"),
        *[post(f"sign/{name}/none", {"input": HELLO, **how}) for name in "red" for how in (
            {}, {"prehashed": True}, {"signature_algorithm": "pkcs1v15"},
            {"prehashed": True, "signature_algorithm": "pss"})],
        *[step for name in "red" for step in (
            signed({"hash_algorithm": "none", "prehashed": True, "signature_algorithm": "pkcs1v15"}, name),
            verified({"hash_algorithm": "none", "prehashed": True, "signature_algorithm": "pkcs1v15"}, path=name),
            verified({"hash_algorithm": "none"}, path=name),
            verified({"prehashed": True, "signature_algorithm": "pkcs1v15"}, path=name),
        )],
        post("sign/r", {"input": zeros(245), "hash_algorithm": "none", "prehashed": True,
                        "signature_algorithm": "pkcs1v15"}),
        post("sign/r", {"input": zeros(246), "hash_algorithm": "none", "prehashed": True,
                        "signature_algorithm": "pkcs1v15"}).unlike(GO_TEXT),
        post("sign/r", {"input": "", "hash_algorithm": "none", "prehashed": True, "signature_algorithm": "pkcs1v15"}),
    ),
    scenario(
        "digests of the wrong length",
        key("rsa-2048", "r"),
        key("ecdsa-p256", "e"),
        key("ed25519", "d"),
        *[post("sign/r", {"input": text, "prehashed": True, "signature_algorithm": algorithm}).unlike(GO_TEXT)
          for text in (HELLO, "", zeros(31), zeros(33)) for algorithm in ("pss", "pkcs1v15")],
        post("sign/r/sha2-512", {"input": zeros(32), "prehashed": True}).unlike(GO_TEXT),
        *[step for text in (HELLO, zeros(31), zeros(33), zeros(200)) for step in (
            signed({"input": text, "prehashed": True}, "e"),
            verified({"input": text, "prehashed": True}, path="e"),
            signed({"input": text, "prehashed": True}, "d"),
            verified({"input": text}, path="d"),
        )],
        post("verify/r", {"input": HELLO, "prehashed": True, "signature": "vault:v1:AAAA"}),
        post("verify/e", {"input": HELLO, "prehashed": True, "signature": "vault:v1:MAYCAQECAQE="}),
    ),
    scenario(
        "options which are none",
        key("rsa-2048"),
        key("ed25519", "d"),
        *[post("sign/a", {"input": HELLO, "signature_algorithm": text}) for text in ("", "pss", "pkcs1v15", None)],
        *[post("sign/a", {"input": HELLO, "signature_algorithm": text}) for text in ("PSS", "pkcs1", "rsa", 5)],
        *[verified({"signature_algorithm": text}, "vault:v1:AAAA") for text in ("PSS", "pkcs1", "")],
        post("sign/d", {"input": HELLO, "signature_algorithm": "nonsense"}),
        *[post("sign/a", {"input": HELLO, "hash_algorithm": text})
          for text in ("", None, "sha256", "SHA2-256", "sha2-1", "md5", 5)],
        *[post("sign/a", {"input": HELLO, "algorithm": text}) for text in ("", "sha256", "sha2-512")],
        *[post(f"sign/a/{text}", {"input": HELLO}) for text in ("sha256", "SHA2-256", "md5", "sha2-256/x", "")],
        *[post(f"sign/d/{text}", {"input": HELLO}) for text in ("sha256", "sha2-512")],
        *[post(f"verify/a/{text}", {"input": HELLO, "signature": "vault:v1:AAAA"}) for text in ("sha256", "sha3-512")],
        post("verify/a", {"input": HELLO, "signature": "vault:v1:AAAA", "hash_algorithm": "sha256"}),
        post("sign/a", {"input": HELLO, "hash_algorithm": ["sha2-256"]}).unlike(GO_TEXT),
        post("sign/a", {"input": HELLO, "prehashed": "maybe"}).unlike(GO_TEXT),
        post("sign/a", {"input": HELLO, "prehashed": "false"}),
        post("sign/a", {"input": HELLO, "prehashed": 0}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": "jwt"}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": 5}),
        post("sign/a", {"input": HELLO, "unknown": 1, "name": "b", "urlalgorithm": "sha2-512"}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": "x", "hash_algorithm": "y", "salt_length": "z"}),
        post("sign/a", {"input": HELLO, "marshaling_algorithm": "x", "salt_length": "z"}),
    ),
    scenario(
        "inputs",
        key("ecdsa-p256"),
        *[post("sign/a", {"input": text}).unlike(GO_TEXT) for text in ("%", "aGVsbG8", "-_-_", [HELLO], {}, True)],
        *[post("sign/a", {"input": text}) for text in (None, "", 1234, "aGVs\nbG8=")],
        post("sign/a", raw="null"),
        post("sign/a", raw="[]").unlike(GO_TEXT),
        post("sign/a", {"input": HELLO, "context": CONTEXT}),
        post("sign/a", {"input": HELLO, "context": "%"}),
        get("sign/a"),
        delete("sign/a"),
        get("verify/a"),
        delete("verify/a"),
        post("sign", {"input": HELLO}),
        post("sign/", {"input": HELLO}),
        post("verify", {"input": HELLO}),
        post("sign/a/sha2-256/", {"input": HELLO}),
    ),
    scenario(
        "keys which do not sign",
        *[step for kind in ENCRYPTING for step in (
            key(kind, kind),
            post(f"sign/{kind}", {"input": HELLO}),
            post(f"sign/{kind}", {"input": "%", "context": "%"}),
            post(f"sign/{kind}", {"batch_input": []}),
            post(f"verify/{kind}", {"input": HELLO, "signature": "vault:v1:AAAA"}),
            post(f"sign/{kind}/md5", {"input": HELLO}),
        )],
        post("sign/missing", {"input": HELLO}),
        post("sign/missing", {"input": "%"}),
        post("sign/missing/md5", {"input": HELLO}),
        post("sign/missing", {"batch_input": [{"input": HELLO}]}),
        post("verify/missing", {"input": HELLO, "signature": "vault:v1:AAAA"}),
        post("verify/missing", {"input": HELLO, "signature": "nonsense"}),
        post("verify/missing", {"input": HELLO}),
        post("verify/missing", {"input": HELLO, "hmac": "vault:v1:AAAA"}),
    ),
    scenario(
        "versions to sign with",
        key("ed25519"),
        signed({}, one="data.signature"),
        *[post("keys/a/rotate").comparing("data.latest_version") for _ in range(2)],
        *[post("sign/a", {"input": HELLO, "key_version": version})
          for version in (0, 1, "2", 3, 4, -1, None, True)],
        *[post("sign/a", {"input": HELLO, "key_version": version}).unlike(GO_TEXT) for version in ("x", 2.5, [])],
        post("sign/a", {"batch_input": [{"input": HELLO}], "key_version": 2}),
        post("sign/a/sha2-512", {"input": HELLO, "key_version": 2, "algorithm": "sha2-224", "context": CONTEXT}),
        post("verify/a/sha2-512", {"input": HELLO, "signature": "$one", "algorithm": "sha2-224", "context": CONTEXT}),
        post("verify/a/sha2-512", {"batch_input": [{"input": HELLO, "signature": "$one"}]}),
        post("verify/a", {"input": HELLO, "signature": "$one", "urlalgorithm": "nonsense"}),
        post("sign/a", {"batch_input": [{"input": HELLO}, {"input": HELLO, "context": "%"}], "key_version": 4}),
        post("sign/a", {"batch_input": [{"input": HELLO}], "key_version": -1}),
        post("keys/a/config", {"min_encryption_version": 2}).comparing("data.min_encryption_version"),
        post("sign/a", {"input": HELLO, "key_version": 1}),
        post("sign/a", {"input": HELLO, "key_version": 2}),
        verified({}, "$one"),
        post("keys/a/config", {"min_decryption_version": 2}).comparing("data.min_decryption_version"),
        verified({}, "$one"),
        post("sign/a", {"input": HELLO, "key_version": 1}),
        post("keys/a/trim", {"min_available_version": 2}).comparing("data.min_available_version"),
        verified({}, "$one"),
        post("keys/a/config", {"min_encryption_version": 0}).comparing("data.min_encryption_version"),
        post("sign/a", {"input": HELLO, "key_version": 1}),
    ),
    scenario(
        "derived ed25519",
        post("keys/a", {"type": "ed25519", "derived": True}),
        signed({"context": CONTEXT}),
        signed({"context": CONTEXT}),
        verified({"context": CONTEXT}),
        verified({"context": "b3RoZXI="}),
        verified({}),
        verified({"context": "%"}),
        verified({"context": ""}),
        post("sign/a", {"input": HELLO}),
        post("sign/a", {"input": HELLO, "context": ""}),
        post("sign/a", {"input": HELLO, "context": "%"}),
        post("sign/a", {"batch_input": [{"input": HELLO, "context": CONTEXT}, {"input": HELLO}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s", "context": CONTEXT},
                                          {"input": HELLO, "signature": "$s"}]}),
        signed({"context": CONTEXT, "marshaling_algorithm": "jws"}),
        verified({"context": CONTEXT, "marshaling_algorithm": "jws"}),
        post("keys/a/rotate").comparing("data.latest_version"),
        signed({"context": CONTEXT, "key_version": 1}),
        signed({"context": CONTEXT}),
        verified({"context": CONTEXT}),
        get("keys/a"),
        get("keys/a?context=Y29udGV4dA=="),
        get("keys/a?context=%25"),
    ),
    scenario(
        "batches of sign",
        key("ed25519"),
        post("sign/a", {"batch_input": [{"input": HELLO, "reference": "one"}, {"input": ""}]}
             ).saving(s="data.batch_results.0.signature", e="data.batch_results.1.signature"),
        post("verify/a", {"batch_input": [
            {"input": HELLO, "signature": "$s", "reference": "one"}, {"input": "", "signature": "$e"},
            {"input": HELLO, "signature": "$e", "reference": "wrong"}]}),
        post("sign/a", {"batch_input": [{"input": HELLO}, {}, {"context": CONTEXT}, {"input": HELLO, "context": "%"}]}),
        post("sign/a", {"batch_input": [{"input": "%"}, {"input": HELLO}]}).unlike(GO_TEXT),
        post("sign/a", {"batch_input": [{"input": "%"}, {"input": "%"}]}).unlike(GO_TEXT),
        post("sign/a", {"batch_input": []}),
        post("sign/a", {"batch_input": None}),
        post("sign/a", {"batch_input": None, "input": HELLO}),
        *[post("sign/a", {"batch_input": junk}).unlike(GO_TEXT)
          for junk in ("nonsense", 5, {}, ["nonsense"], [[]], [{"input": 5}], [{"input": HELLO, "more": {}}],
                       [{"input": True}], [{"input": HELLO, "reference": []}])],
        post("sign/a", {"batch_input": [{"input": HELLO, "reference": 5}]}),
        post("sign/a", {"batch_input": [None]}),
        post("sign/a", {"batch_input": [{"input": None}]}),
        post("sign/a", {"batch_input": [{"input": HELLO, "more": "text"}]}),
        post("sign/a", {"batch_input": [{"input": HELLO, "key_version": "9", "hash_algorithm": "nonsense"}]}),
        post("sign/a", {"batch_input": [{"input": HELLO}], "input": "%", "context": "%"}),
        post("sign/a/sha2-512", {"batch_input": [{"input": HELLO}]}),
    ),
    scenario(
        "batches of verify",
        key("ecdsa-p256"),
        signed({}),
        post("verify/a", {"batch_input": []}),
        post("verify/a", {"batch_input": None}),
        post("verify/a", {"batch_input": [{}]}),
        post("verify/a", {"batch_input": [{"input": HELLO}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s"}, {"input": HELLO}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "hmac": "vault:v1:AAAA"}, {"input": HELLO}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s"}, {"input": HELLO, "hmac": "$s"}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s", "hmac": "$s"}]}),
        post("verify/a", {"batch_input": [{"signature": "$s"}, {"input": HELLO, "signature": "$s", "reference": "r"}]}),
        post("verify/a", {"batch_input": [
            {"input": HELLO, "signature": text, "reference": str(number)} for number, text in enumerate(
                (text for text in BROKEN if isinstance(text, str)))]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s", "context": "%"}]}),
        post("verify/a", {"batch_input": [{"input": "%", "signature": "$s"}]}).unlike(GO_TEXT),
        *[post("verify/a", {"batch_input": junk}).unlike(GO_TEXT)
          for junk in ("nonsense", 5, {}, ["nonsense"], [{"input": HELLO, "signature": 5}], [[]])],
        post("verify/a", {"batch_input": [None]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": None}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s"}], "signature": "x", "hmac": "y"}),
        post("verify/missing", {"batch_input": [{"input": HELLO, "signature": "$s"}]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s"}], "salt_length": "x"}),
    ),
    scenario(
        "partial failures of signatures",
        key("ed25519"),
        post("sign/a", {"batch_input": [{"input": HELLO}, {}], "partial_failure_response_code": 207}),
        post("sign/a", {"batch_input": [{}], "partial_failure_response_code": 207}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "x"}], "partial_failure_response_code": 207}),
    ),
    scenario(
        "signatures of a deleted key",
        key("ecdsa-p256"),
        signed({}),
        delete("keys/a/soft-delete").comparing("data.soft_deleted"),
        post("sign/a", {"input": HELLO}),
        post("sign/a", {"batch_input": [{"input": HELLO}]}),
        verified({}),
        post("verify/a", {"batch_input": [{"input": HELLO, "signature": "$s"}]}),
        post("keys/a/soft-delete-restore").comparing("data.soft_deleted"),
        verified({}),
    ),
]
