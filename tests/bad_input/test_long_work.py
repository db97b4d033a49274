"""A batch that takes long: its caller gets a refusal in time, and the work ends there."""

import base64
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


def test_a_seal_ends_work_in_flight(victim):
    """Its answer comes when no key is in use any more, and work that takes long ends for it."""
    def ask(method, path, body=None):
        return victim.server.call(method, path, body, token=victim.token)
    assert ask("POST", "/transit/keys/slow", {"type": "rsa-4096"}).status == 200
    items = [{"input": "aGVsbG8="}] * ITEMS
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(ask, "POST", "/transit/sign/slow/sha3-512", {"batch_input": items})
        time.sleep(0.7)
        assert not batch.done()
        began = time.monotonic()
        assert ask("POST", "/sys/seal").status == 204
        assert time.monotonic() - began < 2
        answer = batch.result()
    assert answer.status == 503 and answer.errors == ["Vault is sealed"], answer
    before = processor_seconds(victim)
    time.sleep(1)
    assert processor_seconds(victim) - before < 0.3


def test_a_revoked_version_is_used_no_more_by_work_in_flight(victim):
    def ask(method, path, body=None):
        return victim.server.call(method, f"/transit/{path}", body, token=victim.token)
    assert ask("POST", "keys/slow", {"type": "rsa-4096"}).status == 200
    assert ask("POST", "keys/slow/rotate").status == 200
    items = [{"input": "aGVsbG8="}] * 100
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(ask, "POST", "sign/slow/sha3-512", {"key_version": 1, "batch_input": items})
        time.sleep(0.3)
        assert ask("POST", "keys/slow/versions/1/disable").status == 200
        results = batch.result().json["data"]["batch_results"]
    assert "signature" in results[0]
    assert "disabled" in results[-1]["error"]
