"""Runs a scenario on one server and keeps every answer."""

import itertools
from dataclasses import dataclass

from http_call import Answer
from scenario import Scenario, Step
from servers import Server

_counter = itertools.count(1)


@dataclass(frozen=True)
class Exchange:
    """A step, what was answered, and the values at the places to compare (None: all)."""

    step: Step
    answer: Answer
    picked: dict | None


def next_mount() -> str:
    """A mount path which no scenario has used yet."""
    return f"case-{next(_counter)}"


def run(server: Server, scenario: Scenario, mount: str) -> list[Exchange]:
    """Mounts a transit engine at `mount`, sends every step, unmounts it again."""
    saved = {"mount": mount}
    made = server.call("POST", f"/sys/mounts/{mount}", {"type": "transit"})
    assert made.status == 204, f"{server.kind} cannot mount {mount}: {made}"
    try:
        return [_send(server, step, mount, saved) for step in scenario.steps]
    finally:
        server.call("DELETE", f"/sys/mounts/{mount}")


def _send(server: Server, step: Step, mount: str, saved: dict) -> Exchange:
    path = _filled(step.path, saved)
    if not path.startswith("/"):
        path = f"/{mount}/{path}"
    answer = server.call(step.method, path, _filled(step.body, saved), token=step.token,
                         headers=step.headers, raw=step.raw)
    for name, place in step.save.items():
        saved[name] = _at(answer.json, place)
    picked = {place: _at(answer.json, _filled(place, saved)) for place in step.only} or None
    return Exchange(step, answer, picked)


def _filled(value, saved: dict):
    """`value` with every `$name` replaced, and every function of what was saved called."""
    if callable(value):
        return value(saved)
    if isinstance(value, str) and "$" in value:
        for name, text in saved.items():
            value = value.replace(f"${name}", str(text))
        return value
    if isinstance(value, dict):
        return {key: _filled(inner, saved) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, saved) for inner in value]
    return value


def _at(value, place: str):
    """The value at "data.batch_results.0.ciphertext"; None when the answer has none."""
    for part in place.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
