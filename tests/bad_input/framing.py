"""Malformed methods, paths and heads, and bodies that are framed wrongly."""

from raw import TOKEN, Case, chunked, request

ENCRYPT = "/v1/transit/encrypt/present"
KEY = "/v1/transit/keys/present"
BODY = b'{"plaintext": "aGk="}'
SEAL = b"PUT /v1/sys/seal HTTP/1.1\r\nHost: sealgate\r\n" + TOKEN + b"\r\nContent-Length: 0\r\n\r\n"


NOT_HTTP = "the request is not valid HTTP"
NO_OPERATION = "unsupported operation"
NO_PATH = "unsupported path"
NO_MOUNT = "no handler for route"


def head(*lines: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n"


METHODS = [
    Case("PATCH of a key", request("PATCH", KEY), 405, NO_OPERATION),
    Case("TRACE", request("TRACE", KEY), 405),
    Case("OPTIONS", request("OPTIONS", KEY), 405),
    Case("OPTIONS of everything", request("OPTIONS", "*"), 404),
    Case("CONNECT", request("CONNECT", "sealgate:443"), 404),
    Case("an invented method", request("STEAL", KEY), 405),
    Case("a method in lower case", request("get", KEY), 405),
    Case("a method that is no token", request("G(T", KEY), 400, NOT_HTTP),
    Case("a method of 5000 letters", request("A" * 5000, KEY), 405),
    Case("HEAD of a key", request("HEAD", KEY), 405),
    Case("DELETE of a rotation", request("DELETE", KEY + "/rotate"), 405, NO_OPERATION),
    Case("GET of an encryption", request("GET", ENCRYPT), 405, NO_OPERATION),
    Case("LIST of a key", request("LIST", KEY), 404, NO_PATH),
]

PATHS = [
    Case("nothing behind the host", request("GET", "/"), 404),
    Case("no version", request("GET", "/transit/keys/present"), 404),
    Case("another version", request("GET", "/v2/transit/keys/present"), 404),
    Case("only the version", request("GET", "/v1"), 404),
    Case("an empty path", request("GET", "/v1/"), 404, NO_MOUNT),
    Case("no leading slash", request("GET", "v1/sys/health"), 400, NOT_HTTP),
    Case("a space", request("GET", "/v1/transit/keys/a b"), 400, NOT_HTTP),
    Case("an encoded NUL", request("GET", KEY + "%00"), 400, "without control characters"),
    Case("an encoded line feed", request("GET", KEY + "%0a"), 400, "without control characters"),
    Case("not UTF-8", request("GET", "/v1/transit/keys/%ff"), 400, "UTF-8"),
    Case("a raw byte above 127", request("GET", "/v1/transit/keys/\xff"), 400, NOT_HTTP),
    Case("an encoded slash in a name", request("GET", "/v1/transit/keys/a%2Fb"), 404, NO_PATH),
    Case("an encoded space in a name", request("GET", "/v1/transit/keys/a%20b"), 404, NO_PATH),
    Case("a cut escape", request("GET", "/v1/transit/keys/a%2"), 404, NO_PATH),
    Case("no escape", request("GET", "/v1/transit/keys/a%zz"), 404, NO_PATH),
    Case("up one level", request("GET", "/v1/transit/../sys/mounts"), 404, NO_PATH),
    Case("up one level, encoded", request("GET", "/v1/transit/%2e%2e/sys/mounts"), 404, NO_PATH),
    Case("out of the tree", request("GET", "/v1/../../etc/passwd"), 404, NO_MOUNT),
    Case("dots as a name", request("GET", "/v1/transit/keys/.."), 404, NO_PATH),
    Case("two slashes", request("GET", "/v1//transit/keys/present"), 404, NO_MOUNT),
    Case("a name of 513 bytes", request("GET", "/v1/transit/keys/" + "a" * 513), 404, NO_PATH),
    Case("a name with a dash at its end", request("POST", "/v1/transit/keys/a-", body=b"{}"), 404, NO_PATH),
    Case("a path of 9000 bytes", request("GET", "/v1/" + "a" * 9000), 414, "limits.max_uri_bytes"),
    Case("a query of 9000 bytes", request("GET", KEY + "?a=" + "a" * 9000), 414, "limits.max_uri_bytes"),
    Case("a mount that is not there", request("GET", "/v1/nowhere/keys/a"), 404, NO_MOUNT),
    Case("a listing that is none", request("GET", "/v1/transit/keys?list=maybe"), 400, "list"),
    Case("writing to a listing", request("POST", "/v1/transit/keys/", body=b"{}"), 400, "ending in '/'"),
]

HEADS = [
    Case("101 header fields", request("GET", KEY, *[b"X-%d: y" % n for n in range(101)]), 431, "100 header fields"),
    Case("a header field of 40 KiB", request("GET", KEY, b"X-Big: " + b"y" * 40_000), 431, "limits.max_header_bytes"),
    Case("many header fields of 1 KiB", request("GET", KEY, *[b"X-%d: " % n + b"y" * 1000 for n in range(60)]), 431,
         "limits.max_header_bytes"),
    Case("a token of 20 KiB", head(b"GET " + KEY.encode() + b" HTTP/1.1", b"Host: sealgate", b"Connection: close",
                                   b"X-Vault-Token: " + b"t" * 20_000), 403, "permission denied"),
    Case("a token that is not text", head(b"GET " + KEY.encode() + b" HTTP/1.1", b"Host: sealgate",
                                          b"Connection: close", b"X-Vault-Token: \xff\xfe"), 403, "permission denied"),
    Case("a namespace", request("GET", KEY, b"X-Vault-Namespace: team"), 400, "X-Vault-Namespace"),
    Case("a wrapped answer", request("GET", KEY, b"X-Vault-Wrap-TTL: 60"), 400, "X-Vault-Wrap-TTL"),
    Case("a space before the colon", request("GET", KEY, b"X-Odd : y"), 400, NOT_HTTP),
    Case("a NUL in a header field", request("GET", KEY, b"X-Odd: \0"), 400, NOT_HTTP),
    Case("a folded header field", request("GET", KEY, b"X-Odd: a\r\n b"), 400, NOT_HTTP),
    Case("no colon", request("GET", KEY, b"X-Odd"), 400, NOT_HTTP),
    Case("no HTTP version", head(b"GET " + KEY.encode()), 400, NOT_HTTP),
    Case("an HTTP version to come", head(b"GET " + KEY.encode() + b" HTTP/4.2", b"Host: sealgate"), 400, NOT_HTTP),
    Case("no HTTP", b"hello, is anybody there?\r\n\r\n", 400, NOT_HTTP),
    Case("zeros", bytes(2000), 400, NOT_HTTP),
    Case("TLS", bytes.fromhex("16030100a5010000a10303") + bytes(160), 400, NOT_HTTP),
]

LENGTHS = [
    Case("a negative length", request("POST", ENCRYPT, b"Content-Length: -1") + BODY, 400, NOT_HTTP),
    Case("a length in words", request("POST", ENCRYPT, b"Content-Length: ten") + BODY, 400, NOT_HTTP),
    Case("a length with a sign", request("POST", ENCRYPT, b"Content-Length: +21") + BODY, 400, NOT_HTTP),
    Case("a length in hex", request("POST", ENCRYPT, b"Content-Length: 0x15") + BODY, 400, NOT_HTTP),
    Case("an empty length", request("POST", ENCRYPT, b"Content-Length:") + BODY, 400, NOT_HTTP),
    Case("two lengths", request("POST", ENCRYPT, b"Content-Length: 5", body=BODY), 400, NOT_HTTP),
    Case("two lengths in one field", request("POST", ENCRYPT, b"Content-Length: 21, 5") + BODY, 400, NOT_HTTP),
    Case("a length beyond 64 bits", request("POST", ENCRYPT, b"Content-Length: 99999999999999999999") + BODY, 400, NOT_HTTP),
    Case("a length beyond the limit", request("POST", ENCRYPT, b"Content-Length: 33554433"), 413, "limits.max_body_bytes"),
    Case("a body of 33 MiB", request("POST", ENCRYPT, body=bytes(33 << 20)), 413, "limits.max_body_bytes"),
    Case("chunks of 33 MiB", chunked("POST", ENCRYPT, b"100000\r\n%s\r\n" % bytes(1 << 20) * 33 + b"0\r\n\r\n"), 413,
         "limits.max_body_bytes"),
    Case("a chunk's size in words", chunked("POST", ENCRYPT, b"many\r\n" + BODY), 400, "framed"),
    Case("a negative chunk", chunked("POST", ENCRYPT, b"-15\r\n" + BODY), 400, "framed"),
    Case("a chunk beyond 64 bits", chunked("POST", ENCRYPT, b"fffffffffffffffff\r\n" + BODY), 400, "framed"),
    Case("a chunk that is too long", chunked("POST", ENCRYPT, b"5\r\n" + BODY + b"\r\n0\r\n\r\n"), 400, "framed"),
    Case("a coding that is not chunked", request("POST", ENCRYPT, b"Transfer-Encoding: gzip") + BODY, 400, NOT_HTTP),
    Case("a coding that looks like chunked", request("POST", ENCRYPT, b"Transfer-Encoding: xchunked") + BODY, 400, NOT_HTTP),
    Case("chunked, then something else", request("POST", ENCRYPT, b"Transfer-Encoding: chunked, gzip") + BODY, 400, NOT_HTTP),
]
