"""`sealgate rewrap-file` on real files and a real server."""

import base64
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
import servers
from command import Sealgate
from proxy import Proxy

MANY = 5000


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Key:
    """A key with some versions, and what it encrypts."""

    def __init__(self, server, name, rotations=2, **settings):
        self.server, self.name, self.versions = server, name, rotations + 1
        self._ok("POST", f"/transit/keys/{name}", settings)
        for _ in range(rotations):
            self._ok("POST", f"/transit/keys/{name}/rotate")

    def _ok(self, method, path, body=None):
        answer = self.server.call(method, path, body)
        assert answer.status in (200, 204), answer
        return answer

    def encrypt(self, *texts, version=None, **more):
        """Ciphertexts of `texts`; of every version in turn if none is given."""
        made = []
        for start in range(0, len(texts), 1000):
            items = [{"plaintext": b64(text), "key_version": version or 1 + number % self.versions} | more
                     for number, text in enumerate(texts[start:start + 1000])]
            answer = self._ok("POST", f"/transit/encrypt/{self.name}", {"batch_input": items})
            made += [item["ciphertext"] for item in answer.data["batch_results"]]
        return made

    def decrypt(self, *ciphertexts, **more):
        opened = []
        for start in range(0, len(ciphertexts), 1000):
            items = [{"ciphertext": text} | more for text in ciphertexts[start:start + 1000]]
            answer = self._ok("POST", f"/transit/decrypt/{self.name}", {"batch_input": items})
            opened += [base64.b64decode(item["plaintext"]).decode() for item in answer.data["batch_results"]]
        return opened

    def all_new(self, *ciphertexts):
        return all(text.startswith(f"vault:v{self.versions}:") for text in ciphertexts)


@pytest.fixture
def name(request):
    return request.node.name.replace("[", "-").replace("]", "").replace("_", "-")


@pytest.fixture
def key(sealgate, name):
    return Key(sealgate, name)


@pytest.fixture
def cli(sealgate, tmp_path):
    return Sealgate(sealgate.address, tmp_path)


def test_lines(cli, key, tmp_path):
    old = key.encrypt("a", "b", "c", "d")
    text = f"{old[0]}\n  {old[1]}\t\r\n\n{old[2]}\n{old[3]}"
    (tmp_path / "in").write_bytes(text.encode())
    done = cli.run("rewrap-file", key.name, "--in", "in", "--out", "out", "--format", "json")
    new = (tmp_path / "out").read_bytes().decode()
    parts = new.split()
    assert key.all_new(*parts) and key.decrypt(*parts) == ["a", "b", "c", "d"]
    for before, after in zip(old, parts, strict=True):
        new = new.replace(after, before)
    assert new == text, "other bytes changed"
    assert parts[2] == old[2], "what is up to date is not sent"
    assert done.json == {"dry_run": False, "records": 5, "rewrapped": {"1": 2, "2": 1}, "up_to_date": 1, "empty": 1,
                         "others": 0, "failed": 0, "output": "out"}
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]
    assert (tmp_path / "in").read_bytes().decode() == text

    again = cli.run("rewrap-file", key.name, "--in", "out", "--out", "again", "--all")
    assert "Rewrapped         4" in again.out and "from version 3  4" in again.out
    assert (tmp_path / "again").read_text() != (tmp_path / "out").read_text()


