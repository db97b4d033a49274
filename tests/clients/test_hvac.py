"""The unmodified Python client hvac drives Sealgate."""

import base64

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultDown

SECRET = base64.b64encode(b"what the application protects").decode()
CONTEXT = base64.b64encode(b"tenant").decode()


@pytest.fixture
def client(installation):
    """Talks to a server which is not initialised."""
    return hvac.Client(url=installation.address)


@pytest.fixture
def ready(installation, client):
    """Initialised with 3 of 5 shares, unsealed, authenticated; `transit/` is there."""
    made = client.sys.initialize(secret_shares=5, secret_threshold=3)
    client.sys.submit_unseal_keys(made["keys"][:3])
    client.token = made["root_token"]
    installation.unsealed(client.token)
    return client


def encrypted(client, name: str, **more) -> str:
    answer = client.secrets.transit.encrypt_data(name, plaintext=SECRET, **more)
    return answer["data"]["ciphertext"]


def decrypted(client, name: str, ciphertext: str, **more) -> str:
    return client.secrets.transit.decrypt_data(name, ciphertext=ciphertext, **more)["data"]["plaintext"]


def test_init_kill_and_unseal(installation, client):
    assert client.sys.is_initialized() is False
    assert client.sys.read_health_status().status_code == 501
    made = client.sys.initialize(secret_shares=5, secret_threshold=3)
    shares = made["keys_base64"]
    assert len(shares) == len(made["keys"]) == 5
    assert client.sys.is_initialized() and client.sys.is_sealed()
    assert client.sys.read_health_status().status_code == 503

    status = client.sys.submit_unseal_key(shares[0])
    assert (status["sealed"], status["progress"], status["t"], status["n"]) == (True, 1, 3, 5)
    assert client.sys.submit_unseal_key(reset=True)["progress"] == 0
    assert client.sys.submit_unseal_keys(shares[1:4])["sealed"] is False
    installation.unsealed(made["root_token"])
    assert client.sys.read_health_status().status_code == 200
    health = client.sys.read_health_status(method="GET")
    assert (health["initialized"], health["sealed"], health["standby"]) == (True, False, False)
    assert "ha_enabled" in client.sys.read_leader_status()

    client.token = made["root_token"]
    assert client.is_authenticated()
    client.secrets.transit.create_key("app")
    ciphertext = encrypted(client, "app")

    installation.kill_and_restart()
    assert client.sys.is_sealed()
    with pytest.raises(VaultDown):
        client.secrets.transit.read_key("app")
    client.sys.submit_unseal_keys([made["keys"][4], shares[0], shares[2]])
    installation.unsealed(client.token)
    assert decrypted(client, "app", ciphertext) == SECRET

    client.sys.seal()
    assert client.sys.is_sealed()
    assert client.seal_status["t"] == 3


def test_keys(ready):
    transit = ready.secrets.transit
    transit.create_key("app", key_type="chacha20-poly1305", exportable=True)
    transit.create_key("other", derived=True, convergent_encryption=True)
    assert transit.list_keys()["data"]["keys"] == ["app", "other"]
    assert transit.read_key("app")["data"]["type"] == "chacha20-poly1305"
    transit.rotate_key("app")
    transit.rotate_key("app")
    transit.update_key_configuration("app", min_decryption_version=2, min_encryption_version=3)
    transit.trim_key("app", min_version=2)
    read = transit.read_key("app")["data"]
    assert (read["latest_version"], read["min_available_version"], sorted(read["keys"])) == (3, 2, ["2", "3"])
    with pytest.raises(InvalidRequest, match="deletion is not allowed"):
        transit.delete_key("app")
    transit.update_key_configuration("app", deletion_allowed=True)
    transit.delete_key("app")
    with pytest.raises(InvalidPath):
        transit.read_key("app")


def test_encrypt_decrypt_rewrap(ready):
    transit = ready.secrets.transit
    transit.create_key("app")
    first = encrypted(ready, "app")
    transit.rotate_key("app")
    second = transit.rewrap_data("app", ciphertext=first)["data"]["ciphertext"]
    assert (first[:9], second[:9]) == ("vault:v1:", "vault:v2:")
    assert decrypted(ready, "app", first) == decrypted(ready, "app", second) == SECRET
    assert encrypted(ready, "app", key_version=1).startswith("vault:v1:")
    with pytest.raises(InvalidRequest, match="no prefix"):
        decrypted(ready, "app", "nonsense")
    with pytest.raises(InvalidRequest, match="encryption key not found"):
        decrypted(ready, "missing", first)

    transit.create_key("tenants", derived=True, convergent_encryption=True)
    pair = [encrypted(ready, "tenants", context=CONTEXT) for _ in range(2)]
    assert pair[0] == pair[1]
    assert decrypted(ready, "tenants", pair[0], context=CONTEXT) == SECRET


def test_batch(ready):
    transit = ready.secrets.transit
    transit.create_key("app")
    made = transit.encrypt_data("app", batch_input=[{"plaintext": SECRET}, {"plaintext": ""}])
    results = made["data"]["batch_results"]
    opened = transit.decrypt_data("app", batch_input=[{"ciphertext": item["ciphertext"]} for item in results])
    assert [item["plaintext"] for item in opened["data"]["batch_results"]] == [SECRET, ""]
    transit.rotate_key("app")
    rewrapped = transit.rewrap_data("app", ciphertext="", batch_input=[
        {"ciphertext": item["ciphertext"]} for item in results])
    assert [item["key_version"] for item in rewrapped["data"]["batch_results"]] == [2, 2]
    with pytest.raises(InvalidRequest):
        transit.decrypt_data("app", batch_input=[{"ciphertext": "nonsense"}])


def test_mounts(ready):
    assert ready.sys.list_mounted_secrets_engines()["data"]["transit/"]["type"] == "transit"
    ready.sys.enable_secrets_engine("transit", path="team/a", description="team a")
    assert ready.sys.list_mounted_secrets_engines()["data"]["team/a/"]["description"] == "team a"
    ready.sys.tune_mount_configuration("team/a", description="tuned", default_lease_ttl="1h")
    assert ready.sys.read_mount_configuration("team/a")["data"]["default_lease_ttl"] == 3600
    ready.secrets.transit.create_key("k", mount_point="team/a")
    assert ready.secrets.transit.list_keys(mount_point="team/a")["data"]["keys"] == ["k"]
    ready.sys.disable_secrets_engine("team/a")
    assert "team/a/" not in ready.sys.list_mounted_secrets_engines()["data"]


def test_tokens(ready):
    me = ready.auth.token.lookup_self()["data"]
    assert (me["policies"], me["id"]) == (["root"], ready.token)
    ready.token = "nonsense"
    assert ready.is_authenticated() is False
    with pytest.raises(Forbidden, match="permission denied"):
        ready.secrets.transit.read_key("app")
