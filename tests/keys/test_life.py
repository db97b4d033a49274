"""The life of a key over HTTP: versions revoked and destroyed, budgets used up, uses counted."""

import random
import time
from datetime import datetime, timezone

import pytest

PLAINTEXT = "aGVsbG8="


@pytest.fixture
def ask(victim):
    """Asks the server that runs now; `path` lies in the mount."""
    def ask(method, path, body=None):
        return victim.server.call(method, f"/transit/{path}", body, token=victim.token)
    return ask


@pytest.fixture
def key(ask):
    """Creates a key and rotates it to its second version; answers a ciphertext of each."""
    def key(name="orders", **config):
        assert ask("POST", f"keys/{name}").status == 200
        first = encrypted(ask, name)
        assert ask("POST", f"keys/{name}/rotate").status == 200
        if config:
            configure(ask, name, **config)
        return first, encrypted(ask, name)
    return key


def configure(ask, name, **config):
    answer = ask("POST", f"keys/{name}/config", config)
    assert answer.status == 200, answer
    return answer.data


def encrypted(ask, name, **more):
    answer = ask("POST", f"encrypt/{name}", {"plaintext": PLAINTEXT, **more})
    assert answer.status == 200, answer
    return answer.data["ciphertext"]


def decrypt(ask, name, ciphertext):
    return ask("POST", f"decrypt/{name}", {"ciphertext": ciphertext})


def version(ask, name, number):
    return ask("GET", f"keys/{name}").data["versions"][str(number)]


