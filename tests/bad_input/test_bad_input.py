"""Each malformed request gets its documented 4xx and a sentence, and the server stays up."""

import bodies
import framing
import pytest
from raw import Case, exchange

CASES = [case for table in (framing, bodies) for cases in vars(table).values() if isinstance(cases, list)
         for case in cases if isinstance(case, Case)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answer(unhurt, case):
    reply = exchange(unhurt.port, case.request)
    assert reply.status == case.status, reply.whole[:2000]
    if case.sentence:
        assert len(reply.errors) == 1 and case.sentence in reply.errors[0], reply.errors
    elif not case.request.startswith(b"HEAD "):
        assert reply.errors == []


def test_the_table_is_large():
    assert len(CASES) == len({case.name for case in CASES}) >= 150
