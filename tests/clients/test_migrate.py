"""`sealgate migrate` takes keys from a real OpenBao, and proves that they work here."""

import base64
import subprocess
import time

import pytest
import servers
from command import Sealgate
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from proxy import Proxy

SECRET = base64.b64encode(b"what the application protects").decode()
CONTEXT = base64.b64encode(b"tenant").decode()
EXPORTABLE = {"exportable": True, "allow_plaintext_backup": True}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """An OpenBao of these tests alone."""
    server = servers.start_peer(tmp_path_factory.mktemp("source"))
    yield server
    server.stop()


@pytest.fixture
def mounts(source, sealgate, request):
    """A mount at the source and one here that no other test uses."""
    name = request.node.name.replace("[", "-").replace("]", "").replace("_", "-")
    for server in (source, sealgate):
        assert server.call("POST", f"/sys/mounts/{name}", {"type": "transit"}).status == 204
    return name


@pytest.fixture
def migrate(source, sealgate, mounts, tmp_path):
    """Runs `sealgate migrate` from the source's mount into the one here; answers the JSON report by key."""
    cli = Sealgate(sealgate.address, tmp_path, environment={"SEALGATE_FROM_TOKEN": servers.ROOT_TOKEN})

    def run(*words, code=0):
        done = cli.run("migrate", "--from", source.address, "--from-mount", mounts, "--to-mount", mounts,
                       "--format", "json", *words, code=code)
        rows = {row["key"]: row for row in done.json["keys"]}
        assert list(rows) == [row["key"] for row in done.json["keys"]]
        return rows

    run.cli = cli
    return run


def ok(answer):
    assert answer.status in (200, 204), answer
    return answer


def make(server, mount, name, rotations=0, **settings):
    ok(server.call("POST", f"/{mount}/keys/{name}", settings))
    for _ in range(rotations):
        ok(server.call("POST", f"/{mount}/keys/{name}/rotate"))


def encrypted(server, mount, name, **more):
    return ok(server.call("POST", f"/{mount}/encrypt/{name}", {"plaintext": SECRET} | more)).data["ciphertext"]


def decrypted(server, mount, name, ciphertext, **more):
    return server.call("POST", f"/{mount}/decrypt/{name}", {"ciphertext": ciphertext} | more)


TYPES = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305")


def test_every_type_moves_with_all_its_versions(migrate, source, sealgate, mounts):
    ciphertexts = {}
    for kind in TYPES:
        for more in ({}, {"derived": True}, {"derived": True, "convergent_encryption": True}):
            name = "-".join([kind, *more])
            context = {"context": CONTEXT} if more else {}
            make(source, mounts, name, type=kind, **more, **EXPORTABLE)
            ciphertexts[name] = (context, [encrypted(source, mounts, name, **context)])
            for _ in range(2):
                ok(source.call("POST", f"/{mounts}/keys/{name}/rotate"))
                ciphertexts[name][1].append(encrypted(source, mounts, name, **context))

    planned = migrate("--dry-run")
    assert {row["outcome"] for row in planned.values()} == {"would_move"}
    assert sealgate.call("LIST", f"/{mounts}/keys").status == 404, "a dry run moved something"

    moved = migrate()
    assert sorted(moved) == sorted(ciphertexts)
    for name, row in moved.items():
        assert (row["outcome"], row["reason"]) == ("moved", None), row
        assert (row["oldest_version"], row["latest_version"]) == (1, 3)
        context, made = ciphertexts[name]
        for ciphertext in made:
            assert decrypted(sealgate, mounts, name, ciphertext, **context).data["plaintext"] == SECRET
        # And back: what is encrypted here can still be read there.
        ciphertext = encrypted(sealgate, mounts, name, **context)
        assert decrypted(source, mounts, name, ciphertext, **context).data["plaintext"] == SECRET

    again = migrate()
    assert {row["outcome"] for row in again.values()} == {"already_moved"}
    assert {row["outcome"] for row in migrate("--dry-run").values()} == {"already_moved"}


SIGNERS = (("ed25519", {}), ("ed25519", {"derived": True}), ("ecdsa-p256", {}), ("ecdsa-p384", {}), ("ecdsa-p521", {}),
           ("rsa-2048", {}), ("rsa-3072", {}), ("rsa-4096", {}), ("hmac", {"key_size": 32}))


