"""The comparison itself: it must see what a client would see."""

import json
from dataclasses import replace

import pytest
from compare import differences
from http_call import Answer
from normal import Normal
from runner import Exchange
from scenario import GO_TEXT, post
from servers import PEER

HEADERS = {"cache-control": "no-store", "content-type": "application/json"}
STEP = post("decrypt/a", {})


def exchange(status, body, step=STEP, headers=HEADERS):
    return Exchange(step, Answer(status, json.dumps(body), headers), None)


def unlike(theirs, ours, kind="sealgate"):
    return differences(theirs, ours, kind, (Normal(), Normal()))


@pytest.mark.parametrize(("theirs", "ours"), [
    ({"data": {"a": 1}}, {"data": {"a": 1.0}}),
    ({"data": {"a": 1}}, {"data": {"a": True}}),
    ({"data": {"a": None}}, {"data": {}}),
    ({"data": {}}, {"data": {"more": 1}}),
    ({"warnings": ["a"]}, {"warnings": None}),
    ({"data": {"ciphertext": "vault:v1:AAAA"}}, {"data": {"ciphertext": "vault:v2:AAAA"}}),
    ({"data": {"ciphertext": "vault:v1:AAAA"}}, {"data": {"ciphertext": "vault:v1:AAAAAAAA"}}),
    ({"data": ["vault:v1:AAAA", "vault:v1:AAAA"]}, {"data": ["vault:v1:AAAA", "vault:v1:BBBB"]}),
    ({"request_id": "0e0aa1b9-97e2-4d8f-8b1c-1f1b7cf2f4a5"}, {"request_id": "1"}),
])
def test_differences_in_an_answer_are_seen(theirs, ours):
    assert unlike(exchange(200, theirs), exchange(200, ours))


def test_what_differs_on_every_server_is_not_compared():
    theirs = {"request_id": "0e0aa1b9-97e2-4d8f-8b1c-1f1b7cf2f4a5", "data": {
        "keys": {"1": 5}, "ciphertext": "vault:v1:AAAA", "accessor": "transit_00aa11bb"}}
    ours = {"request_id": "11111111-97e2-4d8f-8b1c-1f1b7cf2f4a5", "data": {
        "keys": {"1": 6}, "ciphertext": "vault:v1:BBBB", "accessor": "x"}}
    assert not unlike(exchange(200, theirs), exchange(200, ours))


ECDSA = "vault:v1:MEUCIQCqSw1vfEhR2AGATcuBMlTiBhD0bvP6tglkuxXev+4aIwIgQ3ykS0It5/Ws8ONzjPObX4b+i5RUU1yyzUXjkcSz8MQ="
SHORTER = "vault:v1:MEQCIH2C8IOnHMqmvnjfSeOMWxMISKs40nDQj92yeX48TJE1AiB7dtoJdpZQ85+yW920TlLtsG1Y1B+1PLHkQh99pZ4mbQ=="
WARNING = "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: "


@pytest.mark.parametrize(("theirs", "ours"), [
    ({"signature": ECDSA}, {"signature": SHORTER}),
    ({"signature": "vault:v1:" + "A" * 86}, {"signature": "vault:v1:" + "-_" * 43}),
    ({"random_bytes": "AAAA"}, {"random_bytes": "BBBB"}),
    ({"public_key": "AAAA"}, {"public_key": "BBBB"}),
    ({"ciphertext": "vault:v1:AAAA", "plaintext": "AAAA"}, {"ciphertext": "vault:v1:BBBB", "plaintext": "BBBB"}),
    ([{"public_key": "AAAA"}, {"keys": {"1": "AAAA"}}], [{"public_key": "BBBB"}, {"keys": {"1": "BBBB"}}]),
    ([WARNING + "[a b]"], [WARNING + "[b a]"]),
])
def test_what_is_made_by_chance_is_not_compared(theirs, ours):
    assert not unlike(exchange(200, {"data": theirs}), exchange(200, {"data": ours}))


@pytest.mark.parametrize(("theirs", "ours"), [
    ({"signature": ECDSA}, {"signature": "vault:v2:" + ECDSA[9:]}),
    ({"signature": ECDSA}, {"signature": "vault:v1:AAAA"}),
    ({"signature": "vault:v1:" + "A" * 86}, {"signature": "vault:v1:" + "A" * 86 + "=="}),
    ({"signature": "vault:v1:AAAA"}, {"signature": "vault:v1:AAAAAAAA"}),
    ([{"signature": ECDSA}, {"signature": ECDSA}], [{"signature": ECDSA}, {"signature": SHORTER}]),
    ({"random_bytes": "AAAA"}, {"random_bytes": "AAAAAAAA"}),
    ({"public_key": "-----BEGIN A-----\n-----END A-----\n"}, {"public_key": "-----BEGIN A-----\n-----END A-----"}),
    ({"public_key": ""}, {"public_key": "AAAA"}),
    ({"plaintext": "AAAA"}, {"plaintext": "BBBB"}),
    ([{"public_key": "AAAA"}, {"keys": {"1": "AAAA"}}], [{"public_key": "BBBB"}, {"keys": {"1": "CCCC"}}]),
    ([WARNING + "[a b]"], [WARNING + "[b c]"]),
])
def test_the_form_of_what_is_made_by_chance_is_compared(theirs, ours):
    assert unlike(exchange(200, {"data": theirs}), exchange(200, {"data": ours}))


def test_bad_input_is_400_where_the_peer_says_500():
    theirs = exchange(500, {"errors": ["1 error occurred:\n\t* refused\n\n"]})
    assert not unlike(theirs, exchange(400, {"errors": ["refused"]}))
    assert unlike(theirs, exchange(500, {"errors": ["refused"]}))
    assert unlike(theirs, exchange(400, {"errors": ["other"]}))
    assert not unlike(theirs, theirs, PEER)


def test_error_texts_are_equal_unless_marked():
    marked = STEP.unlike(GO_TEXT)
    theirs, ours = {"errors": ["a"]}, {"errors": ["b"]}
    assert unlike(exchange(400, theirs), exchange(400, ours))
    assert not unlike(exchange(400, theirs, marked), exchange(400, ours, marked))
    assert unlike(exchange(400, theirs, marked), exchange(400, {"errors": []}, marked))


def test_statuses_and_headers_are_compared():
    assert unlike(exchange(404, {"errors": []}), exchange(400, {"errors": []}))
    assert unlike(exchange(200, {}), replace(exchange(200, {}), answer=Answer(200, "{}", {})))