def within(seconds, question, expected):
    """Waits until `question` answers `expected`."""
    deadline = time.monotonic() + seconds
    while (found := question()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == expected


def test_a_disabled_version_does_nothing_until_it_is_enabled(victim, ask, key):
    first, second = key()
    answer = ask("POST", "keys/orders/versions/1/disable")
    assert answer.status == 200
    assert answer.data["versions"]["1"]["state"] == "disabled"
    sentence = "key version 1 is disabled; enable it with keys/orders/versions/1/enable"
    for refused in (
        decrypt(ask, "orders", first),
        ask("POST", "encrypt/orders", {"plaintext": PLAINTEXT, "key_version": 1}),
        ask("POST", "rewrap/orders", {"ciphertext": first}),
    ):
        assert (refused.status, refused.errors) == (400, [sentence])
    assert decrypt(ask, "orders", second).data["plaintext"] == PLAINTEXT

    victim.restart()
    victim.unseal(random.Random(1))
    assert decrypt(ask, "orders", first).errors == [sentence]
    assert ask("POST", "keys/orders/versions/1/disable").json["warnings"] == ["key version 1 was disabled already"]
    assert ask("POST", "keys/orders/versions/1/enable").data["versions"]["1"] == {
        "state": "enabled", "encryptions": 1 << 20, "encryptions_left": (1 << 32) - (1 << 20)}
    assert decrypt(ask, "orders", first).data["plaintext"] == PLAINTEXT
    assert ask("POST", "keys/orders/versions/1/enable").json["warnings"] == ["key version 1 was enabled already"]


def test_the_latest_version_is_revoked_at_once_and_replaced_by_a_rotation(ask, key):
    _, second = key()
    assert ask("POST", "keys/orders/versions/2/disable").status == 200
    refused = ask("POST", "encrypt/orders", {"plaintext": PLAINTEXT})
    assert refused.errors == ["key version 2 is disabled; enable it with keys/orders/versions/2/enable"]
    assert ask("POST", "keys/orders/versions/2/destroy").errors == [
        "key version 2 is the latest one and cannot be destroyed; rotate the key first"]
    assert ask("POST", "keys/orders/rotate").status == 200
    assert encrypted(ask, "orders").startswith("vault:v3:")
    assert decrypt(ask, "orders", second).status == 400
    assert ask("POST", "keys/orders/versions/2/destroy").status == 200


def test_a_disabled_version_is_not_exported(ask):
    ask("POST", "keys/orders", {"exportable": True})
    ask("POST", "keys/orders/rotate")
    ask("POST", "keys/orders/versions/1/disable")
    assert list(ask("GET", "export/encryption-key/orders").data["keys"]) == ["2"]
    assert ask("GET", "export/encryption-key/orders/1").status == 400


def test_a_destruction_waits_and_can_be_called_off(ask, key):
    first, _ = key()
    before = datetime.now(timezone.utc).timestamp()
    planned = ask("POST", "keys/orders/versions/1/destroy").data["versions"]["1"]
    assert planned["state"] == "destroying"
    at = datetime.fromisoformat(planned["destroy_at"].replace("Z", "+00:00")).timestamp()
    assert 24 * 3600 <= at - before < 24 * 3600 + 60
    refused = decrypt(ask, "orders", first)
    assert refused.status == 400 and planned["destroy_at"] in refused.errors[0]

    assert ask("POST", "keys/orders/versions/1/restore").data["versions"]["1"]["state"] == "disabled"
    assert ask("POST", "keys/orders/versions/1/restore").errors == [
        "the destruction of key version 1 is not planned; there is nothing to restore"]
    ask("POST", "keys/orders/versions/1/destroy")
    assert ask("POST", "keys/orders/versions/1/enable").data["versions"]["1"]["state"] == "enabled"
    assert decrypt(ask, "orders", first).data["plaintext"] == PLAINTEXT


def test_a_version_is_destroyed_when_its_wait_is_over(ask, key):
    first, second = key(destroy_wait="1s")
    ask("POST", "keys/orders/versions/1/destroy")
    within(5, lambda: version(ask, "orders", 1)["state"], "destroyed")
    shown = ask("GET", "keys/orders").data
    assert list(shown["keys"]) == ["2"] and shown["latest_version"] == 2
    assert "destroyed_at" in shown["versions"]["1"]
    gone = "key version 1 was destroyed at "
    assert decrypt(ask, "orders", first).errors[0].startswith(gone)
    for late in ("enable", "disable", "restore", "destroy"):
        refused = ask("POST", f"keys/orders/versions/1/{late}")
        assert refused.status == 400 and refused.errors[0].startswith(gone), late
    assert decrypt(ask, "orders", second).data["plaintext"] == PLAINTEXT


def test_a_destruction_that_is_due_happens_after_the_next_unseal(victim, ask, key):
    first, second = key(destroy_wait="1s")
    assert ask("POST", "keys/orders/versions/1/destroy").status == 200
    victim.server.kill()
    time.sleep(1.2)
    victim.restart()
    victim.unseal(random.Random(2))
    within(5, lambda: version(ask, "orders", 1)["state"], "destroyed")
    assert decrypt(ask, "orders", first).status == 400
    assert decrypt(ask, "orders", second).data["plaintext"] == PLAINTEXT


def test_a_wait_of_nothing_destroys_at_once(ask, key):
    first, _ = key(destroy_wait=0)
    assert ask("POST", "keys/orders/versions/1/destroy").data["versions"]["1"]["state"] == "destroyed"
    assert decrypt(ask, "orders", first).status == 400
    assert ask("POST", "keys/orders/config", {"destroy_wait": "100000h"}).errors == [
        "destroy_wait can be at most 87600h"]


def test_versions_that_are_not_there(ask, key):
    key()
    no_version = "is no key version; send a whole number from 1 on, without sign, prefix or leading zeros"
    for path, sentence in {
        "keys/orders/versions/3/disable": "no such key version",
        "keys/orders/versions/0/disable": f'"0" {no_version}',
        "keys/orders/versions/one/enable": f'"one" {no_version}',
        "keys/orders/versions/01/disable": f'"01" {no_version}',
        "keys/nothing/versions/1/destroy": "no existing key named nothing could be found",
    }.items():
        answer = ask("POST", path)
        assert (answer.status, answer.errors) == (400, [sentence]), path
    assert ask("POST", "keys/orders/versions/1/burn").status == 404
    assert ask("GET", "keys/orders/versions/1/enable").status == 405


def test_a_backup_keeps_what_was_revoked(ask, key):
    key(exportable=True, allow_plaintext_backup=True, destroy_wait=0, min_decryption_lag=3)
    ask("POST", "keys/orders/rotate")
    ask("POST", "keys/orders/versions/1/destroy")
    ask("POST", "keys/orders/versions/2/disable")
    third = encrypted(ask, "orders")
    backup = ask("GET", "backup/orders").data["backup"]
    assert ask("POST", "restore/copy", {"backup": backup}).status == 204
    copy = ask("GET", "keys/copy").data
    assert {number: view["state"] for number, view in copy["versions"].items()} == {
        "1": "destroyed", "2": "disabled", "3": "enabled"}
    assert copy["min_decryption_lag"] == 3
    assert decrypt(ask, "copy", third).data["plaintext"] == PLAINTEXT


def test_what_a_peer_makes_of_a_backup_with_a_hole(ask, key, peer):
    """It takes the versions that are there, and finds that the destroyed one is not."""
    first, _ = key(exportable=True, allow_plaintext_backup=True, destroy_wait=0)
    ask("POST", "keys/orders/rotate")
    third = encrypted(ask, "orders")
    fourth = encrypted(ask, "orders", key_version=2)
    ask("POST", "keys/orders/versions/1/destroy")
    backup = ask("GET", "backup/orders").data["backup"]

    def there(method, path, body=None):
        return peer.call(method, f"/transit/{path}", body)
    assert there("POST", "restore/holed", {"backup": backup}).status == 204
    for ciphertext in (third, fourth):
        assert there("POST", "decrypt/holed", {"ciphertext": ciphertext}).data["plaintext"] == PLAINTEXT
    gone = there("POST", "decrypt/holed", {"ciphertext": first})
    assert (gone.status, gone.errors) == (500, ["1 error occurred:\n\t* could not derive enc key, length not correct\n\n"])
    assert there("POST", "keys/holed/rotate").status in (200, 204)
    assert there("POST", "encrypt/holed", {"plaintext": PLAINTEXT}).data["ciphertext"].startswith("vault:v4:")
    # What it backs up again has the hole too, and no word about it.
    again = there("GET", "backup/holed").data["backup"]
    refused = ask("POST", "restore/back", {"backup": again})
    assert (refused.status, refused.errors) == (400, ["the backup lacks version 1"])
    there("POST", "keys/holed/config", {"min_decryption_version": 2, "min_encryption_version": 2})
    assert there("POST", "keys/holed/trim", {"min_available_version": 2}).status == 200
    trimmed = there("GET", "backup/holed").data["backup"]
    assert ask("POST", "restore/back", {"backup": trimmed}).status == 204
    assert decrypt(ask, "back", third).data["plaintext"] == PLAINTEXT


def test_the_minimum_slides_with_each_rotation(ask, key):
    first, second = key(min_decryption_lag=1)
    assert decrypt(ask, "orders", first).status == 200
    ask("POST", "keys/orders/rotate")
    shown = ask("GET", "keys/orders").data
    assert (shown["min_decryption_version"], shown["effective_min_decryption_version"]) == (1, 2)
    assert list(shown["keys"]) == ["2", "3"]
    refused = decrypt(ask, "orders", first)
    assert refused.errors == ["ciphertext or signature version is disallowed by policy (too old)"]
    assert decrypt(ask, "orders", second).status == 200
    assert ask("POST", "encrypt/orders", {"plaintext": PLAINTEXT, "key_version": 1}).status == 400
    configure(ask, "orders", min_decryption_lag=0)
    assert decrypt(ask, "orders", first).status == 200


def test_a_version_ends_with_its_budget(ask):
    ask("POST", "keys/orders")
    shown = configure(ask, "orders", max_encryptions=20, auto_rotate_after=20)
    assert (shown["max_encryptions"], shown["auto_rotate_after"]) == (20, 20)
    assert version(ask, "orders", 1)["encryptions_left"] == 20
    for count in range(1, 21):
        answer = ask("POST", "encrypt/orders", {"plaintext": PLAINTEXT, "key_version": 1})
        near = [f"key version 1 has made {count} of its 20 encryptions; rotate the key"]
        assert answer.json["warnings"] == (near if count > 18 else None), count
    assert version(ask, "orders", 1)["encryptions_left"] == 0
    # The key rotates instead of refusing; the version that is used up refuses who names it.
    assert encrypted(ask, "orders").startswith("vault:v2:")
    refused = ask("POST", "encrypt/orders", {"plaintext": PLAINTEXT, "key_version": 1})
    assert (refused.status, refused.errors) == (
        400, ["key version 1 has made all of its 20 encryptions; rotate the key"])


def test_a_key_rotates_where_it_was_told_to(ask):
    ask("POST", "keys/orders")
    configure(ask, "orders", max_encryptions=100, auto_rotate_after=30)
    made = [encrypted(ask, "orders").split(":")[1] for _ in range(70)]
    assert made == ["v1"] * 30 + ["v2"] * 30 + ["v3"] * 10
    batch = ask("POST", "encrypt/orders", {"batch_input": [{"plaintext": PLAINTEXT}] * 50})
    versions = [item["key_version"] for item in batch.data["batch_results"]]
    assert versions == [3] * 20 + [4] * 30


def test_a_batch_makes_what_the_budget_leaves(ask):
    ask("POST", "keys/orders")
    configure(ask, "orders", max_encryptions=10, auto_rotate_after=10)
    results = ask("POST", "encrypt/orders", {
        "batch_input": [{"plaintext": PLAINTEXT, "key_version": 1}] * 12}).data["batch_results"]
    assert [item.get("error") for item in results] == [None] * 10 + [
        "key version 1 has made all of its 10 encryptions; rotate the key"] * 2


def test_a_crash_uses_up_what_was_reserved_and_a_stop_does_not(victim, ask):
    ask("POST", "keys/orders")
    configure(ask, "orders", max_encryptions=1000)
    for _ in range(5):
        encrypted(ask, "orders")
    victim.server.stop()
    victim.restart()
    victim.unseal(random.Random(3))
    assert version(ask, "orders", 1)["encryptions"] == 5
    encrypted(ask, "orders")
    victim.restart()
    victim.unseal(random.Random(4))
    assert version(ask, "orders", 1)["encryptions"] == 5 + 16
    encrypted(ask, "orders")
    assert version(ask, "orders", 1)["encryptions"] == 5 + 16 + 1


def test_budgets_that_cannot_be(ask):
    ask("POST", "keys/orders")
    ask("POST", "keys/long", {"type": "xchacha20-poly1305"})
    ask("POST", "keys/same", {"derived": True, "convergent_encryption": True})
    for name, config, sentence in (
        ("orders", {"max_encryptions": 1 << 33}, "max_encryptions can be at most 4294967296 for this key type"),
        ("orders", {"max_encryptions": -1}, "max_encryptions cannot be negative; 0 takes the setting back"),
        ("orders", {"max_encryptions": 5, "auto_rotate_after": 6},
         "auto_rotate_after can be at most 5, the number of encryptions of a version"),
        ("orders", {"min_decryption_lag": -1}, "min decryption lag cannot be negative; 0 switches it off"),
        ("long", {"auto_rotate_after": 6}, "auto_rotate_after needs max_encryptions for this key type"),
        ("same", {"max_encryptions": 6}, "convergent keys have no limit of encryptions that could be set: "
         "their nonces follow from the plaintexts"),
    ):
        answer = ask("POST", f"keys/{name}/config", config)
        assert (answer.status, answer.errors) == (400, [sentence]), config
    assert ask("GET", "keys/long").data["max_encryptions"] == 0
    assert "encryptions" not in version(ask, "long", 1)
    configure(ask, "long", max_encryptions=1 << 40, auto_rotate_after=1 << 39)


def test_uses_are_counted_and_survive(victim, ask, key):
    before = datetime.now(timezone.utc).timestamp()
    first, second = key()
    for ciphertext in (first, first, second):
        assert decrypt(ask, "orders", ciphertext).status == 200
    assert decrypt(ask, "orders", first[:-8] + "AAAAAAA=").status == 400  # no use

    def counts():
        versions = ask("GET", "keys/orders").data["versions"]
        return {number: {use: used["count"] for use, used in view["usage"].items()}
                for number, view in versions.items()}
    expected = {"1": {"encrypt": 1, "decrypt": 2}, "2": {"encrypt": 1, "decrypt": 1}}
    assert counts() == expected
    time.sleep(1.5)  # they are stored every second
    victim.restart()  # kill -9
    victim.unseal(random.Random(5))
    assert counts() == expected

    decrypt(ask, "orders", first)
    victim.server.stop()  # stores what there is
    victim.restart()
    victim.unseal(random.Random(6))
    expected["1"]["decrypt"] += 1
    assert counts() == expected
    last = version(ask, "orders", 1)["usage"]["decrypt"]["last"]
    assert before - 1 <= datetime.fromisoformat(last[:19] + "+00:00").timestamp() <= time.time() + 1


def test_metrics_show_uses_and_budgets(ask, key, victim):
    first, _ = key(max_encryptions=1000)
    for _ in range(3):
        assert decrypt(ask, "orders", first).status == 200
    page = victim.server.call("GET", "/sys/metrics?format=prometheus", token=victim.token)
    assert page.status == 200 and page.headers["content-type"].startswith("text/plain; version=0.0.4")
    numbers = dict(line.rsplit(" ", 1) for line in page.text.splitlines() if not line.startswith("#"))
    where = 'mount="transit/",key="orders",version="{}"'
    assert numbers['sealgate_keys{mount="transit/"}'] == "1"
    assert 1 <= int(numbers[f"sealgate_key_encryptions{{{where.format(1)}}}"]) <= 1000
    assert int(numbers[f"sealgate_key_encryptions_left{{{where.format(2)}}}"]) < 1000
    assert numbers[f'sealgate_key_uses_total{{{where.format(1)},use="decrypt"}}'] == "3"
    assert victim.server.call("GET", "/sys/metrics", token=victim.token).status == 400
    assert victim.server.call("GET", "/sys/metrics?format=prometheus", token=None).status == 403
