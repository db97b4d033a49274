"""A server from "not initialised" to "unsealed" and back, beside the peer in the same state."""

import base64
import hashlib

import pytest
import servers
from compare import differences
from normal import Normal
from runner import Exchange
from scenario import GO_TEXT, Step, get, listing, post, put

SHARES, THRESHOLD = 5, 3
TRANSIT = [get("/transit/keys/a"), listing("/transit/keys"), post("/transit/encrypt/a", {"plaintext": ""})]
CLOSED = [
    *TRANSIT,
    get("/sys/mounts"), post("/sys/mounts/x", {"type": "transit"}), get("/sys/internal/ui/mounts", token=None),
    get("/auth/token/lookup-self"), get("/auth/token/lookup-self", token=None), get("/nothing", token=None),
    post("/transit/encrypt/a", raw="{").answering(503, "a sealed server reads no body"),
]
OPEN = [
    get("/sys/health", token=None), get("/sys/health?sealedcode=299&uninitcode=298", token=None),
    Step("HEAD", "/sys/health", token=None), get("/sys/seal-status", token=None), get("/sys/init", token=None),
    get("/sys/leader", token=None),
]
BAD_INIT = [
    post("/sys/init", token=None), post("/sys/init", {}, token=None),
    *[post("/sys/init", {"secret_shares": shares, "secret_threshold": threshold}, token=None)
      for shares, threshold in ((5, 0), (3, 5), (5, 1), (256, 3), (-1, -1), (0, 0), (1, 2))],
    *[post("/sys/init", {"secret_shares": shares, "secret_threshold": 3}, token=None).unlike(GO_TEXT)
      for shares in ("5", 5.5, [5])],
    post("/sys/init", raw="[]", token=None).unlike(GO_TEXT), post("/sys/init", raw="{", token=None).unlike(GO_TEXT),
    post("/sys/init", {"secret_shares": 5, "secret_threshold": 3, "recovery_shares": 1,
                       "recovery_threshold": 1}, token=None),
]
BAD_UNSEAL = [
    post("/sys/unseal", {}, token=None), post("/sys/unseal", {"key": ""}, token=None),
    post("/sys/unseal", {"key": "zz"}, token=None), post("/sys/unseal", {"reset": "true"}, token=None).unlike(GO_TEXT),
    post("/sys/unseal", {"reset": True}, token=None), get("/sys/unseal", token=None),
]
TOO_SHORT_OR_LONG = [
    post("/sys/unseal", {"key": text}, token=None).unlike("the lengths of shares are each server's own")
    for text in ("abcd", "ab" * 500)
]


@pytest.fixture
def pair(tmp_path):
    """The peer and Sealgate, both not initialised."""
    started = []
    try:
        started.append(servers.start_configured_peer(tmp_path / "peer", servers.free_port(), "inmem"))
        if servers.sealgate_is_peer():
            started.append(servers.start_configured_peer(tmp_path / "other", servers.free_port(), "inmem"))
        else:
            started.append(servers.start_configured(tmp_path / "sealgate", servers.free_port()))
        yield started
    finally:
        for server in started:
            server.stop()


def same(pair, steps, tokens=("root", "root")) -> list:
    """Sends the steps to both, compares, and answers what both said to the last one."""
    normals, failures, answers = (Normal(), Normal()), [], []
    for step in steps:
        answers = [server.call(step.method, step.path, body_of(step, number), raw=step.raw, headers=step.headers,
                               token=None if step.token is None else token)
                   for number, (server, token) in enumerate(zip(pair, tokens))]
        exchanges = [Exchange(step, answer, None) for answer in answers]
        failures += [f"{step}\n      {line}" for line in differences(*exchanges, pair[1].kind, normals)]
    assert not failures, "\n\n".join(["", *failures])
    return answers


def body_of(step: Step, number: int):
    """A step's body; one that is a pair of bodies is for the peer and for Sealgate."""
    return step.body[number] if isinstance(step.body, tuple) else step.body


def shares(keys, *numbers) -> list[Step]:
    return [post("/sys/unseal", tuple({"key": each[number]} for each in keys), token=None) for number in numbers]


