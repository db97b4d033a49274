"""The unmodified cosign signs and verifies files with keys of Sealgate."""

import base64
import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import servers

# Nothing but the server is asked: no transparency log, no certificate authority, no roots of trust.
SIGN_ALONE = ("--tlog-upload=false", "--use-signing-config=false", "--yes")
VERIFY_ALONE = ("--insecure-ignore-tlog",)
PLAIN = ("--new-bundle-format=false",)


@dataclass(frozen=True)
class Cosign:
    """`cosign` with an address, a token and a working directory of its own."""

    server: servers.Server
    directory: Path
    token: str = servers.ROOT_TOKEN
    version: int = 1

    def run(self, *words, fails: bool = False) -> str:
        """Standard output; of a command that fails, what it complained about."""
        nowhere = "http://127.0.0.1:1"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "VAULT_ADDR": self.server.address,
                       "VAULT_TOKEN": self.token, "VAULT_KEY_PREFIX": f"vault:v{self.version}:",
                       "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
        done = subprocess.run([servers.go_program("cosign"), *map(str, words)], cwd=self.directory, env=environment,
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60)
        failed = done.returncode != 0
        assert failed == fails, f"cosign {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stderr if failed else done.stdout

    def public_key(self, key: str) -> Path:
        """A file with what `cosign public-key` says."""
        file = self.directory / f"{key}-{self.version}.pem"
        file.write_text(self.run("public-key", "--key", f"hashivault://{key}"))
        return file

    def sign(self, key: str, blob: Path) -> Path:
        """A file with the signature in base64."""
        file = self.directory / f"{blob.name}-{self.version}.sig"
        self.run("sign-blob", *SIGN_ALONE, *PLAIN, "--key", f"hashivault://{key}", "--output-signature", file, blob)
        return file

    def verify(self, key, signature: Path, blob: Path, fails: bool = False) -> str:
        return self.run("verify-blob", *VERIFY_ALONE, *PLAIN, "--key", key, "--signature", signature, blob,
                        fails=fails)


@pytest.fixture
def cosign(sealgate, tmp_path):
    return Cosign(sealgate, tmp_path)


@pytest.fixture
def blob(tmp_path):
    file = tmp_path / "release.tar"
    file.write_bytes(b"what users download" * 1000)
    return file


@pytest.fixture
def tampered(tmp_path, blob):
    file = tmp_path / "tampered.tar"
    file.write_bytes(blob.read_bytes() + b"!")
    return file


@pytest.fixture
def make(cosign):
    """Makes a key of this test's own."""
    def made(kind: str) -> str:
        name = f"cosign-{cosign.directory.name}-{kind}"
        assert cosign.server.call("POST", f"/transit/keys/{name}", {"type": kind}).status == 200
        return name
    return made


def openssl_verifies(public_key: Path, signature: Path, blob: Path, digest: str = "sha256") -> bool:
    raw = signature.with_suffix(".raw")
    raw.write_bytes(base64.b64decode(signature.read_text()))
    done = subprocess.run(["openssl", "dgst", f"-{digest}", "-verify", public_key, "-signature", raw, blob],
                          text=True, capture_output=True, timeout=60)
    assert ("Verified OK" in done.stdout) == (done.returncode == 0), done
    return done.returncode == 0


def test_generate_key_pair(cosign):
    name = f"cosign-{cosign.directory.name}"
    cosign.run("generate-key-pair", "--kms", f"hashivault://{name}")
    read = cosign.server.call("GET", f"/transit/keys/{name}").data
    assert (read["type"], read["exportable"], list(read["keys"])) == ("ecdsa-p256", False, ["1"])
    assert (cosign.directory / "cosign.pub").read_text().strip() == read["keys"]["1"]["public_key"].strip()
    assert cosign.public_key(name).read_text().strip() == read["keys"]["1"]["public_key"].strip()


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096"])
def test_sign_and_verify(cosign, make, blob, tampered, kind):
    key = make(kind)
    public_key = cosign.public_key(key)
    signature = cosign.sign(key, blob)
    cosign.verify(public_key, signature, blob)
    cosign.verify(public_key, signature, tampered, fails=True)
    cosign.verify(f"hashivault://{key}", signature, blob)
    cosign.verify(f"hashivault://{key}", signature, tampered, fails=True)
    assert openssl_verifies(public_key, signature, blob)
    assert not openssl_verifies(public_key, signature, tampered)


def test_ed25519(cosign, make, blob, tampered):
    key = make("ed25519")
    public_key = cosign.public_key(key)
    signature = cosign.sign(key, blob)
    cosign.verify(public_key, signature, blob)
    cosign.verify(public_key, signature, tampered, fails=True)
    cosign.verify(f"hashivault://{key}", signature, blob)
    cosign.verify(f"hashivault://{key}", signature, tampered, fails=True)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048"])
def test_rotation(cosign, make, blob, tampered, kind):
    key = make(kind)
    reference = f"hashivault://{key}"
    old_key, old = cosign.public_key(key), cosign.sign(key, blob)
    assert cosign.server.call("POST", f"/transit/keys/{key}/rotate").status == 200
    second = replace(cosign, version=2)
    new_key, new = second.public_key(key), second.sign(key, blob)
    assert old_key.read_text() != new_key.read_text()

    for public_key, signature, agrees in [(old_key, old, True), (old_key, new, False), (new_key, new, True),
                                          (new_key, old, False)]:
        cosign.verify(public_key, signature, blob, fails=not agrees)
        assert openssl_verifies(public_key, signature, blob) == agrees
    for client, signature, agrees in [(cosign, old, True), (cosign, new, False), (second, new, True),
                                      (second, old, False)]:
        client.verify(reference, signature, blob, fails=not agrees)
    second.verify(reference, new, tampered, fails=True)

    cosign.server.call("POST", f"/transit/keys/{key}/config", {"min_decryption_version": 2})
    second.verify(reference, new, blob)
    cosign.verify(reference, old, blob, fails=True)


def test_bundle(cosign, make, blob, tampered):
    """The format of cosign 3: one file with everything."""
    key = make("ecdsa-p256")
    reference = f"hashivault://{key}"
    bundle = cosign.directory / "release.sigstore.json"
    cosign.run("sign-blob", *SIGN_ALONE, "--key", reference, "--bundle", bundle, blob)
    assert json.loads(bundle.read_text())["messageSignature"]["signature"]
    for verifier in (reference, cosign.public_key(key)):
        words = ("verify-blob", *VERIFY_ALONE, "--key", verifier, "--bundle", bundle)
        cosign.run(*words, blob)
        cosign.run(*words, tampered, fails=True)


def test_refusals(cosign, make, blob):
    key = make("ecdsa-p256")
    signature = cosign.sign(key, blob)
    stranger = replace(cosign, token="nonsense")
    sign = ("sign-blob", *SIGN_ALONE, *PLAIN, "--key", f"hashivault://{key}", blob)
    assert "permission denied" in stranger.run(*sign, fails=True)
    assert "permission denied" in stranger.verify(f"hashivault://{key}", signature, blob, fails=True)
    assert "could not read data from transit key path" in cosign.verify(
        f"hashivault://{key}-lacking", signature, blob, fails=True)