def test_keys_that_sign_or_authenticate_move(migrate, source, sealgate, mounts):
    """Signatures, MACs and RSA ciphertexts made there are understood here."""
    made = {}
    for kind, settings in SIGNERS:
        name = "-".join([kind, *settings])
        context = {"context": CONTEXT} if settings.get("derived") else {}
        make(source, mounts, name, rotations=1, type=kind, **settings, **EXPORTABLE)
        verb, member = ("hmac", "hmac") if kind == "hmac" else ("sign", "signature")
        made[name] = [context | {"input": SECRET, member: ok(source.call(
            "POST", f"/{mounts}/{verb}/{name}", {"input": SECRET, "key_version": version} | context)).data[member]}
            for version in (1, 2)]
    ciphertext = encrypted(source, mounts, "rsa-2048", key_version=1)
    rows = migrate()
    assert set(rows) == set(made)
    for name, row in rows.items():
        assert (row["outcome"], row["reason"]) == ("moved", None), row
        for request in made[name]:
            assert ok(sealgate.call("POST", f"/{mounts}/verify/{name}", request)).data["valid"] is True
    assert decrypted(sealgate, mounts, "rsa-2048", ciphertext).data["plaintext"] == SECRET
    assert {row["outcome"] for row in migrate().values()} == {"already_moved"}


def test_another_key_pair_or_mac_key_is_noticed(migrate, source, sealgate, mounts):
    for kind, settings in (("ed25519", {}), ("ecdsa-p256", {}), ("rsa-2048", {}), ("hmac", {"key_size": 32})):
        for server in (source, sealgate):
            make(server, mounts, kind, type=kind, **settings)
    for row in migrate(code=1).values():
        assert row["outcome"] == "not_moved" and "another key of this name exists here" in row["reason"], row


def test_public_halves_are_compared(migrate, source, sealgate, mounts):
    """What was imported without its private half neither signs nor decrypts, there or here."""
    public = {"rsa-2048": rsa.generate_private_key(65537, 2048), "ecdsa-p256": ec.generate_private_key(ec.SECP256R1())}
    for kind, private in public.items():
        pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        ok(source.call("POST", f"/{mounts}/keys/{kind}/import", {"type": kind, "public_key": pem} | EXPORTABLE))
    assert {row["outcome"] for row in migrate().values()} == {"moved"}
    assert {row["outcome"] for row in migrate().values()} == {"already_moved"}
    there, here = (server.call("GET", f"/{mounts}/keys/rsa-2048").data["keys"]["1"] for server in (source, sealgate))
    assert there["public_key"] == here["public_key"]


def test_from_one_sealgate_to_another(sealgate, mounts, tmp_path):
    """With the types that OpenBao does not have."""
    assert sealgate.call("POST", f"/sys/mounts/{mounts}-new", {"type": "transit"}).status == 204
    for name, settings in {"ml-dsa-44": {"type": "ml-dsa", "parameter_set": "44"},
                           "ml-dsa-87": {"type": "ml-dsa", "parameter_set": "87"},
                           "aes128-cmac": {"type": "aes128-cmac"}, "aes256-cmac": {"type": "aes256-cmac"}}.items():
        make(sealgate, mounts, name, rotations=1, **settings)
    cli = Sealgate(sealgate.address, tmp_path, environment={"SEALGATE_FROM_TOKEN": servers.ROOT_TOKEN})
    where = ("migrate", "--from", sealgate.address, "--from-mount", mounts, "--to-mount", mounts + "-new")
    assert cli.run(*where, "--allow-backup").out.count(" moved ") == 4
    assert cli.run(*where).out.count("already moved") == 4

    make(sealgate, mounts, "revoked", rotations=3, **EXPORTABLE)
    ok(sealgate.call("POST", f"/{mounts}/keys/revoked/versions/2/disable"))
    assert " moved    version 2 not proved" in cli.run(*where, "revoked").out
    make(sealgate, mounts, "off", **EXPORTABLE)
    ok(sealgate.call("POST", f"/{mounts}/keys/off/versions/1/disable"))
    assert "nothing could be proved" in cli.run(*where, "off", code=1).out


def test_what_cannot_be_moved_is_told_key_by_key(migrate, source, sealgate, mounts):
    make(source, mounts, "good", **EXPORTABLE)
    make(source, mounts, "closed")
    make(source, mounts, "no-backup", exportable=True)
    make(source, mounts, "no-export", allow_plaintext_backup=True)
    make(source, mounts, "deleted", **EXPORTABLE)
    ok(source.call("DELETE", f"/{mounts}/keys/deleted/soft-delete"))
    make(source, mounts, "taken", **EXPORTABLE)
    make(sealgate, mounts, "taken", type="chacha20-poly1305")

    expected = {
        "good": ("would_move", ""),
        "closed": ("not_moved", "exportable and allow_plaintext_backup are off"),
        "no-backup": ("not_moved", "(allow_plaintext_backup is off)"),
        "no-export": ("not_moved", "(exportable is off)"),
        "deleted": ("not_moved", "soft-deleted"),
        "taken": ("not_moved", "another key of this name exists here"),
        "missing": ("not_moved", "the source has no such key"),
    }

    def judged(rows):
        assert set(rows) == set(expected)
        for name, (outcome, words) in expected.items():
            assert rows[name]["outcome"] == outcome and words in (rows[name]["reason"] or ""), rows[name]

    judged(migrate("--dry-run", *expected, code=1))
    expected["good"] = ("moved", "")
    judged(migrate(*expected, code=1))
    expected["good"] = ("already_moved", "")
    judged(migrate(*expected, code=1))
    for name in ("closed", "no-backup", "no-export"):
        read = source.call("GET", f"/{mounts}/keys/{name}").data
        assert not (read["exportable"] and read["allow_plaintext_backup"]), "nobody asked for that"


