"""`hmac`, and `verify` of what it made."""

from scenario import GO_TEXT, delete, get, post, put, scenario

HELLO = "aGVsbG8="
A_NUMBER = "the peer names a number where the caller wrote a name"
DIGESTS = ("sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512")
TYPES = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305", "ecdsa-p256", "ecdsa-p384",
         "ecdsa-p521", "ed25519", "rsa-2048", "rsa-3072")
BROKEN = ("", "nonsense", "vault:", "vault:v", "vault:v1", "vault:v1:", "vault:v1:AAAA",
          "vault:v0:AAAA", "vault:v2:AAAA", "vault:v-1:AAAA", "vault:vx:AAAA", "vault:v:AAAA", "VAULT:v1:AAAA",
          "bao:v1:AAAA", " vault:v1:AAAA", "vault:v01:AAAA", "vault:v99999999999999999999:AAAA")
NOT_BASE64 = ("vault:v1:%", "vault:v1:AAA", "vault:v1:AAAA:AAAA")


def key(kind: str = "aes256-gcm96", name: str = "a", **more):
    return post(f"keys/{name}", {"type": kind, **more}).comparing("data.type")


def made(how: dict, path: str = "a"):
    return post(f"hmac/{path}", {"input": HELLO, **how}).saving(h="data.hmac")


def verified(how: dict, path: str = "a"):
    return post(f"verify/{path}", {"input": HELLO, "hmac": "$h", **how})


