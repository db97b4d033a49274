"""Every field of every operation, with every kind of wrong value."""

import json

import pytest
from raw import exchange, request

HUGE = "9" * 400
WRONG = ["null", "true", "-1", "1.5", "1e400", HUGE, "-" + HUGE, '""', '"text"', '"\\u0000"', '"%s"' % ("x" * 100_000),
         "[]", "[null]", "[[]]", "{}", '{"a": {"b": []}}', '"-9223372036854775808"', "[" * 200 + "]" * 200]
# What would end the tests when it succeeds, and has tests of its own.
LEFT_OUT = {"/sys/seal", "/sys/init"}


def operations(document: dict):
    """Method, path and fields of what takes a body."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            fields = content.get("application/json", {}).get("schema", {}).get("properties", {})
            if fields and path not in LEFT_OUT:
                yield method.upper(), path.replace("{name}", "types").replace("{path}", "types"), list(fields)


@pytest.mark.timeout(300)
def test_a_wrong_value_is_never_a_server_error(unhurt):
    document = unhurt.call("GET", "/sys/internal/specs/openapi").json
    asked = 0
    for method, path, fields in operations(document):
        for field in fields:
            for value in WRONG:
                body = f'{{"type": "transit", "plaintext": "aGk=", {json.dumps(field)}: {value}}}'
                reply = exchange(unhurt.port, request(method, "/v1" + path, body=body.encode()))
                assert 200 <= reply.status < 500, (method, path, body[:200], reply.whole[:1000])
                if reply.status >= 400 and b'"batch_results"' not in reply.body:
                    assert isinstance(reply.errors, list), (method, path, body[:200], reply.body)
                asked += 1
    assert asked > 500, "the document names hardly any field"
