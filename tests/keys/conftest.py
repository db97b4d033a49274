"""An installation of the tests' own: they kill, seal and restart it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "crash"))

from victim import Victim  # noqa: E402  (needs the path above)

FREQUENT = '\n[keys]\nusage_interval = "1s"\n'


@pytest.fixture
def victim(tmp_path):
    """Unsealed; stores every second how keys are used."""
    victim = Victim.found(tmp_path, FREQUENT)
    yield victim
    victim.server.stop()
