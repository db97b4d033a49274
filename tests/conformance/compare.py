"""Says in what Sealgate's answer differs from the peer's."""

import re

from normal import Normal, exact
from runner import Exchange
from servers import PEER

ALWAYS_COMPARED = ("cache-control",)
COMPARED_WITH_BODY = ("content-type",)
TEXT = "<text>"
# What Sealgate says of a key beyond the peer; tests/keys looks at it.
BEYOND = {"auto_rotate_after", "destroy_wait", "effective_min_decryption_version", "max_encryptions",
          "min_decryption_lag", "versions"}
FRAME = re.compile(r"^1 error occurred:\n\t\* (.*)\n\n$", re.DOTALL)


def expected_status(peer: Exchange, kind: str) -> int:
    """The status Sealgate must answer: the peer's, but 400 for bad input the peer calls 500."""
    if kind == PEER:
        return peer.answer.status
    if peer.step.ours:
        return peer.step.ours[0]
    return 400 if peer.answer.status == 500 else peer.answer.status


def differences(peer: Exchange, ours: Exchange, kind: str, normals: tuple[Normal, Normal]) -> list[str]:
    """One line for everything that is unlike; none when Sealgate answered as it must."""
    found = []
    status = expected_status(peer, kind)
    if ours.answer.status != status:
        found.append(f"status {ours.answer.status}, not {status}")
    if kind != PEER and peer.step.ours:
        return found + _says_why(ours)
    there, here = (_content(exchange, normal) for exchange, normal in zip((peer, ours), normals))
    if peer.answer.status == 500:
        there, here = _bare(there), _bare(here)
    if exact(here) != exact(there):
        found.append(f"answer  {exact(here)}\n      peer's  {exact(there)}")
    for name in ALWAYS_COMPARED if not peer.answer.text else ALWAYS_COMPARED + COMPARED_WITH_BODY:
        mine, theirs = ours.answer.headers.get(name), peer.answer.headers.get(name)
        if mine != theirs:
            found.append(f"header {name}: {mine!r}, not {theirs!r}")
    return found


def _says_why(ours: Exchange) -> list[str]:
    """A refusal of our own must still be an `errors` list."""
    if ours.answer.status < 400 or ours.step.method == "HEAD" or isinstance(ours.answer.errors, list):
        return []
    return [f"no errors in {ours.answer.text!r}"]


def _content(exchange: Exchange, normal: Normal):
    answer = exchange.answer
    if exchange.picked is not None and answer.status < 400:
        return normal.value(exchange.picked)
    if answer.json is None:
        return answer.text
    content = normal.value(_without_beyond(answer.json))
    return _without_texts(content) if exchange.step.differs else content


def _without_beyond(answer):
    """`answer` without the members of a key that the peer does not have."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or "latest_version" not in data:
        return answer
    return answer | {"data": {name: value for name, value in data.items() if name not in BEYOND}}


def _bare(content):
    """An error without the frame that the peer puts around errors it calls its own."""
    if isinstance(content, dict) and "errors" in content:
        return {"errors": [FRAME.sub(r"\1", text) for text in content["errors"]]}
    return content


def _without_texts(content):
    """`content` with every error text replaced, so that there must be one but any will do."""
    if isinstance(content, dict):
        return {name: [TEXT for _ in inner] if name == "errors" else TEXT if name == "error" and inner
                else _without_texts(inner) for name, inner in content.items()}
    if isinstance(content, list):
        return [_without_texts(inner) for inner in content]
    return content
