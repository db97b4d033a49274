"""What a restarted server must show: everything that was acknowledged, and nothing that was not asked for."""

from history import FIRST, History
from load import Connection

BATCH = 5000
TOO_OLD = "ciphertext or signature version is disallowed by policy (too old)"


def check_keys(connection: Connection, history: History) -> dict:
    """Compares the list and each key's settings with the history. Answers the settings."""
    status, answer = connection.answer("LIST", "/transit/keys")
    assert status in (200, 404), answer
    listed = answer["data"]["keys"] if status == 200 else []
    unknown = set(listed) - set(history.keys)
    assert not unknown, f"nobody asked for {unknown}"
    settings = {name: read(connection, name) for name in listed}
    for name in list(history.keys):
        history.settle(name, settings.get(name))
        if name not in settings:
            del history.keys[name]
    return settings


def read(connection: Connection, name: str) -> dict:
    data = connection.ask("GET", f"/transit/keys/{name}")["data"]
    oldest, latest = data["min_decryption_version"], data["latest_version"]
    assert sorted(map(int, data["keys"])) == list(range(oldest, latest + 1)), f"{name}: {sorted(data['keys'])}"
    return {field: data[field] for field in FIRST}


def check_ciphertexts(connection: Connection, settings: dict, ciphertexts: list) -> None:
    """Decrypts all of them. A version below the minimum must be refused."""
    by_key = {}
    for each in ciphertexts:
        by_key.setdefault(each.key, []).append(each)
    for name, all_of_key in by_key.items():
        oldest = settings[name]["min_decryption_version"]
        for start in range(0, len(all_of_key), BATCH):
            batch = all_of_key[start:start + BATCH]
            body = {"batch_input": [{"ciphertext": each.text, "context": each.context} for each in batch]}
            _, answer = connection.answer("POST", f"/transit/decrypt/{name}", body)
            for each, result in zip(batch, answer["data"]["batch_results"], strict=True):
                if each.version < oldest:
                    assert result["error"] == TOO_OLD, f"{each}: {result}"
                else:
                    assert result.get("error") is None, f"{each}: {result}"
                    assert result["plaintext"] == each.plaintext, f"{each}: {result}"
