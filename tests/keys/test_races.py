"""Changes that meet: what a caller prepared for one key must not end up in another."""

import base64
import json
import random
import threading
import time

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ROUNDS = 12


def wrapped(public_pem: str, material: bytes) -> str:
    key = bytes(range(32))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    head = serialization.load_pem_public_key(public_pem.encode()).encrypt(key, oaep)
    return base64.b64encode(head + keywrap.aes_key_wrap_with_padding(key, material)).decode()


def test_a_version_of_another_type_is_refused(victim):
    """An import waits for its unwrapping while the key is replaced by one of another type."""
    def ask(method, path, body=None):
        return victim.server.call(method, f"/transit/{path}", body, token=victim.token)
    public = ask("GET", "wrapping_key").json["data"]["public_key"]
    document = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ciphertext = wrapped(public, document)
    settings = {"exportable": True, "allow_plaintext_backup": True}
    symmetric = wrapped(public, bytes(32))
    assert ask("POST", "keys/other/import", {"ciphertext": symmetric, **settings}).status == 204
    backup = ask("GET", "backup/other").json["data"]["backup"]
    assert json.loads(base64.b64decode(backup))["policy"]["Imported"] is True
    for round_ in range(ROUNDS):
        name = f"raced-{round_}"
        asked = {"type": "rsa-2048", "ciphertext": ciphertext}
        assert ask("POST", f"keys/{name}/import", asked).status == 204
        importing = threading.Thread(
            target=ask, args=("POST", f"keys/{name}/import_version", {"ciphertext": ciphertext}))
        importing.start()
        time.sleep(0.004 * round_ / ROUNDS)
        assert ask("POST", f"restore/{name}", {"backup": backup, "force": True}).status == 204
        importing.join()
        sealed = ask("POST", f"encrypt/{name}", {"plaintext": "aGVsbG8="}).json["data"]["ciphertext"]
        assert sealed.startswith("vault:v1:")
    victim.restart()
    victim.unseal(random.Random(1))
    assert ask("GET", "keys/raced-0").json["data"]["type"] == "aes256-gcm96"