SCENARIOS = [
    scenario(
        "a key of each type makes an HMAC",
        *[step for kind in TYPES for step in (
            key(kind, kind), made({}, kind), made({}, kind), verified({}, kind), verified({"input": ""}, kind))],
    ),
    scenario(
        "hmac keys of every size",
        *[step for size in (32, 33, 64, 100, 511, 512) for step in (
            post(f"keys/k{size}", {"type": "hmac", "key_size": size}), get(f"keys/k{size}"),
            made({}, f"k{size}"), verified({}, f"k{size}"), verified({"input": "aGVsbG8h"}, f"k{size}"),
            post(f"keys/k{size}/rotate"), made({}, f"k{size}"), verified({}, f"k{size}"))],
        *[post("keys/a", {"type": "hmac", "key_size": size}) for size in (0, 1, 31, 513, -1)],
        post("keys/a", {"type": "hmac", "key_size": "x"}).unlike(GO_TEXT),
        post("keys/a", {"type": "hmac"}),
        post("keys/b", {"type": "hmac", "key_size": "32"}),
        post("keys/c", {"type": "hmac", "key_size": 32, "derived": True}),
        post("keys/d", {"type": "hmac", "key_size": 32, "derived": True, "convergent_encryption": True}),
        post("keys/e", {"type": "aes256-gcm96", "key_size": 32}),
        post("keys/f", {"type": "ed25519", "key_size": 64}),
        get("keys/a"),
        get("keys/c"),
    ),
    scenario(
        "every hash",
        key(),
        *[step for name in DIGESTS for step in (
            made({}, f"a/{name}"),
            verified({}, f"a/{name}"),
            verified({"algorithm": name}),
            verified({"hash_algorithm": name}),
            made({"algorithm": name}),
            verified({"algorithm": name, "hash_algorithm": name}),
            verified({"algorithm": "sha2-256" if name != "sha2-256" else "sha2-512"}),
        )],
        made({"algorithm": "sha2-512"}, "a/sha2-224"),
        verified({}, "a/sha2-224"),
        made({"hash_algorithm": "sha2-512"}),
        verified({"hash_algorithm": "sha2-512"}),
        verified({}),
        made({"algorithm": "sha2-256"}),
        verified({"hash_algorithm": "", "algorithm": ""}),
        verified({"marshaling_algorithm": "x", "salt_length": "y", "signature_algorithm": "z", "prehashed": True}),
    ),
    scenario(
        "hashes which are none",
        key(),
        *[post(f"hmac/a/{name}", {"input": HELLO}).unlike(A_NUMBER)
          for name in ("sha256", "SHA2-256", "md5", "sha2-256/x")],
        *[post("hmac/a", {"input": HELLO, "algorithm": name}).unlike(A_NUMBER)
          for name in ("sha256", "", None, 5)],
        post("hmac/a", {"input": HELLO, "algorithm": ["sha2-256"]}).unlike(GO_TEXT),
        post("hmac/a/md5", {"input": "%"}).unlike(A_NUMBER),
        post("hmac/missing/md5", {"input": HELLO}),
        post("hmac/a/md5", {"input": HELLO, "key_version": 7}),
        made({}),
        *[verified({"algorithm": name}) for name in ("sha256", "md5", "", None)],
        *[verified({"hash_algorithm": name}) for name in ("sha256", "md5", "", None)],
        verified({}, "a/md5"),
    ),
    scenario(
        "inputs of an HMAC",
        key(),
        post("hmac/a"),
        post("hmac/a", {}),
        post("hmac/a", raw="null"),
        *[post("hmac/a", {"input": text}) for text in (None, "", 1234, "aGVs\nbG8=")],
        *[post("hmac/a", {"input": text}).unlike(GO_TEXT) for text in ("%", "aGVsbG8", "-_-_", [HELLO], {}, True)],
        put("hmac/a", {"input": HELLO}),
        post("hmac/a", {"input": HELLO, "context": "%", "unknown": 1, "name": "b", "urlalgorithm": "md5"}),
        post("hmac/missing", {"input": HELLO}),
        post("hmac/missing", {}),
        get("hmac/a"),
        delete("hmac/a"),
        post("hmac", {"input": HELLO}),
        post("hmac/a/", {"input": HELLO}),
    ),
    scenario(
        "HMACs which are none",
        key(),
        *[post("verify/a", {"input": HELLO, "hmac": text}) for text in (*BROKEN, 5, None)],
        *[post("verify/a", {"input": HELLO, "hmac": text}).unlike(GO_TEXT) for text in NOT_BASE64],
        post("verify/a", {"input": HELLO, "hmac": []}).unlike(GO_TEXT),
        post("verify/a", {"input": "%", "hmac": "vault:v1:AAAA"}).unlike(GO_TEXT),
        made({}),
        post("verify/a", {"hmac": "$h"}),
        post("verify/a", {"hmac": "$h", "input": None}),
        post("verify/a", {"hmac": "$h", "input": HELLO, "context": "%"}),
        post("verify/a", {"hmac": "$h", "input": HELLO, "key_version": 7}),
    ),
    scenario(
        "versions of an HMAC",
        key(),
        made({}),
        post("keys/a/rotate"),
        post("keys/a/rotate"),
        verified({}),
        *[post("hmac/a", {"input": HELLO, "key_version": version}) for version in (0, 1, "2", 3, None, True)],
        *[post("hmac/a", {"input": HELLO, "key_version": version}) for version in (4, -1)],
        *[post("hmac/a", {"input": HELLO, "key_version": version}).unlike(GO_TEXT) for version in ("x", 2.5, [])],
        post("keys/a/config", {"min_encryption_version": 2}),
        post("hmac/a", {"input": HELLO, "key_version": 1}),
        post("hmac/a", {"input": HELLO, "key_version": -1}),
        post("hmac/a", {"batch_input": [{"input": HELLO}], "key_version": 1}),
        post("hmac/a", {"batch_input": [{"input": HELLO}], "key_version": 2}),
        verified({}),
        post("keys/a/config", {"min_decryption_version": 2}),
        verified({}),
        post("keys/a/trim", {"min_available_version": 2}),
        post("hmac/a", {"input": HELLO, "key_version": 1}),
        verified({}),
    ),
    scenario(
        "batches of HMACs",
        key(),
        post("hmac/a", {"batch_input": [{"input": HELLO, "reference": "one"}, {"input": ""}]}
             ).saving(h="data.batch_results.0.hmac", e="data.batch_results.1.hmac"),
        post("verify/a", {"batch_input": [
            {"input": HELLO, "hmac": "$h", "reference": "one"}, {"input": "", "hmac": "$e"},
            {"input": HELLO, "hmac": "$e", "reference": "wrong"}]}),
        post("verify/a", {"batch_input": [
            {"input": HELLO, "hmac": text, "reference": str(number)} for number, text in enumerate(
                BROKEN)]}),
        post("verify/a", {"batch_input": [{"input": HELLO, "hmac": text} for text in NOT_BASE64]}).unlike(GO_TEXT),
        post("verify/a", {"batch_input": [{"hmac": "$h"}, {"input": HELLO, "hmac": "$h"}]}),
        post("verify/a", {"batch_input": [{"input": "%", "hmac": "$h"}]}).unlike(GO_TEXT),
        post("hmac/a", {"batch_input": [{"input": HELLO}, {}, {"reference": "r"}]}),
        post("hmac/a", {"batch_input": [{"input": "%"}, {"input": HELLO}]}).unlike(GO_TEXT),
        post("hmac/a", {"batch_input": []}),
        post("hmac/a", {"batch_input": None}),
        post("hmac/a", {"batch_input": None, "input": HELLO}),
        *[post("hmac/a", {"batch_input": junk}).unlike(GO_TEXT)
          for junk in ("nonsense", 5, ["nonsense"], [[]], {}, [{"input": HELLO, "more": {}}])],
        post("hmac/a", {"batch_input": [None]}),
        post("hmac/a", {"batch_input": [{"input": None}]}),
        post("hmac/a", {"batch_input": [{"input": HELLO, "reference": 5, "more": 6.5}]}),
        post("hmac/a", {"batch_input": [{"input": HELLO, "more": True}]}).unlike(GO_TEXT),
        post("hmac/a", {"batch_input": [{"input": True}]}).unlike(GO_TEXT),
        post("hmac/a", {"batch_input": [{"input": HELLO}], "input": "%"}),
        post("hmac/a/sha2-512", {"batch_input": [{"input": HELLO, "algorithm": "md5", "key_version": "9"}]}),
        post("hmac/a", {"batch_input": [{"input": HELLO}, {}], "partial_failure_response_code": 207}),
        post("verify/a", {"batch_input": [{"input": HELLO, "hmac": "$h"}], "algorithm": "md5"}),
        post("verify/missing", {"batch_input": [{"input": HELLO, "hmac": "$h"}]}),
    ),
    scenario(
        "HMACs of a deleted key",
        key(),
        made({}),
        delete("keys/a/soft-delete"),
        post("hmac/a", {"input": HELLO}),
        post("hmac/a", {"input": HELLO, "algorithm": "md5"}),
        post("hmac/a", {"batch_input": [{"input": HELLO}]}),
        verified({}),
        post("verify/a", {"batch_input": [{"input": HELLO, "hmac": "$h"}]}),
    ),
    scenario(
        "a derived key makes HMACs without a context",
        key(derived=True),
        made({}),
        verified({}),
        key("ed25519", "e", derived=True),
        made({}, "e"),
        verified({}, "e"),
    ),
    scenario(
        "no hash for an HMAC",
        key(),
        post("hmac/a/none", {"input": HELLO}),
        post("hmac/a", {"input": "%", "algorithm": "none"}),
        post("hmac/a/none", {"batch_input": []}),
        post("hmac/a/none", {"input": HELLO, "key_version": 7}),
        post("verify/a/none", {"input": HELLO, "hmac": "vault:v1:AAAA"}),
        post("verify/a", {"input": HELLO, "hmac": "nonsense", "hash_algorithm": "none"}),
    ),
]
