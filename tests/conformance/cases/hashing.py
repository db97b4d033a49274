"""`hash`: every algorithm, every format, refusals."""

from scenario import GO_TEXT, delete, get, post, put, scenario

HELLO = "aGVsbG8="
DIGESTS = ("sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512")

SCENARIOS = [
    scenario(
        "every algorithm in every format",
        *[step for name in DIGESTS for step in (
            post(f"hash/{name}", {"input": HELLO}),
            post("hash", {"input": HELLO, "algorithm": name}),
            post("hash", {"input": "", "algorithm": name, "format": "base64"}),
            put(f"hash/{name}", {"input": HELLO, "format": "base64"}),
            put(f"hash/{name}", {"input": HELLO, "format": "hex", "algorithm": "sha2-256"}),
        )],
        post("hash", {"input": HELLO}),
        post("hash", {"input": "QUFB" * 5000}),
    ),
    scenario(
        "inputs of a hash",
        post("hash"),
        post("hash", {}),
        post("hash", raw="null"),
        *[post("hash", {"input": text}) for text in (None, "", 1234, "aGVs\nbG8=", "aGVsbG9=")],
        *[post("hash", {"input": text}).unlike(GO_TEXT)
          for text in ("%", "aGVsbG8", "-_-_", [HELLO], {}, True, 5)],
        post("hash", {"input": HELLO, "unknown": 1, "urlalgorithm": "sha2-512", "name": "x"}),
        post("hash/sha2-512", {"input": HELLO, "urlalgorithm": "sha2-256"}),
    ),
    scenario(
        "algorithms which are none",
        *[post("hash", {"input": HELLO, "algorithm": name})
          for name in ("sha1", "none", "md5", "sha256", "SHA2-256", "sha2-1", "", None, 5)],
        *[post(f"hash/{name}", {"input": HELLO})
          for name in ("sha1", "none", "sha256", "SHA2-256", "sha2-256/x", "sha2%20256", "sha2-256%2Fx")],
        post("hash", {"input": HELLO, "algorithm": ["sha2-256"]}).unlike(GO_TEXT),
        post("hash/", {"input": HELLO}),
        post("hash/sha2-256/", {"input": HELLO}),
        post("hashes", {"input": HELLO}),
    ),
    scenario(
        "formats of a hash which are none",
        *[post("hash", {"input": HELLO, "format": name}) for name in ("HEX", "base64url", "raw", "", None, 5)],
        post("hash", {"input": HELLO, "format": {}}).unlike(GO_TEXT),
        post("hash", {"input": HELLO, "format": "x", "algorithm": "y"}),
        post("hash", {"input": "%", "format": "x", "algorithm": "y"}).unlike(GO_TEXT),
        post("hash", {"format": "x", "algorithm": "y"}),
    ),
    scenario(
        "methods a hash does not have",
        get("hash"),
        get("hash/sha2-256"),
        delete("hash"),
        delete("hash/sha2-256"),
        get("hash?list=true"),
        post("hash", raw="[]").unlike(GO_TEXT),
        post("hash", raw="{").unlike(GO_TEXT),
    ),
]