def test_csv(cli, key, tmp_path):
    old = key.encrypt("a", "b", "c", "d", version=1)
    text = ("\ufeffid,\"card, sealed\",note,holder\r\n"
            f"1,{old[0]},\"two\r\nlines, \"\"quoted\"\"\",\"{old[1]}\"\r\n"
            "\r\n"
            f"007,\"{old[2]}\",\" x \",{old[3]}\r\n"
            "3,,,\"\"\r\n")
    (tmp_path / "in.csv").write_bytes(text.encode())
    cli.run("rewrap-file", key.name, "--in", "in.csv", "--out", "by-name", "--column", "card, sealed",
            "--column", "holder")
    # Each column in a run of its own, by number; without a header there is one more record to keep.
    cli.run("rewrap-file", key.name, "--in", "in.csv", "--out", "half", "--column", 2)
    cli.run("rewrap-file", key.name, "--in", "half", "--in-place", "--column", 4, "--no-header", "--keep-others")
    for out in ("by-name", "half"):
        new = (tmp_path / out).read_bytes().decode()
        found = [word.strip('"') for line in new.split("\r\n") for word in line.split(",") if "vault:" in word]
        assert key.all_new(*found) and key.decrypt(*found) == ["a", "b", "c", "d"]
        for before, after in zip(old, found, strict=True):
            new = new.replace(after, before)
        assert new == text, "other bytes changed"

    (tmp_path / "in.tsv").write_text(f"id\tcard\n1\t{old[0]}\n")
    cli.run("rewrap-file", key.name, "--in", "in.tsv", "--in-place", "--column", "card", "--delimiter", "tab")
    assert key.decrypt((tmp_path / "in.tsv").read_text().split()[-1]) == ["a"]

    done = cli.run("rewrap-file", key.name, "--in", "in.csv", "--out", "x", "--column", "cards", code=1)
    assert 'there is no column "cards"; the header has id, card, sealed, note, holder' in done.err
    (tmp_path / "short.csv").write_text(f"id,card\n1,{old[0]}\n2\n")
    done = cli.run("rewrap-file", key.name, "--in", "short.csv", "--out", "y", "--column", "card", code=1)
    assert "line 3: there is no column 2" in done.err
    assert not (tmp_path / "x").exists() and (tmp_path / "y").exists()


def test_json_lines(cli, key, tmp_path):
    old = key.encrypt("a", "b", "c", version=1)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in old[2])
    text = (f'{{"n":1.000000000000000000000001e400, "z":"vault:v1:not-named", "card" : {{"number":"{old[0]}"}}}}\n'
            f'\n{{"list":[{{"t":"{old[1]}"}},{{"t":null}}],"a":-0,"a":"twice"}}\r\n'
            f'{{"\\u0063ard":{{"number":"{escaped}"}},"big":12345678901234567890123}}\n')
    (tmp_path / "in").write_bytes(text.encode())
    done = cli.run("rewrap-file", key.name, "--in", "in", "--out", "out", "--field", "card.number", "--field", "list.t",
                   "--format", "json")
    assert done.json["rewrapped"] == {"1": 3}
    new = (tmp_path / "out").read_bytes().decode()
    lines = [json.loads(line) for line in new.splitlines() if line.strip()]
    found = [lines[0]["card"]["number"], lines[1]["list"][0]["t"], lines[2]["card"]["number"]]
    assert key.all_new(*found) and key.decrypt(*found) == ["a", "b", "c"]
    for before, after in zip((old[0], old[1], escaped), found, strict=True):
        new = new.replace(after, before)
    assert new == text, "other bytes changed"

    done = cli.run("rewrap-file", key.name, "--in", "in", "--dry-run", "--field", "cardd.number", code=1)
    assert "no record has such a value" in done.err


@pytest.mark.parametrize("server_of", ("sealgate", "peer"))
def test_derived_keys(server_of, request, tmp_path, name):
    server = request.getfixturevalue(server_of)
    cli = Sealgate(server.address, tmp_path)
    key = Key(server, name, derived=True)
    tenants = [f"tenant {number}" for number in range(600)]
    old = [key.encrypt("secret", version=1, context=b64(tenant))[0] for tenant in tenants[:40]]
    old += [old[0]] * 560
    contexts = [b64(tenant) for tenant in tenants[:40]] + [b64(tenants[0])] * 560

    (tmp_path / "in.csv").write_text("tenant,card\n" + "".join(f"{c},{t}\n" for c, t in zip(contexts, old)))
    cli.run("rewrap-file", key.name, "--in", "in.csv", "--out", "out.csv", "--column", "card", "--context-column", 1)
    rows = [line.split(",") for line in (tmp_path / "out.csv").read_text().splitlines()[1:]]
    assert [row[0] for row in rows] == contexts and key.all_new(*(row[1] for row in rows))
    for context, text in rows[::20]:
        assert key.decrypt(text, context=context) == ["secret"]

    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"t": {"c": c}, "v": t}) + "\n"
                                               for c, t in zip(contexts, old)))
    cli.run("rewrap-file", key.name, "--in", "in.jsonl", "--in-place", "--field", "v", "--context-field", "t.c")
    for line in (tmp_path / "in.jsonl").read_text().splitlines()[::20]:
        record = json.loads(line)
        assert key.decrypt(record["v"], context=record["t"]["c"]) == ["secret"]

    (tmp_path / "one").write_text(old[0])
    cli.run("rewrap-file", key.name, "--in", "one", "--in-place", "--context", tenants[0])
    assert key.decrypt((tmp_path / "one").read_text(), context=contexts[0]) == ["secret"]

    (tmp_path / "bad.csv").write_text(f"tenant,card\n,{old[0]}\n{contexts[1]},{old[0]}\nno base64,{old[0]}\n")
    done = cli.run("rewrap-file", key.name, "--in", "bad.csv", "--out", "kept.csv", "--column", "card",
                   "--context-column", "tenant", code=1)
    assert "line 2: the context is missing or empty" in done.err
    assert "line 3: cipher: message authentication failed" in done.err
    assert "line 4: the context is not base64" in done.err
    assert (tmp_path / "kept.csv").read_text() == (tmp_path / "bad.csv").read_text()


