"""Sends every scenario to the peer and to Sealgate and compares every answer."""

import pytest

from cases import (asymmetric, backups, batch, byok, certificates, config, crypt, datakey, derive, exporting, hashing,
                   hmac, importing, keys, protocol, random, signing, system)
from compare import differences
from normal import Normal
from runner import next_mount, run

GROUPS = (keys, config, crypt, batch, protocol, system, hashing, random, datakey, hmac, signing, asymmetric, derive,
          exporting, importing, backups, byok, certificates)
SCENARIOS = [pytest.param(scenario, id=f"{group.__name__.split('.')[-1]}: {scenario.name}")
             for group in GROUPS for scenario in group.SCENARIOS]
AT_LEAST = 4400

compared = []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_same_as_the_peer(scenario, peer, sealgate):
    mount = next_mount()
    normals = Normal(), Normal()
    failures = []
    for theirs, mine in zip(run(peer, scenario, mount), run(sealgate, scenario, mount), strict=True):
        compared.append(theirs.step)
        if theirs.step.differs:
            assert refuses(theirs.answer), f"{theirs.step}: nothing to differ from"
        for line in differences(theirs, mine, sealgate.kind, normals):
            failures.append(f"{theirs.step}\n      {line}")
    assert not failures, "\n\n".join(["", *failures])


def refuses(answer):
    """There is an error text: for the whole request, or for an item of a batch."""
    items = ((answer.json or {}).get("data") or {}).get("batch_results") or []
    return answer.status >= 400 or any(item.get("error") for item in items)


def test_enough_requests_were_compared():
    steps = sum(len(parameter.values[0].steps) for parameter in SCENARIOS)
    assert len(compared) == steps, "a scenario ended early"
    assert steps >= AT_LEAST