def test_backups_can_be_allowed_on_the_way(migrate, source, sealgate, mounts):
    make(source, mounts, "closed", rotations=1, auto_rotate_period="24h")
    ciphertext = encrypted(source, mounts, "closed")
    planned = migrate("--allow-backup", "--dry-run")["closed"]
    assert planned["outcome"] == "would_move" and "would be switched on for good" in planned["reason"]
    assert source.call("GET", f"/{mounts}/keys/closed").data["exportable"] is False
    assert "set auto_rotate_period to 0 there" in planned["reason"]
    moved = migrate("--allow-backup", "closed", "closed")["closed"]
    assert moved["outcome"] == "moved" and "were switched on for good" in moved["reason"]
    assert decrypted(sealgate, mounts, "closed", ciphertext).data["plaintext"] == SECRET


def test_old_versions_stay_behind_their_minimum(migrate, source, sealgate, mounts):
    make(source, mounts, "app", rotations=5, **EXPORTABLE)
    ok(source.call("POST", f"/{mounts}/keys/app/config",
                   {"min_decryption_version": 3, "min_encryption_version": 5}))
    ok(source.call("POST", f"/{mounts}/keys/app/trim", {"min_available_version": 2}))
    row = migrate()["app"]
    assert row["outcome"] == "moved" and "version 3-4 not proved" in row["reason"]
    assert (row["oldest_version"], row["latest_version"]) == (2, 6)
    here, there = (server.call("GET", f"/{mounts}/keys/app").data for server in (sealgate, source))
    for member in ("latest_version", "min_available_version", "min_decryption_version", "min_encryption_version"):
        assert here[member] == there[member], member
    # An unlimited number of versions does not need an unlimited request.
    make(source, mounts, "many", rotations=520, **EXPORTABLE)
    assert migrate("many")["many"]["latest_version"] == 521


def test_a_rotation_after_the_copy_is_noticed(migrate, source, sealgate, mounts):
    make(source, mounts, "app", rotations=1, **EXPORTABLE)
    migrate()
    ok(sealgate.call("POST", f"/{mounts}/keys/app/rotate"))
    assert migrate()["app"]["outcome"] == "already_moved", "a rotation here is no harm"
    for _ in range(2):
        ok(source.call("POST", f"/{mounts}/keys/app/rotate"))
    row = migrate(code=1)["app"]
    assert row["outcome"] == "not_moved"
    assert "was it rotated at the source?" in row["reason"] and "2 versions, first of version 3" in row["reason"]


def test_an_interrupted_migration_is_repeated(migrate, source, sealgate, mounts, tmp_path):
    names = [f"key-{number:02}" for number in range(20)]
    for name in names:
        make(source, mounts, name, **EXPORTABLE)
    cli = Sealgate(sealgate.address, tmp_path, environment={"SEALGATE_FROM_TOKEN": servers.ROOT_TOKEN})
    with Proxy(source.port, slowly) as address:
        process = cli.start("migrate", "--from", address, "--from-mount", mounts, "--to-mount", mounts)
        while len((sealgate.call("LIST", f"/{mounts}/keys").json.get("data") or {"keys": []})["keys"]) < 3:
            assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
    outcomes = [row["outcome"] for row in migrate().values()]
    assert set(outcomes) == {"already_moved", "moved"} and outcomes == sorted(outcomes), outcomes
    assert {row["outcome"] for row in migrate().values()} == {"already_moved"}


def slowly(_, path):
    time.sleep(0.02)
    return path