def test_associated_data_is_bound_again(cli, key, tmp_path):
    rows = [(b64(f"row {number}"), key.encrypt("secret", version=1, associated_data=b64(f"row {number}"))[0])
            for number in range(3)]
    (tmp_path / "in").write_text("".join(f'{{"d":"{data}","v":"{text}"}}\n' for data, text in rows))
    cli.run("rewrap-file", key.name, "--in", "in", "--out", "out", "--field", "v", "--associated-data-field", "d")
    for line in (tmp_path / "out").read_text().splitlines():
        record = json.loads(line)
        assert key.all_new(record["v"]) and key.decrypt(record["v"], associated_data=record["d"]) == ["secret"]
    (tmp_path / "one").write_text(rows[0][1])
    cli.run("rewrap-file", key.name, "--in", "one", "--in-place", "--associated-data", "row 0")
    assert key.decrypt((tmp_path / "one").read_text(), associated_data=rows[0][0]) == ["secret"]
    # The same for a single ciphertext.
    single = cli.run("rewrap", key.name, "--in", "one", "--associated-data", "row 0").out.strip()
    assert key.decrypt(single, associated_data=rows[0][0]) == ["secret"]


def many(key, shape, path) -> tuple[list, list]:
    """Writes a file of `MANY` values; answers the plaintexts, and the options that name the values."""
    texts = [f"value {number}" for number in range(MANY)]
    line, options = {
        "lines": ("{}\n", []),
        "csv": ('{1},"{0}"\r\n', ["--column", 2, "--no-header"]),
        "jsonl": ('{{"n":{1},"v":["{0}"]}}\n', ["--field", "v"]),
    }[shape]
    values = key.encrypt(*texts)
    path.write_bytes("".join(line.format(value, number) for number, value in enumerate(values)).encode())
    return texts, options


def values_of(shape, path) -> list:
    lines = path.read_text().splitlines()
    return {
        "lines": lambda: lines,
        "csv": lambda: [line.split('"')[1] for line in lines],
        "jsonl": lambda: [json.loads(line)["v"][0] for line in lines],
    }[shape]()


def journal(path: Path) -> dict:
    try:
        return json.loads(Path(f"{path}.journal").read_text())["done"]
    except FileNotFoundError:
        return {"lines": 0}


def reach(process: subprocess.Popen, out: Path, beyond: int) -> None:
    """Waits until the journal says that more than `beyond` lines are done."""
    deadline = time.monotonic() + 60
    while journal(out)["lines"] <= beyond:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)


def interrupt(process: subprocess.Popen, out: Path, beyond: int, how: signal.Signals) -> None:
    """Ends the process when more than `beyond` lines are done."""
    reach(process, out, beyond)
    process.send_signal(how)
    assert process.wait(20) != 0
    process.communicate()


@pytest.fixture
def slow_cli(sealgate, tmp_path):
    """Each of its requests takes a while, so that it can be interrupted in the middle."""
    def wait(_, path):
        time.sleep(0.01)
        return path
    with Proxy(sealgate.port, wait) as address:
        yield Sealgate(address, tmp_path)


