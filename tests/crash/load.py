"""Threads that change keys and encrypt until the server dies."""

import base64
import http.client
import json
import random
import threading

from history import FIRST, Ciphertext, History

CONTEXT = base64.b64encode(b"tenant").decode()
KEYS = {
    "aes128": {"type": "aes128-gcm96"},
    "aes256": {"type": "aes256-gcm96"},
    "chacha": {"type": "chacha20-poly1305"},
    "xchacha": {"type": "xchacha20-poly1305"},
    "derived": {"type": "aes256-gcm96", "derived": True},
    "convergent": {"type": "aes256-gcm96", "derived": True, "convergent_encryption": True},
    "trimmed": {"type": "aes256-gcm96"},
}
WITH_CONTEXT = {"derived", "convergent"}


class ServerGone(Exception):
    """The server died while it was asked, or before."""


class Connection:
    """A connection that stays open, until the server dies."""

    def __init__(self, port: int, token: str):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.token = token

    def ask(self, method: str, path: str, body=None) -> dict:
        """One request, which must succeed."""
        status, answer = self.answer(method, path, body)
        assert status in (200, 204), f"{method} {path}: {status} {answer}"
        return answer

    def answer(self, method: str, path: str, body=None) -> tuple:
        """The status and the body of an answer that arrived whole."""
        try:
            self.http.request(method, "/v1" + path, json.dumps(body or {}), {"X-Vault-Token": self.token})
            response = self.http.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as gone:
            raise ServerGone from gone
        return response.status, json.loads(text) if text else {}

    def close(self) -> None:
        self.http.close()


def create_all(connection: Connection, history: History) -> None:
    for name, body in KEYS.items():
        create(connection, history, name, body)


def create(connection: Connection, history: History, name: str, body: dict) -> None:
    history.asks(name, FIRST)
    connection.ask("POST", f"/transit/keys/{name}", body)
    history.answered(name)


class Load:
    """The threads of one round."""

    def __init__(self, port: int, token: str, history: History, seed: int, number: int):
        self.port, self.token, self.history, self.number = port, token, history, number
        self.failures = []
        names = list(KEYS)
        work = [(self.change, names[0::2]), (self.change, names[1::2]), (self.come_and_go, None),
                (self.encrypt, None), (self.encrypt, None), (self.rewrap, None)]
        self.threads = [threading.Thread(target=self.run, args=(what, on, random.Random(f"{seed}-{number}-{which}")))
                        for which, (what, on) in enumerate(work)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        """Waits for the threads, which end after the server has. Raises what went wrong in one."""
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a request hangs although the server is gone"
        for failure in self.failures:
            raise failure

    def run(self, what, on, chance: random.Random) -> None:
        connection = Connection(self.port, self.token)
        try:
            what(connection, chance, on)
        except ServerGone:
            pass
        except BaseException as failure:  # to be raised in the test's own thread
            self.failures.append(failure)
        finally:
            connection.close()

    def change(self, connection: Connection, chance: random.Random, names: list) -> None:
        """Rotates, configures and trims the keys that only this thread changes."""
        while True:
            name = chance.choice(names)
            now = self.history.key(name).settings
            if name == "trimmed" and chance.random() < 0.5:
                self.raise_minimums(connection, name, now)
            elif chance.random() < 0.8:
                self.history.asks(name, {**now, "latest_version": now["latest_version"] + 1})
                connection.ask("POST", f"/transit/keys/{name}/rotate")
                self.history.answered(name)
            else:
                minimum = chance.randint(now["min_decryption_version"], now["latest_version"])
                self.configure(connection, name, {**now, "min_encryption_version": minimum})

    def configure(self, connection: Connection, name: str, wanted: dict) -> None:
        self.history.asks(name, wanted)
        connection.ask("POST", f"/transit/keys/{name}/config",
                       {field: wanted[field] for field in
                        ("min_decryption_version", "min_encryption_version", "deletion_allowed")})
        self.history.answered(name)

    def raise_minimums(self, connection: Connection, name: str, now: dict) -> None:
        """Leaves the last three versions, and drops the others for good."""
        oldest = max(now["latest_version"] - 2, 1)
        self.configure(connection, name, {**now, "min_decryption_version": oldest, "min_encryption_version": oldest})
        self.history.asks(name, {**self.history.key(name).settings, "min_available_version": oldest})
        connection.ask("POST", f"/transit/keys/{name}/trim", {"min_available_version": oldest})
        self.history.answered(name)

    def come_and_go(self, connection: Connection, chance: random.Random, _) -> None:
        """Creates keys, and deletes half of them."""
        for count in range(10**9):
            name = f"new-{self.number}-{count}"
            create(connection, self.history, name, {"type": "aes256-gcm96"})
            if chance.random() < 0.9:
                self.configure(connection, name, {**FIRST, "deletion_allowed": True})
                self.history.asks(name, None)
                connection.ask("DELETE", f"/transit/keys/{name}")
                self.history.answered(name)

    def encrypt(self, connection: Connection, chance: random.Random, _) -> None:
        while True:
            name = chance.choice(list(KEYS))
            context = CONTEXT if name in WITH_CONTEXT else ""
            plaintexts = [base64.b64encode(chance.randbytes(chance.randint(0, 40))).decode()
                          for _ in range(chance.choice((1, 1, 2, 5)))]
            answer = connection.ask("POST", f"/transit/encrypt/{name}", {
                "batch_input": [{"plaintext": plaintext, "context": context} for plaintext in plaintexts]})
            self.history.made([Ciphertext(name, result["ciphertext"], plaintext, context) for result, plaintext
                               in zip(answer["data"]["batch_results"], plaintexts, strict=True)])

    def rewrap(self, connection: Connection, chance: random.Random, _) -> None:
        while True:
            recent = [each for each in self.history.ciphertexts[-200:] if each.key != "trimmed"]
            if not recent:
                continue
            old = chance.choice(recent)
            answer = connection.ask("POST", f"/transit/rewrap/{old.key}",
                                    {"ciphertext": old.text, "context": old.context})
            self.history.made([Ciphertext(old.key, answer["data"]["ciphertext"], old.plaintext, old.context)])
