"""`random`: sources, formats, limits."""

from scenario import GO_TEXT, delete, get, post, put, scenario

MOST = 128 * 1024
NOT_A_COUNT = "what is neither a source nor a count is ignored by the peer, which answers 32 bytes"
SOURCES = ("platform", "seal", "all")

SCENARIOS = [
    scenario(
        "bytes in every way",
        post("random"),
        post("random", {}),
        post("random", raw="null"),
        put("random", {"bytes": 16}),
        post("random", {"bytes": "16"}),
        post("random", {"bytes": 1, "format": "hex"}),
        post("random/5"),
        post("random/5", {"format": "hex"}),
        post("random/5", {"bytes": 9}),
        *[step for source in SOURCES for step in (
            post(f"random/{source}"),
            put(f"random/{source}", {"bytes": 7, "format": "hex"}),
            post(f"random/{source}/9"),
            post(f"random/{source}/9", {"bytes": 3, "format": "base64"}),
            post("random", {"source": source}),
            post("random/6", {"source": source}),
        )],
    ),
    scenario(
        "how many",
        *[post("random", {"bytes": count}) for count in (0, -1, 1, 33, MOST, MOST + 1, None, True)],
        *[post("random", {"bytes": count}).unlike(GO_TEXT) for count in ("x", 1.5, [], 99999999999999999999, " 5")],
        post("random", {"bytes": ""}),
        post("random", {"bytes": "0x10"}),
        *[post(f"random/{count}") for count in (0, 1, MOST, MOST + 1, "0005")],
        *[post(f"random/{count}").unlike(GO_TEXT) for count in ("x", "1.5", "0x10", "99999999999999999999", "1e3")],
        *[post(f"random/{count}").answering(400, NOT_A_COUNT) for count in ("-1", "-5", "5%205", "-")],
        post("random/%2B5").answering(200, "the peer takes the sign for no number, and answers 32 bytes"),
        *[post(f"random/platform/{count}") for count in (0, 1, -1, MOST, MOST + 1, "+5")],
        *[post(f"random/platform/{count}").unlike(GO_TEXT) for count in ("x", "1.5", "5/5", "0x10", "all")],
        post("random/0", {"format": "x"}),
        post("random", {"bytes": 0, "format": "x"}),
    ),
    scenario(
        "sources which are none",
        post("random/nonsense").unlike(GO_TEXT),
        post("random/nonsense/5"),
        post("random/PLATFORM/5"),
        post("random/5/5"),
        post("random", {"source": "nonsense"}),
        post("random", {"source": ""}),
        post("random", {"source": None}),
        post("random", {"source": 5}),
        post("random", {"source": []}),
        post("random/nonsense/0"),
        post("random/nonsense/5", {"format": "x"}),
        post("random/5", {"source": "nonsense"}),
        post("random/platform", {"source": "seal", "urlbytes": 3}),
        post("random", {"urlbytes": 3}),
        post("random", {"urlbytes": "x", "source": "platform"}),
    ),
    scenario(
        "formats of random bytes which are none",
        *[post("random", {"format": name}) for name in ("HEX", "base64url", "raw", "", None, 5)],
        post("random", {"format": []}).unlike(GO_TEXT),
        post("random/platform/5", {"format": "uuid"}),
        post("random", {"unknown": 1, "name": "x"}),
    ),
    scenario(
        "methods random does not have",
        get("random"),
        get("random/5"),
        get("random/platform/5"),
        delete("random"),
        delete("random/5"),
        post("random/"),
        post("random/platform/"),
        post("random/platform/5/"),
        post("randomness"),
        post("random", raw="[]").unlike(GO_TEXT),
    ),
]
