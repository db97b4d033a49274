"""Batches of `encrypt`, `decrypt` and `rewrap`."""

from scenario import GO_TEXT, get, post, put, scenario

HELLO = "aGVsbG8="
CONTEXT = "Y29udGV4dA=="


def encrypting(*items, **more):
    return post("encrypt/a", {"batch_input": list(items), **more})


SCENARIOS = [
    scenario(
        "batch there and back",
        post("keys/a"),
        encrypting({"plaintext": HELLO}, {"plaintext": "", "reference": "two"},
                   {"plaintext": HELLO, "associated_data": "YWFk", "reference": "three"},
                   ).saving(one="data.batch_results.0.ciphertext", two="data.batch_results.1.ciphertext",
                            three="data.batch_results.2.ciphertext"),
        post("decrypt/a", {"batch_input": [
            {"ciphertext": "$one", "reference": "1"}, {"ciphertext": "$two"},
            {"ciphertext": "$three", "associated_data": "YWFk"}]}),
        post("keys/a/rotate"),
        put("rewrap/a", {"batch_input": [
            {"ciphertext": "$one", "reference": "1"}, {"ciphertext": "$two", "key_version": 1}]}),
        post("rewrap/a", {"batch_input": [
            {"ciphertext": "$one"}, {"ciphertext": "$three"}, {"ciphertext": "nonsense"}, {"ciphertext": ""}]}),
        post("rewrap/a", {"batch_input": [{"ciphertext": "nonsense", "reference": "r"}]}),
        post("rewrap/a", {"batch_input": [{"ciphertext": "$one"}, {"ciphertext": "nonsense"}],
                          "partial_failure_response_code": 207}),
    ),
    scenario(
        "batches which are none",
        post("keys/a"),
        encrypting(),
        post("encrypt/a", {"batch_input": None}),
        post("encrypt/a", {"batch_input": None, "plaintext": HELLO}),
        post("encrypt/a", {"batch_input": "nonsense"}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": {}}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": 5}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": ["nonsense"]}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": [None]}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": [[]]}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": [{}]}).unlike(GO_TEXT),
        post("encrypt/a", {"batch_input": [{"plaintext": HELLO}, {}]}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": []}),
        post("decrypt/a", {"batch_input": [{}]}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": "nonsense"}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": [{"ciphertext": ""}]}),
        post("rewrap/a", {"batch_input": []}),
        post("rewrap/a", {"batch_input": [{}]}),
        post("rewrap/a", {"batch_input": "nonsense"}).unlike(GO_TEXT),
        post("rewrap/a", {"batch_input": ["nonsense"]}).unlike(GO_TEXT),
        post("rewrap/a", {"batch_input": {}}).unlike(GO_TEXT),
    ),
    scenario(
        "wrong types in items",
        post("keys/a"),
        encrypting({"plaintext": 5}).unlike(GO_TEXT),
        encrypting({"plaintext": None}).unlike(GO_TEXT),
        encrypting({"plaintext": HELLO, "context": 5}).unlike(GO_TEXT),
        encrypting({"plaintext": HELLO, "context": None}),
        encrypting({"plaintext": HELLO, "key_version": "1"}).unlike(GO_TEXT),
        encrypting({"plaintext": HELLO, "key_version": 1.5}).unlike(GO_TEXT),
        encrypting({"plaintext": HELLO, "key_version": None}),
        encrypting({"plaintext": HELLO, "key_version": 1}),
        encrypting({"plaintext": HELLO, "reference": 5}).unlike(GO_TEXT),
        encrypting({"plaintext": HELLO, "reference": None}),
        encrypting({"plaintext": HELLO, "reference": ""}),
        encrypting({"plaintext": HELLO, "associated_data": 5}).unlike(GO_TEXT),
        encrypting({"plaintext": HELLO, "associated_data": None}),
        encrypting({"plaintext": HELLO, "unknown": 5}),
        encrypting({"plaintext": 5, "context": 5}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": [{"ciphertext": 5}]}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": [{"ciphertext": None}]}),
        post("rewrap/a", {"batch_input": [{"ciphertext": 5}]}),
        post("rewrap/a", {"batch_input": [{"ciphertext": None}]}),
        post("rewrap/a", {"batch_input": [{"ciphertext": "nonsense", "key_version": "1"}]}).unlike(GO_TEXT),
    ),
    scenario(
        "mixed failures",
        post("keys/a"),
        post("encrypt/a", {"plaintext": HELLO}).saving(ct="data.ciphertext"),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7, "reference": "bad"}),
        encrypting({"plaintext": HELLO, "key_version": 7}, {"plaintext": HELLO, "key_version": -1}),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7},
                   partial_failure_response_code=207),
        encrypting({"plaintext": HELLO, "key_version": 7}, partial_failure_response_code=207),
        encrypting({"plaintext": HELLO}, partial_failure_response_code=207),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7},
                   partial_failure_response_code="202"),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7},
                   partial_failure_response_code=600),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7},
                   partial_failure_response_code=0),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7},
                   partial_failure_response_code="x").unlike(GO_TEXT),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "key_version": 7},
                   partial_failure_response_code=None),
        encrypting({"plaintext": HELLO}, {"plaintext": "%"}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": [
            {"ciphertext": "$ct"}, {"ciphertext": "nonsense", "reference": "r"}, {"ciphertext": ""},
            {"ciphertext": "vault:v1:AAAA"}, {"ciphertext": "vault:v9:AAAA"},
            {"ciphertext": "vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}),
        post("decrypt/a", {"batch_input": [{"ciphertext": "$ct"}, {"ciphertext": "nonsense"}],
                           "partial_failure_response_code": 200}),
        post("decrypt/a", {"batch_input": [{"ciphertext": "nonsense"}], "partial_failure_response_code": 200}),
        post("decrypt/missing", {"batch_input": [{"ciphertext": "$ct"}]}),
        post("rewrap/missing", {"batch_input": [{"ciphertext": "$ct"}]}),
    ),
    scenario(
        "context in some items only",
        post("keys/a", {"derived": True}),
        encrypting({"plaintext": HELLO, "context": CONTEXT}, {"plaintext": HELLO}),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO, "context": CONTEXT}),
        encrypting({"plaintext": HELLO}, {"plaintext": HELLO}),
        encrypting({"plaintext": HELLO, "context": CONTEXT}, {"plaintext": HELLO, "context": "b3RoZXI="}
                   ).saving(ct="data.batch_results.0.ciphertext", other="data.batch_results.1.ciphertext"),
        encrypting({"plaintext": HELLO, "context": "%"}, {"plaintext": HELLO, "context": CONTEXT}).unlike(GO_TEXT),
        post("decrypt/a", {"batch_input": [
            {"ciphertext": "$ct", "context": CONTEXT}, {"ciphertext": "$other", "context": CONTEXT}]}),
        post("decrypt/a", {"batch_input": [{"ciphertext": "$ct", "context": CONTEXT}, {"ciphertext": "$other"}]}),
        post("rewrap/a", {"batch_input": [{"ciphertext": "$ct", "context": CONTEXT}, {"ciphertext": "$other"}]}),
        post("rewrap/a", {"batch_input": [
            {"ciphertext": "$ct", "context": CONTEXT}, {"ciphertext": "$other", "context": CONTEXT}]}),
    ),
    scenario(
        "what stands beside a batch is ignored",
        post("keys/a"),
        encrypting({"plaintext": HELLO}, plaintext="%", context=CONTEXT, key_version=9, associated_data="%"),
        get("keys/a"),
    ),
    scenario(
        "convergent batch",
        post("keys/a", {"derived": True, "convergent_encryption": True}),
        encrypting({"plaintext": HELLO, "context": CONTEXT}, {"plaintext": HELLO, "context": CONTEXT},
                   {"plaintext": HELLO, "context": "b3RoZXI="}),
    ),
]
