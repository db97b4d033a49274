"""Every path and every parameter of transit in the peer's own OpenAPI document is in some scenario."""

import re

from test_conformance import SCENARIOS

ASKED_WITH = {"GET": "get", "LIST": "get", "POST": "post", "PUT": "post", "DELETE": "delete"}


def test_every_path_and_parameter_of_the_peer_is_asked(peer):
    document = peer.call("GET", "/sys/internal/specs/openapi").json
    steps = [step for parameter in SCENARIOS for step in parameter.values[0].steps]
    operations = [(path.removeprefix("/transit/"), method, item[method])
                  for path, item in document["paths"].items() if path.startswith("/transit/")
                  for method in ("get", "post", "delete") if method in item]
    assert len(operations) >= 40, "this is not the document of transit"
    missing = []
    for path, method, operation in operations:
        shape = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?")
        asking = [step for step in steps
                  if ASKED_WITH.get(step.method) == method and shape.fullmatch(step.path.partition("?")[0])]
        if not asking:
            missing.append(f"{method} {path}")
            continue
        known = {name for step in asking for name in given(step)}
        missing.extend(f"{method} {path}: {name}" for name in parameters(document, operation) - known)
    assert not missing, "\n".join(["no scenario asks for", *sorted(missing)])


def given(step) -> set:
    """The parameters that a step gives, in its body or behind the `?`."""
    in_body = set(step.body) if isinstance(step.body, dict) else set()
    return in_body | {pair.partition("=")[0] for pair in step.path.partition("?")[2].split("&")}


def parameters(document: dict, operation: dict) -> set:
    """The parameters that an operation has, beside those in its path."""
    in_query = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    if "requestBody" not in operation:
        return in_query
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return in_query | set(schema.get("properties", ()))
