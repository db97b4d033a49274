"""The unmodified `bao` command line drives Sealgate."""

import base64
import json
import os
import subprocess
from dataclasses import dataclass

import pytest
import servers

SECRET = base64.b64encode(b"what the application protects").decode()
SEALED, ERROR = 2, 2


@dataclass
class Bao:
    """`bao` with an address, a token and a home of its own."""

    address: str
    home: str
    token: str = ""

    def run(self, *words, code: int = 0, stdin: str | None = None) -> str:
        """Standard output; the exit code must be `code`."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "BAO_ADDR": self.address}
        if self.token:
            environment["BAO_TOKEN"] = self.token
        done = subprocess.run([servers.bao_program(), *words], env=environment, input=stdin, text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == code, f"bao {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *words, code: int = 0):
        """What `-format=json` prints. The flag goes behind the subcommand, before its arguments."""
        verbs = 2 if words[0] in ("operator", "secrets", "token") else 1
        return json.loads(self.run(*words[:verbs], "-format=json", *words[verbs:], code=code))


@pytest.fixture
def bao(installation, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Bao(installation.address, str(home))


@pytest.fixture
def ready(installation, bao):
    """Initialised with 3 of 5 shares and unsealed; `transit/` is there."""
    made = bao.json("operator", "init")
    unseal(bao, made["unseal_keys_b64"][:3])
    bao.token = made["root_token"]
    installation.unsealed(bao.token)
    return made


def unseal(bao, shares) -> None:
    for share in shares:
        bao.run("operator", "unseal", share)


def encrypted(bao, key: str) -> str:
    return bao.json("write", f"transit/encrypt/{key}", f"plaintext={SECRET}")["data"]["ciphertext"]


def decrypted(bao, key: str, ciphertext: str) -> str:
    return bao.json("write", f"transit/decrypt/{key}", f"ciphertext={ciphertext}")["data"]["plaintext"]


def test_init_kill_and_unseal(installation, bao):
    before = json.loads(bao.run("status", "-format=json", code=SEALED).strip())
    assert (before["initialized"], before["sealed"]) == (False, True)
    assert "not initialized" in bao.run("operator", "init", "-status", code=2).lower()

    made = bao.json("operator", "init", "-key-shares=5", "-key-threshold=3")
    assert len(made["unseal_keys_b64"]) == len(made["unseal_keys_hex"]) == made["unseal_shares"] == 5
    assert made["unseal_threshold"] == 3
    assert [base64.b64decode(text).hex() for text in made["unseal_keys_b64"]] == made["unseal_keys_hex"]
    bao.run("operator", "init", "-status")
    bao.run("operator", "init", code=ERROR)

    shares = made["unseal_keys_b64"]
    assert bao.json("operator", "unseal", shares[0])["progress"] == 1
    assert bao.json("operator", "unseal", "-reset")["progress"] == 0
    for progress, share in enumerate((shares[4], made["unseal_keys_hex"][1]), start=1):
        status = bao.json("operator", "unseal", share)
        assert (status["sealed"], status["progress"], status["t"], status["n"]) == (True, progress, 3, 5)
    assert bao.json("operator", "unseal", shares[2])["sealed"] is False
    assert bao.json("status")["sealed"] is False

    bao.token = made["root_token"]
    installation.unsealed(bao.token)
    bao.run("write", "-f", "transit/keys/app")
    first = encrypted(bao, "app")
    bao.run("write", "-f", "transit/keys/app/rotate")
    second = encrypted(bao, "app")

    installation.kill_and_restart()
    assert json.loads(bao.run("status", "-format=json", code=SEALED).strip())["initialized"] is True
    assert "sealed" in bao.run("read", "transit/keys/app", code=ERROR).lower()
    unseal(bao, (shares[3], shares[0], shares[2]))
    installation.unsealed(bao.token)
    assert [decrypted(bao, "app", text) for text in (first, second)] == [SECRET, SECRET]
    assert bao.json("read", "transit/keys/app")["data"]["latest_version"] == 2

    bao.run("operator", "seal")
    bao.run("status", code=SEALED)


def test_keys(ready, bao):
    made = bao.json("write", "transit/keys/app", "type=chacha20-poly1305", "exportable=true", "auto_rotate_period=24h")
    assert made["data"]["type"] == "chacha20-poly1305"
    assert (made["data"]["exportable"], made["data"]["auto_rotate_period"]) == (True, 86400)
    bao.run("write", "transit/keys/other", "derived=true", "convergent_encryption=true")
    assert bao.json("list", "transit/keys") == ["app", "other"]
    assert bao.json("read", "transit/keys/other")["data"]["kdf"] == "hkdf_sha256"
    assert bao.run("read", "-field=latest_version", "transit/keys/app").strip() == "1"
    assert "app" in bao.run("list", "transit/keys/")
    assert "latest_version" in bao.run("read", "transit/keys/app")

    bao.run("write", "-f", "transit/keys/app/rotate")
    bao.run("write", "transit/keys/app/config", "min_decryption_version=2", "min_encryption_version=2")
    bao.run("write", "transit/keys/app/trim", "min_available_version=2")
    read = bao.json("read", "transit/keys/app")["data"]
    assert (read["latest_version"], read["min_available_version"], list(read["keys"])) == (2, 2, ["2"])

    assert "deletion is not allowed" in bao.run("delete", "transit/keys/app", code=ERROR)
    bao.run("write", "transit/keys/app/config", "deletion_allowed=true")
    bao.run("delete", "transit/keys/app")
    assert "No value found" in bao.run("read", "transit/keys/app", code=ERROR)
    assert bao.json("list", "transit/keys") == ["other"]


def test_encrypt_decrypt_rewrap(ready, bao):
    bao.run("write", "-f", "transit/keys/app")
    first = encrypted(bao, "app")
    assert first.startswith("vault:v1:")
    assert decrypted(bao, "app", first) == SECRET
    bao.run("write", "-f", "transit/keys/app/rotate")
    second = bao.json("write", "transit/rewrap/app", f"ciphertext={first}")["data"]
    assert second["ciphertext"].startswith("vault:v2:") and second["key_version"] == 2
    assert decrypted(bao, "app", second["ciphertext"]) == SECRET
    assert decrypted(bao, "app", first) == SECRET
    assert "no prefix" in bao.run("write", "transit/decrypt/app", "ciphertext=nonsense", code=ERROR)

    context = base64.b64encode(b"tenant").decode()
    bao.run("write", "transit/keys/tenants", "derived=true")
    made = bao.json("write", "transit/encrypt/tenants", f"plaintext={SECRET}", f"context={context}")
    back = bao.json("write", "transit/decrypt/tenants", f"ciphertext={made['data']['ciphertext']}",
                    f"context={context}")
    assert back["data"]["plaintext"] == SECRET


def test_mounts(ready, bao):
    assert bao.json("secrets", "list")["transit/"]["type"] == "transit"
    bao.run("secrets", "enable", "-path=team/a", "-description=team a", "transit")
    assert bao.json("secrets", "list")["team/a/"]["description"] == "team a"
    assert "team/a/" in bao.run("secrets", "list", "-detailed")
    assert "already in use" in bao.run("secrets", "enable", "-path=team/a", "transit", code=ERROR)
    bao.run("secrets", "tune", "-description=tuned", "-default-lease-ttl=1h", "team/a")
    tuned = bao.json("secrets", "list")["team/a/"]
    assert (tuned["description"], tuned["config"]["default_lease_ttl"]) == ("tuned", 3600)
    bao.run("write", "-f", "team/a/keys/k")
    assert bao.json("list", "team/a/keys") == ["k"]
    assert bao.run("list", "-format=json", "transit/keys", code=ERROR).strip().startswith("{}")
    bao.run("secrets", "disable", "team/a")
    assert "team/a/" not in bao.json("secrets", "list")


def test_tokens(ready, bao):
    me = bao.json("token", "lookup")["data"]
    assert (me["policies"], me["id"], me["type"]) == (["root"], ready["root_token"], "service")
    root, bao.token = bao.token, "nonsense"
    assert "permission denied" in bao.run("token", "lookup", code=ERROR)
    assert "permission denied" in bao.run("read", "transit/keys/app", code=ERROR)
    bao.token = ""
    bao.run("login", "-no-print", root)
    assert bao.json("token", "lookup")["data"]["id"] == root
    bao.run("login", "nonsense", code=ERROR)
