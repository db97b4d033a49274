"""`backup` and `restore`: what can be taken, under which name it comes back, what is no backup."""

import base64
import json

from materials import backup
from scenario import GO_TEXT, delete, get, listing, post, put, scenario

HELLO = "aGVsbG8="
EXPORTABLE = {"exportable": True, "allow_plaintext_backup": True}
OURS = "the sentence says which part of the backup is wrong"


def encoded(value) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def taken(name: str = "a"):
    """Its bytes are other on every server."""
    return get(f"backup/{name}").comparing("data.nothing").saving(backup="data.backup")


SCENARIOS = [
    scenario(
        "what may be backed up",
        get("backup/missing"),
        post("keys/a"),
        get("backup/a"),
        post("keys/a/config", {"exportable": True}),
        get("backup/a"),
        post("keys/a/config", {"allow_plaintext_backup": True}),
        taken(),
        get("keys/a"),
        post("keys/b", {"allow_plaintext_backup": True}),
        get("backup/b"),
        delete("keys/a/soft-delete"),
        get("backup/a").comparing("data.nothing"),
        get("backup"),
        get("backup/"),
        get("backup/a/b"),
        post("backup/a", {}),
        delete("backup/a"),
    ),
    scenario(
        "names to restore under",
        post("keys/a", EXPORTABLE),
        post("encrypt/a", {"plaintext": HELLO}).saving(ct="data.ciphertext"),
        post("keys/a/rotate"),
        taken(),
        post("restore", {"backup": "$backup"}),
        post("restore/a", {"backup": "$backup"}),
        post("restore/a", {"backup": "$backup", "force": False}),
        put("restore", {"backup": "$backup", "force": True}),
        post("restore/a", {"backup": "$backup", "force": "true"}),
        get("keys/a"),
        post("decrypt/a", {"ciphertext": "$ct"}),
        post("restore/b", {"backup": "$backup", "name": "c", "unknown": 1}),
        get("keys/b"),
        post("decrypt/b", {"ciphertext": "$ct"}),
        post("restore", {"backup": "$backup", "name": "d"}),
        listing("keys"),
        post("keys/a/config", {"deletion_allowed": True}),
        delete("keys/a"),
        post("restore", {"backup": "$backup"}),
        post("decrypt/a", {"ciphertext": "$ct"}),
        post("restore/-a", {"backup": "$backup"}).unlike(GO_TEXT),
        post("restore/a/b", {"backup": "$backup"}),
        post("restore/", {"backup": "$backup"}),
        get("restore"),
        get("restore/a"),
        delete("restore/a"),
    ),
    scenario(
        "another type takes the place of a key",
        post("keys/a"),
        post("restore/a", {"backup": backup("x", "rsa-2048")}),
        post("restore/a", {"backup": backup("x", "rsa-2048"), "force": True}),
        get("keys/a"),
        post("restore", {"backup": backup("x", "ed25519")}),
        get("keys/x"),
    ),
    scenario(
        "what is no backup",
        post("restore"),
        post("restore", {}),
        post("restore/a", raw="null"),
        *[post("restore/a", {"backup": text}) for text in ("", None)],
        *[post("restore/a", {"backup": text}).unlike(GO_TEXT)
          for text in ("%", "nonsense", 5, [], {}, base64.b64encode(b"nonsense").decode(), encoded([]), encoded("x"))],
        post("restore/a", {"backup": backup("x", "ed25519"), "force": "perhaps"}).unlike(GO_TEXT),
        get("keys/a"),
    ),
    scenario(
        "backups which do not hold together",
        *[post(f"restore/a{number}", {"backup": encoded(value)}).unlike(OURS)
          for number, value in enumerate((
              {"policy": {}, "archived_keys": {"keys": []}},
              {"policy": {"name": "x", "type": 99, "latest_version": 1, "keys": {"1": {}}},
               "archived_keys": {"keys": [{}, {}]}},
              {"policy": {"name": "x", "type": 2, "latest_version": 1, "keys": {"1": {"key": "AAAA"}}},
               "archived_keys": {"keys": [{}, {"key": "AAAA"}]}},
          ))],
        listing("keys"),
    ),
]
