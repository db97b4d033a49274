"""A batch that takes long: its caller gets a refusal in time, and the work ends there."""

import base64
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "crash"))

from victim import Victim  # noqa: E402  (needs the path above)

LIMIT = 2
ITEMS = 10_000
TICKS = 100  # of /proc, a second


@pytest.fixture
def victim(tmp_path):
    victim = Victim.found(tmp_path, f'\n[limits]\nrequest_timeout = "{LIMIT}s"\n')
    yield victim
    victim.server.stop()


def processor_seconds(victim) -> float:
    fields = Path(f"/proc/{victim.server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@pytest.mark.parametrize("operation", ["sign", "decrypt"])
def test_work_ends_when_nobody_waits_any_more(victim, operation):
    def ask(method, path, body=None):
        return victim.server.call(method, f"/transit/{path}", body, token=victim.token)
    assert ask("POST", "keys/slow", {"type": "rsa-4096"}).status == 200
    if operation == "sign":
        # The slowest of all: AWS-LC does not know SHA-3 in RSA signatures.
        path, item = "sign/slow/sha3-512", {"input": "aGVsbG8="}
    else:
        path, item = "decrypt/slow", {"ciphertext": "vault:v1:" + base64.b64encode(bytes(512)).decode()}
        sealed = ask("POST", "encrypt/slow", {"plaintext": "aGVsbG8="})
        item = {"ciphertext": sealed.json["data"]["ciphertext"]}
    began = time.monotonic()
    answer = ask("POST", path, {"batch_input": [item] * ITEMS})
    took = time.monotonic() - began
    assert answer.status == 503 and "fewer items at once" in answer.errors[0], answer
    assert LIMIT - 0.5 < took < 4 * LIMIT
    before = processor_seconds(victim)
    time.sleep(1)
    assert processor_seconds(victim) - before < 0.5, "it works on for nobody"
    few = ask("POST", path, {"batch_input": [item] * 3})
    assert few.status == 200 and len(few.json["data"]["batch_results"]) == 3