@pytest.mark.parametrize("shape", ("lines", "csv", "jsonl"))
def test_a_killed_run_is_resumed(cli, slow_cli, key, tmp_path, shape):
    texts, options = many(key, shape, tmp_path / "in")
    out = tmp_path / "out"
    cli.run("rewrap-file", key.name, "--in", "in", "--out", "whole", *options)
    whole = values_of(shape, tmp_path / "whole")
    assert key.all_new(*whole) and key.decrypt(*whole) == texts

    command = ("rewrap-file", key.name, "--in", "in", "--out", "out", *options)
    slowly = ("--batch-size", 3, "--concurrency", 2)
    interrupt(slow_cli.start(*command, *slowly), out, 0, signal.SIGKILL)
    done = journal(out)["lines"]
    assert 0 < done < MANY and not out.exists()
    refused = cli.run(*command, code=1)
    assert "was left by a run that was interrupted: --resume" in refused.err
    interrupt(slow_cli.start(*command, *slowly, "--resume"), out, done, signal.SIGKILL)
    interrupt(slow_cli.start(*command, *slowly, "--resume"), out, journal(out)["lines"], signal.SIGTERM)
    partial = Path(f"{out}.partial").read_bytes()[:journal(out)["output_bytes"]]

    resumed = cli.run(*command, "--resume", "--format", "json").json
    assert out.read_bytes().startswith(partial), "what was done is not done again"
    assert sorted(os.listdir(tmp_path)) == ["in", "out", "whole"]
    got = values_of(shape, out)
    assert key.all_new(*got) and key.decrypt(*got) == texts
    assert resumed["records"] == MANY and sum(resumed["rewrapped"].values()) + resumed["up_to_date"] == MANY
    bare = {re.sub(rb"vault:v\d+:[A-Za-z0-9+/=]+", b"", (tmp_path / name).read_bytes()) for name in ("in", "out", "whole")}
    assert len(bare) == 1, "other bytes changed"
    # Nothing to resume: the same again.
    cli.run(*command, "--resume")


