"""kill -9 at any moment, start again, unseal: whatever was acknowledged is there."""

import os
import random
import time

import pytest
from audit import check_ciphertexts, check_keys
from history import History
from load import Connection, Load, create_all

ROUNDS = int(os.environ.get("SEALGATE_CRASH_ROUNDS", "200"))
SHORTEST, LONGEST = 0.02, 0.6  # seconds under load before the kill
EVERYTHING_EACH = 50  # rounds; in between: what is new, and a sample of the rest
SAMPLE = 500


@pytest.mark.timeout(1200)
def test_what_was_acknowledged_survives(victim, seed, capfd):
    chance, history = random.Random(seed), History()
    create_all(Connection(victim.port, victim.token), history)
    seen, started = 0, time.monotonic()
    for number in range(1, ROUNDS + 1):
        load = Load(victim.port, victim.token, history, seed, number)
        load.start()
        time.sleep(chance.uniform(SHORTEST, LONGEST))
        victim.restart()
        load.join()
        victim.unseal(chance)

        connection = Connection(victim.port, victim.token)
        settings = check_keys(connection, history)
        new, old = history.ciphertexts[seen:], history.ciphertexts[:seen]
        everything = number % EVERYTHING_EACH == 0 or number == ROUNDS
        check_ciphertexts(connection, settings, new + (old if everything else chance.sample(old, min(SAMPLE, seen))))
        connection.close()
        seen = len(history.ciphertexts)
        if number % 20 == 0:
            with capfd.disabled():
                print(f"{number} kills, {history.changes} changes, {seen} ciphertexts, "
                      f"{time.monotonic() - started:.0f} s", flush=True)
    assert history.changes > ROUNDS and seen > ROUNDS, "there was hardly any load"
