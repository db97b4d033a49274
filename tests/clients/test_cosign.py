"""The unmodified cosign signs and verifies files with keys of Sealgate."""

import base64
import hashlib
import itertools
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


def raw(signature: Path) -> Path:
    """A file with the signature's bytes."""
    file = signature.with_suffix(".raw")
    file.write_bytes(base64.b64decode(signature.read_text()))
    return file


def openssl_verifies(public_key: Path, signature: Path, blob: Path) -> bool:
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public_key, "-signature", raw(signature), blob],
                          text=True, capture_output=True, timeout=60)
    assert ("Verified OK" in done.stdout) == (done.returncode == 0), done
    return done.returncode == 0


def server_verifies(cosign, key: str, signature: Path, blob: Path, version: int = 1) -> bool:
    """Asks without cosign."""
    answer = cosign.server.call("POST", f"/transit/verify/{key}/sha2-256", {
        "input": base64.b64encode(blob.read_bytes()).decode(), "signature_algorithm": "pkcs1v15",
        "signature": f"vault:v{version}:{signature.read_text().strip()}"})
    assert answer.status == 200, answer
    return answer.data["valid"]


def test_generate_key_pair(cosign):
    name = f"cosign-{cosign.directory.name}"
    cosign.run("generate-key-pair", "--kms", f"hashivault://{name}")
    read = cosign.server.call("GET", f"/transit/keys/{name}").data
    assert (read["type"], read["exportable"], list(read["keys"])) == ("ecdsa-p256", False, ["1"])
    assert (cosign.directory / "cosign.pub").read_text().strip() == read["keys"]["1"]["public_key"].strip()
    assert cosign.public_key(name).read_text().strip() == read["keys"]["1"]["public_key"].strip()
    cosign.run("generate-key-pair", "--kms", f"hashivault://{name}")
    assert cosign.server.call("GET", f"/transit/keys/{name}").data["keys"] == read["keys"]


@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048", "rsa-3072", "rsa-4096"])
def test_sign_and_verify(cosign, make, blob, tampered, kind):
    key = make(kind)
    public_key = cosign.public_key(key)
    signature = cosign.sign(key, blob)
    assert openssl_verifies(public_key, signature, blob)
    assert not openssl_verifies(public_key, signature, tampered)
    assert server_verifies(cosign, key, signature, blob)
    assert not server_verifies(cosign, key, signature, tampered)
    cosign.verify(public_key, signature, blob)
    cosign.verify(public_key, signature, tampered, fails=True)


def test_the_server_verifies_for_cosign(cosign, make, blob, tampered):
    key = make("ecdsa-p256")
    signature = cosign.sign(key, blob)
    cosign.verify(f"hashivault://{key}", signature, blob)
    assert "failed vault verification" in cosign.verify(f"hashivault://{key}", signature, tampered, fails=True)


def test_ed25519(cosign, make, blob, tampered):
    """With a key at a server, cosign signs the digest of the file, not the file."""
    key = make("ed25519")
    reference, public_key = f"hashivault://{key}", cosign.public_key(key)
    signature = cosign.sign(key, blob)
    cosign.verify(reference, signature, blob)
    cosign.verify(reference, signature, tampered, fails=True)
    for file, agrees in ((blob, True), (tampered, False)):
        digest = file.with_suffix(".sha256")
        digest.write_bytes(hashlib.sha256(file.read_bytes()).digest())
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public_key,
                               "-in", digest, "-sigfile", raw(signature)], capture_output=True, timeout=60)
        assert (done.returncode == 0) == agrees, done


@pytest.mark.parametrize("kind", [servers.PEER, "sealgate"])
def test_what_cosign_cannot_do(request, tmp_path, blob, kind):
    """Neither with the peer, nor here. Whoever sees this fail has a better cosign, or a worse server."""
    cosign = Cosign(request.getfixturevalue(kind), tmp_path)
    rsa, curve = (f"cosign-{tmp_path.name}-{name}" for name in ("rsa-2048", "ecdsa-p384"))
    for key, key_type in ((rsa, "rsa-2048"), (curve, "ecdsa-p384")):
        assert cosign.server.call("POST", f"/transit/keys/{key}", {"type": key_type}).status == 200
    # It signs with PKCS#1 v1.5 but does not say so when the server is to verify, which then takes PSS.
    signature = cosign.sign(rsa, blob)
    assert "failed vault verification" in cosign.verify(f"hashivault://{rsa}", signature, blob, fails=True)
    # It makes a digest for SHA-384 and calls it SHA-256.
    sign = ("sign-blob", *SIGN_ALONE, *PLAIN, "--key", f"hashivault://{curve}", blob)
    assert "unexpected length of digest" in cosign.run(*sign, fails=True)


@dataclass(frozen=True)
class Release:
    """A version of a key as cosign knew it when that was the latest, and a signature of that time."""

    cosign: Cosign
    public_key: Path
    signature: Path


@pytest.fixture
def releases(cosign, make, blob):
    """Makes a key of two versions; yields its name and what cosign got from each."""
    def made(kind: str) -> tuple[str, list[Release]]:
        key = make(kind)
        first = Release(cosign, cosign.public_key(key), cosign.sign(key, blob))
        assert cosign.server.call("POST", f"/transit/keys/{key}/rotate").status == 200
        later = replace(cosign, version=2)
        return key, [first, Release(later, later.public_key(key), later.sign(key, blob))]
    return made


@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048"])
def test_rotation(cosign, releases, blob, kind):
    key, versions = releases(kind)
    for known, signed in itertools.product(versions, repeat=2):
        agrees = known == signed
        cosign.verify(known.public_key, signed.signature, blob, fails=not agrees)
        assert openssl_verifies(known.public_key, signed.signature, blob) == agrees
        assert server_verifies(cosign, key, signed.signature, blob, known.cosign.version) == agrees


def test_the_server_verifies_after_rotation(cosign, releases, blob):
    key, (first, second) = releases("ecdsa-p256")
    reference = f"hashivault://{key}"
    for known, signed in itertools.product((first, second), repeat=2):
        known.cosign.verify(reference, signed.signature, blob, fails=known != signed)

    cosign.server.call("POST", f"/transit/keys/{key}/config", {"min_decryption_version": 2})
    second.cosign.verify(reference, second.signature, blob)
    assert "too old" in first.cosign.verify(reference, first.signature, blob, fails=True)


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
