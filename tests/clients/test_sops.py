"""The unmodified SOPS keeps files whose data key Sealgate wraps."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import servers

SECRET = "what the application protects"
FILES = {
    "secrets.yaml": f"database:\n    user: app\n    password: {SECRET}\nports:\n    - 5432\n",
    "secrets.json": json.dumps({"database": {"user": "app", "password": SECRET}, "ports": [5432]}, indent="\t") + "\n",
}


@dataclass(frozen=True)
class Sops:
    """`sops` with an address, a token and a working directory of its own."""

    server: servers.Server
    directory: Path
    token: str = servers.ROOT_TOKEN

    def run(self, *words, fails: bool = False) -> str:
        """Standard output; of a command that fails, what it complained about."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "VAULT_TOKEN": self.token}
        done = subprocess.run([servers.go_program("sops"), *map(str, words)], cwd=self.directory, env=environment,
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60)
        failed = done.returncode != 0
        assert failed == fails, f"sops {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        # SOPS folds what the server says into a narrow box.
        return " ".join(done.stderr.replace("|", " ").split()) if failed else done.stdout

    def key(self, name: str, mount: str = "transit") -> str:
        return f"{self.server.address}/v1/{mount}/keys/{name}"


@pytest.fixture
def sops(sealgate, tmp_path):
    return Sops(sealgate, tmp_path)


@pytest.fixture
def key(sops):
    """A key of this test's own."""
    name = f"sops-{sops.directory.name}"
    assert sops.server.call("POST", f"/transit/keys/{name}").status == 200
    return name


def wrapped(file: Path) -> str:
    """The data key in an encrypted file, wrapped by Sealgate."""
    found = re.findall(r"vault:v\d+:[A-Za-z0-9+/=]+", file.read_text())
    assert len(found) == 1, file.read_text()
    return found[0]


def encrypt(sops, name: str, *keys) -> Path:
    file = sops.directory / name
    file.write_text(FILES[name])
    sops.run("encrypt", "--in-place", "--hc-vault-transit", ",".join(keys), file)
    assert SECRET not in file.read_text()
    return file


@pytest.mark.parametrize("name", FILES)
def test_encrypt_rotate_decrypt(sops, key, name):
    file = encrypt(sops, name, sops.key(key))
    first = wrapped(file)
    assert first.startswith("vault:v1:")
    assert sops.run("decrypt", file) == FILES[name]

    sops.server.call("POST", f"/transit/keys/{key}/rotate")
    assert sops.run("decrypt", file) == FILES[name]
    sops.run("rotate", "--in-place", file)
    assert wrapped(file).startswith("vault:v2:")
    assert sops.run("decrypt", file) == FILES[name]

    # The older version is gone, and the file does not need it any more.
    old = sops.directory / f"old-{name}"
    old.write_text(file.read_text().replace(wrapped(file), first))
    sops.server.call("POST", f"/transit/keys/{key}/config", {"min_decryption_version": 2})
    assert sops.run("decrypt", file) == FILES[name]
    assert "disallowed by policy (too old)" in sops.run("decrypt", old, fails=True)


def test_set_and_extract(sops, key):
    file = encrypt(sops, "secrets.yaml", sops.key(key))
    assert sops.run("decrypt", "--extract", '["database"]["password"]', file) == SECRET
    sops.run("set", file, '["database"]["password"]', '"another"')
    assert sops.run("decrypt", "--extract", '["database"]["password"]', file) == "another"


def test_updatekeys_moves_to_another_key(sops, key):
    file = encrypt(sops, "secrets.yaml", sops.key(key))
    before = wrapped(file)
    assert sops.server.call("POST", f"/transit/keys/{key}-next").status == 200
    (sops.directory / ".sops.yaml").write_text(
        f"creation_rules:\n  - path_regex: secrets\n    hc_vault_transit_uri: {sops.key(key + '-next')}\n")
    sops.run("updatekeys", "--yes", file)
    assert wrapped(file) != before
    sops.server.call("POST", f"/transit/keys/{key}/config", {"deletion_allowed": True})
    assert sops.server.call("DELETE", f"/transit/keys/{key}").status == 204
    assert sops.run("decrypt", file) == FILES["secrets.yaml"]


def test_another_mount(sops):
    mount = f"teams/{sops.directory.name}"
    assert sops.server.call("POST", f"/sys/mounts/{mount}", {"type": "transit"}).status == 204
    assert sops.server.call("POST", f"/{mount}/keys/app").status == 200
    file = encrypt(sops, "secrets.yaml", sops.key("app", mount))
    assert sops.run("decrypt", file) == FILES["secrets.yaml"]
    assert sops.server.call("DELETE", f"/sys/mounts/{mount}").status == 204
    sops.run("decrypt", file, fails=True)


def test_two_keys_either_of_which_suffices(sops, key):
    other = f"{key}-other"
    assert sops.server.call("POST", f"/transit/keys/{other}").status == 200
    file = encrypt(sops, "secrets.json", sops.key(key), sops.key(other))
    for name, readable in ((key, True), (other, False)):
        sops.server.call("POST", f"/transit/keys/{name}/config", {"deletion_allowed": True})
        assert sops.server.call("DELETE", f"/transit/keys/{name}").status == 204
        sops.run("decrypt", file, fails=not readable)


def test_refusals(sops, key):
    file = encrypt(sops, "secrets.yaml", sops.key(key))
    whole = file.read_text()
    assert "permission denied" in replace(sops, token="nonsense").run("decrypt", file, fails=True)
    assert "permission denied" in replace(sops, token="nonsense").run("rotate", "--in-place", file, fails=True)
    assert file.read_text() == whole

    cut = wrapped(file)
    file.write_text(whole.replace(cut, cut[:12] + ("A" if cut[12] != "A" else "B") + cut[13:]))
    assert "message authentication failed" in sops.run("decrypt", file, fails=True)