def test_a_copy_that_proves_unequal_is_loud(source, sealgate, mounts, tmp_path):
    """A source that answers a backup of another key: what a broken proxy or a mixed-up cluster would do."""
    make(source, mounts, "right", **EXPORTABLE)
    make(source, mounts, "wrong", **EXPORTABLE)
    with servers_that_mix_up(source, "/right", "/wrong") as address:
        cli = Sealgate(sealgate.address, tmp_path, environment={"SEALGATE_FROM_TOKEN": servers.ROOT_TOKEN})
        done = cli.run("migrate", "--from", address, "--from-mount", mounts, "--to-mount", mounts, "right", code=1)
    assert "NOT PROVED" in done.out and "message authentication failed" in done.out
    assert "ALARM: key right was copied" in done.err
    assert sealgate.call("GET", f"/{mounts}/keys/right").status == 200, "a failed proof deletes nothing"
    assert source.call("GET", f"/{mounts}/keys/right").status == 200


def test_the_table_is_for_people(migrate, source, mounts, sealgate):
    make(source, mounts, "orders", rotations=2, **EXPORTABLE)
    make(source, mounts, "closed")
    done = migrate.cli.run("migrate", "--from", source.address, "--from-mount", mounts, "--to-mount", mounts, code=1)
    lines = [line.split(maxsplit=4) for line in done.out.splitlines()]
    assert lines[0] == ["Key", "Type", "Versions", "Outcome", "Reason"]
    assert lines[2] == ["orders", "aes256-gcm96", "1-3", "moved"]
    assert lines[1][:4] == ["closed", "aes256-gcm96", "1", "not"]
    assert servers.ROOT_TOKEN not in done.err


def test_tokens_and_servers_that_do_not_work(migrate, source, sealgate, mounts, tmp_path):
    where = ("migrate", "--from", source.address, "--from-mount", mounts, "--to-mount", mounts)
    bare = Sealgate(sealgate.address, tmp_path)
    done = bare.run(*where, code=1)
    assert "no token for the source" in done.err and "SEALGATE_FROM_TOKEN" in done.err
    token = tmp_path / "token"
    token.write_text("\n")
    assert "no token for the source" in bare.run(*where, "--from-token-file", token, code=1).err
    token.write_text("s.notoneofyours\n")
    done = bare.run(*where, "--from-token-file", token, code=1)
    assert "s.notoneofyours" not in done.out + done.err
    assert "the source: the server answered 403" in done.err and "--from-token-file" in done.err
    token.write_text(f"{servers.ROOT_TOKEN}\n")
    assert "no keys" in bare.run(*where, "--from-token-file", token).out

    done = migrate.cli.run("migrate", "--from", "http://127.0.0.1:1", code=1)
    assert "cannot connect to http://127.0.0.1:1" in done.err and "--from says where" in done.err
    done = migrate.cli.run(*where[:3], "--from-mount", "nowhere", "--to-mount", mounts, code=1)
    assert "the source: the server answered 404" in done.err and "--from-mount" in done.err
    done = migrate.cli.run(*where[:5], "--to-mount", "nowhere", code=1)
    assert "the server answered 404" in done.err


def test_a_policy_that_forbids_backups_concerns_its_key_alone(migrate, source, sealgate, mounts):
    """The source's token may not do everything."""
    make(source, mounts, "one", **EXPORTABLE)
    make(source, mounts, "two", **EXPORTABLE)
    rules = f'path "{mounts}/*" {{ capabilities = ["create", "read", "update", "list"] }}\n' \
            f'path "{mounts}/backup/one" {{ capabilities = ["deny"] }}\n'
    ok(source.call("PUT", f"/sys/policies/acl/{mounts}", {"policy": rules}))
    made = ok(source.call("POST", "/auth/token/create", {"policies": [mounts]})).json["auth"]["client_token"]
    migrate.cli.environment["SEALGATE_FROM_TOKEN"] = made
    rows = migrate(code=1)
    assert rows["one"]["outcome"] == "not_moved" and "cannot back it up" in rows["one"]["reason"]
    assert rows["two"]["outcome"] == "moved"


def test_a_source_behind_tls(source, sealgate, mounts, tmp_path):
    """Its certificate is from an authority that only --from-ca-cert names."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
                   cwd=tmp_path, check=True, capture_output=True)
    make(source, mounts, "app", **EXPORTABLE)
    cli = Sealgate(sealgate.address, tmp_path, environment={"SEALGATE_FROM_TOKEN": servers.ROOT_TOKEN})
    with servers_that_mix_up(source, tls=tmp_path) as address:
        where = ("migrate", "--from", address, "--from-mount", mounts, "--to-mount", mounts)
        done = cli.run(*where, code=1)
        assert "no secure connection" in done.err and "--from-ca-cert" in done.err
        assert "moved" in cli.run(*where, "--from-ca-cert", "cert.pem").out


def servers_that_mix_up(source, asked: str = "", given: str = "", tls=None):
    """A proxy before `source` that turns the path …/backup`asked` into …/backup`given`."""
    def change(method, path):
        return path.replace("/backup" + asked, "/backup" + given) if asked else path
    return Proxy(source.port, change, tls)
