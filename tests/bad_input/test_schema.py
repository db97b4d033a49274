"""Schemathesis sends what the OpenAPI document allows and what it does not: no answer is a 5xx."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = int(os.environ.get("SEALGATE_SCHEMA_SECONDS", "60"))
SEED = int(os.environ.get("SEALGATE_SCHEMA_SEED") or random.SystemRandom().randrange(2**32))
# A sealed server rightly answers 503 to everything else.
LEFT_OUT = "/sys/seal"


@pytest.mark.timeout(SECONDS * 4 + 120)
def test_no_server_error(unhurt, tmp_path, capfd):
    program = Path(sys.executable).parent / "schemathesis"
    assert program.exists(), f"{program} is missing: pip install -r tests/requirements.txt"
    with capfd.disabled():
        print(f"\nSEALGATE_SCHEMA_SEED={SEED}, {SECONDS} s", flush=True)
    run = subprocess.run(
        [program, "run", f"{unhurt.address}/v1/sys/internal/specs/openapi", "--header", "X-Vault-Token:root",
         "--checks", "not_a_server_error", "--exclude-path", LEFT_OUT, "--max-time", str(SECONDS),
         "--seed", str(SEED), "--suppress-health-check", "all", "--warnings", "off"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    with capfd.disabled():
        print("\n".join(run.stdout.splitlines()[-12:]), flush=True)