def test_a_run_is_resumed_only_where_it_belongs(cli, slow_cli, key, tmp_path):
    many(key, "lines", tmp_path / "in")
    out = tmp_path / "out"
    command = ("rewrap-file", key.name, "--in", "in", "--out", "out")
    slowly = ("--batch-size", 3, "--concurrency", 1)
    interrupt(slow_cli.start(*command, *slowly), out, 0, signal.SIGKILL)

    done = cli.run(*command, "--resume", "--keep-others", code=1)
    assert "cannot be resumed: it had other options" in done.err
    Key(key.server, key.name + "2")
    done = cli.run("rewrap-file", key.name + "2", "--in", "in", "--out", "out", "--resume", code=1)
    assert "it had other options" in done.err

    data, times = (tmp_path / "in").read_bytes(), os.stat(tmp_path / "in")
    (tmp_path / "in").write_bytes(data + b"\n")
    assert "the input was changed since" in cli.run(*command, "--resume", code=1).err
    # Same length, same time, other bytes.
    (tmp_path / "in").write_bytes(b"V" + data[1:])
    os.utime(tmp_path / "in", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "the input was changed since" in cli.run(*command, "--resume", code=1).err

    (tmp_path / "in").write_bytes(data)
    os.utime(tmp_path / "in", ns=(times.st_atime_ns, times.st_mtime_ns))
    journal_bytes = Path(f"{out}.journal").read_bytes()
    Path(f"{out}.journal").write_bytes(b"{}")
    assert "is no journal" in cli.run(*command, "--resume", code=1).err
    Path(f"{out}.journal").write_bytes(journal_bytes)

    before = journal(out)["lines"]
    busy = slow_cli.start(*command, *slowly, "--resume")
    reach(busy, out, before)
    assert "another run is writing" in cli.run(*command, "--resume", code=1).err
    busy.send_signal(signal.SIGTERM)
    _, err = busy.communicate(timeout=20)
    assert busy.returncode == 1 and "repeat the command with --resume" in err
    assert not out.exists()
    cli.run(*command, "--restart")
    assert key.all_new(*out.read_text().split())


def test_a_dry_run_writes_nothing(cli, key, tmp_path):
    values = key.encrypt(*"abcdefgh")
    (tmp_path / "in").write_text("\n".join(values) + "\nnonsense\n")
    before = (tmp_path / "in").stat()
    asked = []

    def watch(method, path):
        asked.append((method, path))
        return path
    with Proxy(key.server.port, watch) as address:
        dry = Sealgate(address, tmp_path)
        done = dry.run("rewrap-file", key.name, "--in", "in", "--out", "out", "--dry-run", "--format", "json", code=1)
        done_in_place = dry.run("rewrap-file", key.name, "--in", "in", "--in-place", "--dry-run", "--keep-others")
    assert done.json["dry_run"] is True and done.json["output"] is None
    assert done.json["rewrapped"] == {"1": 3, "2": 3} and done.json["up_to_date"] == 2
    assert (done.json["failed"], done.json["records"]) == (1, 9)
    assert 'line 9: "nonsense" is not a ciphertext' in done.err
    assert "To be rewrapped   6" in done_in_place.out and "Others, kept      1" in done_in_place.out
    assert os.listdir(tmp_path) == ["in"] and (tmp_path / "in").stat().st_mtime_ns == before.st_mtime_ns
    assert set(asked) == {("GET", f"/v1/transit/keys/{key.name}")}, "nothing is rewrapped"


def test_errors_carry_line_numbers(cli, key, tmp_path):
    good = key.encrypt("a", "b", version=1)
    text = f"{good[0]}\nnonsense\n\nvault:v1:AAAA\n{good[1]}\nvault:v99:{good[0][9:]}\n"
    (tmp_path / "in").write_text(text)
    done = cli.run("rewrap-file", key.name, "--in", "in", "--out", "out", "--format", "json", code=1)
    assert [line.split(": ", 1)[0] for line in done.err.splitlines()] == ["line 2", "line 4", "line 6"]
    assert "is not a ciphertext" in done.err and "version is too new" in done.err
    assert done.json["failed"] == 3 and sum(done.json["rewrapped"].values()) == 2
    lines = (tmp_path / "out").read_text().splitlines()
    assert key.decrypt(lines[0], lines[4]) == ["a", "b"]
    assert [lines[1], lines[2], lines[3], lines[5]] == [text.splitlines()[number] for number in (1, 2, 3, 5)]
    (tmp_path / "in").write_text("# a comment\n" + good[0])
    assert cli.run("rewrap-file", key.name, "--in", "in", "--in-place", "--keep-others").err == ""

    (tmp_path / "in.jsonl").write_text(f'{{"v":"{good[0]}"}}\nno json\n{{"v":7}}\n[]\n')
    done = cli.run("rewrap-file", key.name, "--in", "in.jsonl", "--out", "out", "--field", "v", code=1)
    for line in ("line 2: it is no JSON object", "line 3: v is not a string", "line 4: it is no JSON object"):
        assert line in done.err


def test_passing_trouble_is_waited_for(key, tmp_path):
    texts, _ = many(key, "lines", tmp_path / "in")
    seen = []

    def trouble(_, path):
        if "/rewrap/" not in path:
            return path
        seen.append(path)
        return {1: 503, 2: 429, 5: 500, 6: 502}.get(len(seen), path)
    with Proxy(key.server.port, trouble) as address:
        cli = Sealgate(address, tmp_path)
        cli.run("rewrap-file", key.name, "--in", "in", "--out", "out")
        assert key.decrypt(*(tmp_path / "out").read_text().split()) == texts
        seen[:] = [None] * 4
        done = cli.run("rewrap-file", key.name, "--in", "in", "--out", "other", "--retries", 0, code=1)
    assert "the server answered 50" in done.err and "repeat the command with --resume" in done.err
    assert not (tmp_path / "other").exists() and (tmp_path / "other.partial").exists()
    Sealgate(key.server.address, tmp_path).run("rewrap-file", key.name, "--in", "in", "--out", "other", "--resume")
    assert key.decrypt(*(tmp_path / "other").read_text().split()) == texts


def test_files_are_treated_with_care(cli, key, tmp_path):
    (tmp_path / "in").write_text(key.encrypt("a", version=1)[0])
    (tmp_path / "in").chmod(0o640)
    (tmp_path / "link").symlink_to("in")
    done = cli.run("rewrap-file", key.name, "--in", "in", "--out", "link", code=1)
    assert "the output is the input: give --in-place" in done.err
    cli.run("rewrap-file", key.name, "--in", "link", "--in-place")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "in").stat().st_mode & 0o777 == 0o640
    assert key.all_new((tmp_path / "in").read_text())
    cli.run("rewrap-file", key.name, "--in", "in", "--out", "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert "not a regular file" in cli.run("rewrap-file", key.name, "--in", "/dev/null", "--out", "x", code=1).err
    assert "No such file" in cli.run("rewrap-file", key.name, "--in", "none", "--out", "x", code=1).err
    assert "404" in cli.run("rewrap-file", "missing", "--in", "in", "--out", "x", code=1).err
    (tmp_path / "empty").touch()
    cli.run("rewrap-file", key.name, "--in", "empty", "--out", "nothing")
    assert (tmp_path / "nothing").read_bytes() == b""
    assert not (tmp_path / "x").exists()
