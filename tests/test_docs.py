"""Runs the examples of the documentation, as a reader would paste them, against a real server.

A fenced block `sh` is run by bash, `python` by this environment's interpreter, all blocks of a
file in one session and one directory. A block `output` behind it is what they must print; `…`
stands for anything. `<!-- not run: why -->` above a block leaves it out. Addresses of the text
are replaced: 127.0.0.1:8200 is a development server, any other port of this address a free one.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import servers

DOCUMENTS = ("README.md", "docs/quickstart.md", "docs/api.md", "docs/operations.md", "docs/migrate.md", "docs/rewrap.md")
RUN = ("sh", "python")
SHOWN = ("text", "toml", "json", "yaml")  # not for pasting
DEVELOPMENT = "127.0.0.1:8200"

FENCE = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Example:
    """One block to run, and what it must print (None: that is not shown)."""

    line: int
    language: str
    body: str
    output: str | None = None

    def as_shell(self) -> str:
        if self.language == "sh":
            return self.body
        return f"{shlex.quote(sys.executable)} - <<'END OF EXAMPLE'\n{self.body}END OF EXAMPLE\n"


def examples(text: str) -> list[Example]:
    found, skipped = [], False
    for fence in FENCE.finditer(text):
        language, body = fence["language"], fence["body"]
        line = text.count("\n", 0, fence.start("language")) + 1
        if language == "output":
            assert found and found[-1].output is None, f"line {line}: output of which example?"
            if not skipped:
                found[-1].output = body
        elif language in RUN:
            skipped = bool(fence["skip"])
            if not skipped:
                found.append(Example(line, language, body))
        else:
            assert language in SHOWN, f"line {line}: {language!r} is neither run nor known as shown"
    return found


class Session:
    """One bash, in which all examples of a file run."""

    def __init__(self, directory: Path) -> None:
        environment = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        # Beside `sealgate` lie fuzz targets, some with the names of system programs.
        programs = directory / "programs"
        programs.mkdir()
        (programs / "bao").symlink_to(servers.bao_program())
        if not servers.sealgate_is_peer():
            (programs / "sealgate").symlink_to(servers.sealgate_program())
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        environment |= {"HOME": str(directory), "PATH": path}
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=directory, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )

    def run(self, script: str) -> tuple[str, int]:
        """What it printed, and the exit code of the first command that failed, or 0."""
        # The script is a word, so that no example reads what comes after it.
        failing = "trap 'failed=${failed:-$?}' ERR"
        self._bash.stdin.write(
            f"failed=; set -E; {failing}; eval {shlex.quote(script)} < /dev/null; trap - ERR; "
            "printf '\\n<end %s>\\n' \"${failed:-0}\"\n"
        )
        self._bash.stdin.flush()
        printed = ""
        for line in self._bash.stdout:
            end = re.fullmatch(r"<end (\d+)>\n", line)
            if end:
                return printed[:-1], int(end[1])
            printed += line
        raise AssertionError(f"the shell ended after:\n{printed}")

    def close(self) -> None:
        """Ends it with all that the examples started: they are of one process group."""
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait(10)
        self._bash.stdin.close()
        self._bash.stdout.close()


def replaced_addresses(text: str, development: str) -> str:
    """`text` with the address of the running server, and free ports instead of all others."""
    ports = {DEVELOPMENT: development}
    for address in re.findall(r"127\.0\.0\.1:\d+", text):
        if address not in ports:
            ports[address] = f"127.0.0.1:{servers.free_port()}"
    return re.sub(r"127\.0\.0\.1:\d+", lambda found: ports[found[0]], text)


def pattern(output: str) -> str:
    return ".*".join(re.escape(part) for part in output.rstrip().split("…"))


@pytest.fixture
def development(tmp_path):
    """A development server of this test alone: an example may seal it."""
    server = servers.start_sealgate(tmp_path / "server")
    yield server
    server.stop()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_work_as_shown(document, development, tmp_path):
    text = (servers.REPOSITORY / document).read_text()
    made = examples(replaced_addresses(text, development.address.removeprefix("http://")))
    assert made, f"{document} has no example"
    directory = tmp_path / "reader"
    directory.mkdir()
    session = Session(directory)
    try:
        for example in made:
            printed, code = session.run(example.as_shell())
            where = f"{document}:{example.line}"
            assert code == 0, f"{where} failed with {code} and printed:\n{printed}"
            if example.output is not None:
                expected = pattern(example.output)
                # Programs differ in whether they end a line that does not go to a terminal.
                assert re.fullmatch(expected, printed.rstrip(), re.DOTALL), f"{where} printed:\n{printed}"
    finally:
        session.close()


def test_links_lead_somewhere():
    for document in [*servers.REPOSITORY.glob("*.md"), *servers.REPOSITORY.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
