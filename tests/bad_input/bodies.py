"""Bodies that are no JSON, or JSON of the wrong shape, with wrong bases and wrong numbers."""

import json

from raw import Case, request

JSON = "failed to decode JSON input"


def post(name: str, path: str, body, status: int = 400, sentence: str = "", *headers: bytes) -> Case:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Case(name, request("POST", "/v1/" + path, *headers, body=raw), status, sentence)


def encrypt(name: str, body, sentence: str) -> Case:
    return post(name, "transit/encrypt/present", body, 400, sentence)


def batch(name: str, items, sentence: str) -> Case:
    return encrypt(name, {"batch_input": items}, sentence)


NOT_JSON = [
    encrypt("cut in a string", b'{"plaintext": "aG', JSON),
    encrypt("cut behind a name", b'{"plaintext":', JSON),
    encrypt("only an opening brace", b"{", JSON),
    encrypt("a list", b"[]", JSON),
    encrypt("a string", b'"plaintext"', JSON),
    encrypt("a number", b"17", JSON),
    encrypt("a truth value", b"true", JSON),
    encrypt("XML", b"<plaintext>aGk=</plaintext>", JSON),
    encrypt("single quotes", b"{'plaintext': 'aGk='}", JSON),
    encrypt("a comma too many", b'{"plaintext": "aGk=",}', JSON),
    encrypt("a string that is not UTF-8", b'{"plaintext": "\xff\xfe"}', JSON),
    encrypt("not UTF-8 in a name", b'{"\xff": 1, "plaintext": "aGk="}', JSON),
    encrypt("half a surrogate pair", b'{"plaintext": "\\ud800"}', "expected type 'string'"),
    encrypt("UTF-16", '{"plaintext": "aGk="}'.encode("utf-16"), JSON),
    encrypt("a byte order mark", b'\xef\xbb\xbf{"plaintext": "aGk="}', JSON),
    encrypt("a NUL", b'{"plaintext": "aGk="\0}', JSON),
    encrypt("a line feed in a string", b'{"plaintext": "aG\nk="}', JSON),
    encrypt("lists in lists, 100,000 deep", b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "missing plaintext to encrypt"),
    encrypt("objects in objects, 100,000 deep", b'{"x": ' + b'{"x": ' * 100_000 + b"1" + b"}" * 100_000 + b"}",
            "missing plaintext to encrypt"),
    encrypt("a batch that is 100,000 deep", b'{"batch_input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "[0] expected a map, got '[]interface {}'"),
    encrypt("a list that never ends, 100,000 deep", b'{"x": ' + b"[" * 100_000, JSON),
]

MESSAGES = [
    encrypt("no plaintext", {}, "missing plaintext to encrypt"),
    encrypt("a plaintext that is no base64", {"plaintext": "!"}, "illegal base64"),
    encrypt("base64 of URLs", {"plaintext": "-_-_"}, "illegal base64"),
    encrypt("base64 without its padding", {"plaintext": "aGk"}, "illegal base64"),
    encrypt("a list as plaintext", {"plaintext": ["aGk="]}, "expected type 'string'"),
    encrypt("an object as plaintext", {"plaintext": {"aGk=": 1}}, "expected type 'string'"),
    encrypt("no base64 as associated data", {"plaintext": "aGk=", "associated_data": "!"}, "base64"),
    encrypt("a key version in words", {"plaintext": "aGk=", "key_version": "two"}, "expected type 'int'"),
    encrypt("half a version", {"plaintext": "aGk=", "key_version": 1.5}, "expected type 'int'"),
    encrypt("a key version beyond 64 bits", {"plaintext": "aGk=", "key_version": 2**70}, "expected type 'int'"),
    encrypt("a version beyond every number", b'{"plaintext": "aGk=", "key_version": 1e999999}', "expected type 'int'"),
    encrypt("a version of 5000 digits", b'{"plaintext": "aGk=", "key_version": ' + b"9" * 5000 + b"}",
            "expected type 'int'"),
    encrypt("a negative key version", {"plaintext": "aGk=", "key_version": -1}, "negative"),
    encrypt("a key version to come", {"plaintext": "aGk=", "key_version": 2}, "higher than the latest"),
    encrypt("a list as version", {"plaintext": "aGk=", "key_version": [1]}, "expected type 'int'"),
    post("no context", "transit/encrypt/derived", {"plaintext": "aGk="}, 400, "missing 'context'"),
    post("no base64 as context", "transit/encrypt/derived", {"plaintext": "aGk=", "context": "!"}, 400, "base64"),
    post("an unknown key", "transit/decrypt/absent", {"ciphertext": "vault:v1:AAAA"}, 400, "encryption key not found"),
]

CIPHERTEXTS = [
    post(f"{operation} {name}", f"transit/{operation}/present", {"ciphertext": text}, 400, sentence)
    for operation in ("decrypt", "rewrap")
    for name, text, sentence in (
        ("no ciphertext", "", "missing ciphertext to decrypt"),
        ("no prefix", "aGk=", "no prefix"),
        ("a prefix only", "vault:v1", "wrong number of fields"),
        ("a version in words", "vault:vone:AAAA", "version number could not be decoded"),
        ("a version beyond 64 bits", "vault:v99999999999999999999:AAAA", "version number could not be decoded"),
        ("a version to come", "vault:v2:AAAA", "version is too new"),
        ("a negative version", "vault:v-1:AAAA", "disallowed by policy (too old)"),
        ("no base64", "vault:v1:!", "could not decode base64"),
        ("nothing behind the version", "vault:v1:", "invalid ciphertext length"),
        ("less than a nonce", "vault:v1:AAAA", "invalid ciphertext length"),
        ("zeros", "vault:v1:" + "A" * 64, "message authentication failed"),
    )
]

BATCHES = [
    batch("an empty batch", [], "missing batch input to process"),
    batch("10,001 items", [{"plaintext": "aGk="}] * 10_001, "limits.max_batch_items"),
    batch("an object as batch", {"plaintext": "aGk="}, "must be an array"),
    batch("a string as batch", "aGk=", "must be an array"),
    batch("a string as item", ["aGk="], "expected a map"),
    batch("a list as item", [[]], "expected a map"),
    batch("null as item", [None], "expected a map"),
    batch("no plaintext in an item", [{"plaintext": "aGk="}, {}], "[1].plaintext"),
    batch("a number as plaintext of an item", [{"plaintext": 5}], "[0].plaintext"),
    batch("a version in words in an item", [{"plaintext": "aGk=", "key_version": "1"}], "[0].key_version"),
    batch("half a version in an item", [{"plaintext": "aGk=", "key_version": 1.5}], "[0].key_version"),
    batch("a list as reference", [{"plaintext": "aGk=", "reference": []}], "[0].reference"),
]

KEYS = [
    post("an unknown key type", "transit/keys/new", {"type": "rot13"}, 400, "unknown key type"),
    post("a key type that is a list", "transit/keys/new", {"type": ["aes256-gcm96"]}, 400, "expected type 'string'"),
    post("derived in words", "transit/keys/new", {"derived": "perhaps"}, 400, "expected type 'bool'"),
    post("convergent without derived", "transit/keys/new", {"convergent_encryption": True}, 400, "convergent"),
    post("a rotation every minute", "transit/keys/new", {"auto_rotate_period": "1m"}, 400, "at least an hour"),
    post("a rotation every never", "transit/keys/new", {"auto_rotate_period": "never"}, 400, "duration"),
    post("a negative rotation", "transit/keys/new", {"auto_rotate_period": -3600}, 400, "negative"),
    post("a minimum above the latest", "transit/keys/present/config", {"min_decryption_version": 9}, 400, "latest"),
    post("a negative minimum", "transit/keys/present/config", {"min_decryption_version": -1}, 400, "negative"),
    post("a minimum in words", "transit/keys/present/config", {"min_encryption_version": "x"}, 400, "'int'"),
    post("a minimum beyond 64 bits", "transit/keys/present/config", {"min_encryption_version": 2**64}, 400, "'int'"),
    post("settings of an unknown key", "transit/keys/absent/config", {}, 400, "absent"),
    post("a trim to nothing", "transit/keys/present/trim", {}, 400, "missing min_available_version"),
    post("a trim above the minimum", "transit/keys/present/trim", {"min_available_version": 9}, 400, "minimum"),
    post("rotating an unknown key", "transit/keys/absent/rotate", {}, 400, "key not found"),
    Case("deleting a key that may not be", request("DELETE", "/v1/transit/keys/present"), 400, "deletion is not allowed"),
    Case("deleting an unknown key", request("DELETE", "/v1/transit/keys/absent"), 400, "absent"),
    post("a negative cache", "transit/cache-config", {"size": -1}, 400, "size"),
]

SYSTEM = [
    post("a second init", "sys/init", {"secret_shares": 1, "secret_threshold": 1}, 400, "already initialized"),
    post("no share", "sys/unseal", {}, 400, "key"),
    post("a share that is none", "sys/unseal", {"key": "zz"}, 400, "hex or base64"),
    post("a mount of another type", "sys/mounts/kv", {"type": "kv"}, 400, "kv"),
    post("a mount without a type", "sys/mounts/new", {}, 400, "type"),
    post("a mount over another", "sys/mounts/transit", {"type": "transit"}, 400, "already in use"),
    post("a mount below another", "sys/mounts/transit/deep", {"type": "transit"}, 400, "already in use"),
    post("a mount in the system", "sys/mounts/sys/x", {"type": "transit"}, 400, "cannot mount"),
    post("a mount up one level", "sys/mounts/a/../b", {"type": "transit"}, 400, "cannot mount"),
    post("a mount with a space", "sys/mounts/a%20b", {"type": "transit"}, 400, "cannot mount"),
]
