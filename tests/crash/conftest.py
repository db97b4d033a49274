"""Fixtures of the crash tests."""

import os
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from victim import Victim  # noqa: E402  (needs the path above)


@pytest.fixture
def victim(tmp_path):
    made = Victim.found(tmp_path)
    yield made
    made.server.stop()
    print(made.server.tail())


@pytest.fixture
def seed(capfd) -> int:
    """SEALGATE_CRASH_SEED, or another one each time; it is printed to be given again."""
    number = int(os.environ.get("SEALGATE_CRASH_SEED") or random.SystemRandom().randrange(2**32))
    with capfd.disabled():
        print(f"\nSEALGATE_CRASH_SEED={number}", flush=True)
    return number