def test_every_state(pair):
    same(pair, [*OPEN, *CLOSED, *BAD_INIT, *OPEN])
    same(pair, [post("/sys/unseal", {"key": "ab" * 33}, token=None), post("/sys/unseal", {"reset": True}, token=None)])

    made = [server.call("PUT", "/sys/init", {"secret_shares": SHARES, "secret_threshold": THRESHOLD, "unknown": 1},
                        token=None) for server in pair]
    assert [answer.status for answer in made] == [200, 200]
    assert sorted(made[0].json) == sorted(made[1].json)
    keys, encoded, tokens = ([answer.json[field] for answer in made] for field in ("keys", "keys_base64", "root_token"))
    assert all(len(each) == SHARES for each in (*keys, *encoded))
    for hexes, base64s in zip(keys, encoded):
        assert [bytes.fromhex(text) for text in hexes] == [decoded(text) for text in base64s]

    same(pair, [*OPEN, *CLOSED, post("/sys/init", {"secret_shares": 1, "secret_threshold": 1}, token=None)], tokens)
    same(pair, [*BAD_UNSEAL, *TOO_SHORT_OR_LONG, *OPEN], tokens)
    same(pair, [*shares(keys, 0, 0), *OPEN, *shares(keys, 1), post("/sys/unseal", {"reset": True}, token=None)], tokens)
    same(pair, [*shares(keys, 4), *shares(encoded, 2), *OPEN, *shares(keys, 0)], tokens)
    same(pair, [*OPEN, *shares(keys, 1)], tokens)

    who = [server.call("GET", "/auth/token/lookup-self", token=token).data for server, token in zip(pair, tokens)]
    assert set(who[0]) <= set(who[1]), "a field of the root token is missing"
    unlike = {name for name in who[0] if who[0][name] != who[1][name]}
    assert unlike <= {"id", "accessor", "creation_time", "issue_time"}

    assert [server.call("PUT", "/sys/seal", {}, token="nonsense").status for server in pair] == [403, 403]
    same(pair, [put("/sys/seal", {}), *OPEN, *CLOSED[:-1]], tokens)
    same(pair, [*shares(keys, 3, 1, 2), *OPEN, get("/auth/token/lookup-self", token=None)], tokens)


def test_a_mistyped_share_is_named_and_not_counted(pair):
    keys = initialized(pair)
    same(pair, shares(keys, 0, 1))
    sealgate = pair[1]
    mistyped = keys[1][2][:-2] + ("00" if keys[1][2][-2:] != "00" else "01")
    answer = sealgate.call("POST", "/sys/unseal", {"key": mistyped}, token=None)
    assert answer.status == 400 and "mistyped" in answer.errors[0]
    status = sealgate.call("GET", "/sys/seal-status", token=None).json
    assert (status["sealed"], status["progress"]) == (True, 2)
    same(pair, shares(keys, 2))


def test_wrong_shares_start_over(pair):
    keys = initialized(pair)
    wrong = forged(keys[0][2]), forged_with_checksum(keys[1][2])
    same(pair, shares(keys, 0, 1))
    answers = [server.call("POST", "/sys/unseal", {"key": key}, token=None) for server, key in zip(pair, wrong)]
    assert [answer.status for answer in answers] == [400, 400]
    assert "do not fit together" in answers[1].errors[0]
    statuses = [server.call("GET", "/sys/seal-status", token=None).json for server in pair]
    assert [(each["sealed"], each["progress"]) for each in statuses] == [(True, 0), (True, 0)]
    same(pair, shares(keys, 0, 1, 2))


def test_a_share_of_another_installation_is_named(pair, tmp_path):
    initialized(pair)
    other = servers.start_configured(tmp_path / "other", servers.free_port())
    try:
        foreign = initialized([other])[0][0]
    finally:
        other.stop()
    answer = pair[1].call("POST", "/sys/unseal", {"key": foreign}, token=None)
    assert answer.status == 400 and "another installation" in answer.errors[0]


def initialized(pair) -> list:
    """The shares, in hex, of each server."""
    body = {"secret_shares": SHARES, "secret_threshold": THRESHOLD}
    return [server.call("PUT", "/sys/init", body, token=None).json["keys"] for server in pair]


def forged(share: str) -> str:
    """The peer's shares end with the x coordinate; a wrong byte before it goes unnoticed."""
    return ("00" if share[:2] != "00" else "01") + share[2:]


def forged_with_checksum(share: str) -> str:
    """A wrong y coordinate under a checksum that says it is right (docs/formats.md)."""
    content = bytearray(bytes.fromhex(share)[:51])
    content[30] ^= 1
    return (content + hashlib.sha256(b"sealgate share" + content).digest()[:6]).hex()


def test_one_share_of_one(pair):
    made = [server.call("PUT", "/sys/init", {"secret_shares": 1, "secret_threshold": 1}, token=None).json
            for server in pair]
    same(pair, [*OPEN, *shares([each["keys_base64"] for each in made], 0), *OPEN])


def decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
