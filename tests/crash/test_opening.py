"""kill -9 while a store is founded or opened."""

import random
import threading
import time

import pytest
import servers
from victim import SHARES, THRESHOLD, Victim

ROUNDS = 25
LONGEST = 0.03  # seconds from the request to the kill


class Request(threading.Thread):
    """Asks a server that is about to be killed; `answer` stays None if none came."""

    def __init__(self, server: servers.Server, path: str, body: dict):
        super().__init__()
        self.server, self.path, self.body, self.answer = server, path, body, None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self.server.call("PUT", self.path, self.body, token=None)
        except Exception:  # the server died; any way in which that shows is right
            pass


@pytest.mark.timeout(600)
def test_a_kill_while_unsealing_loses_nothing(victim, seed):
    chance = random.Random(seed)
    made = victim.server.call("POST", "/transit/encrypt/a", {"plaintext": "aGk="}, token=victim.token).data
    for _ in range(ROUNDS):
        victim.restart()
        given = chance.sample(victim.shares, THRESHOLD)
        for share in given[:-1]:
            assert victim.server.call("PUT", "/sys/unseal", {"key": share}, token=None).status == 200
        last = Request(victim.server, "/sys/unseal", {"key": given[-1]})
        time.sleep(chance.uniform(0, LONGEST))
        victim.server.kill()
        last.join()
    victim.restart()
    victim.unseal(chance)
    answer = victim.server.call("POST", "/transit/decrypt/a", {"ciphertext": made["ciphertext"]}, token=victim.token)
    assert answer.data["plaintext"] == "aGk="


@pytest.mark.timeout(600)
def test_a_kill_while_founding_leaves_all_or_nothing(tmp_path, seed):
    chance, parameters = random.Random(seed), {"secret_shares": SHARES, "secret_threshold": THRESHOLD}
    for number in range(ROUNDS):
        directory, port = tmp_path / str(number), servers.free_port()
        server = servers.start_configured(directory, port)
        init = Request(server, "/sys/init", parameters)
        time.sleep(chance.uniform(0, LONGEST))
        server.kill()
        init.join()
        server = servers.start_configured(directory, port)
        try:
            initialized = server.call("GET", "/sys/init", token=None).json["initialized"]
            if init.answer is not None:
                assert initialized, "the shares were handed out, and the store knows nothing of them"
                open_it(Victim(directory, port, server, init.answer.json["keys"], init.answer.json["root_token"]))
            elif not initialized:
                made = server.call("PUT", "/sys/init", parameters, token=None)
                assert made.status == 200, made
                open_it(Victim(directory, port, server, made.json["keys"], made.json["root_token"]))
        finally:
            server.kill()


def open_it(victim: Victim) -> None:
    victim.unseal(random.Random(0))
    assert victim.server.call("GET", "/auth/token/lookup-self", token=victim.token).status == 200
