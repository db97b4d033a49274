"""OpenSSL's command line: tooling which knows nothing of the servers."""

import subprocess
from pathlib import Path


class OpenSSL:
    """Runs `openssl` in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, *words: str, **files: str | bytes) -> bytes:
        """Writes the files, runs the command, answers what it prints. `FILE` is a file's path in the command."""
        for name, content in files.items():
            self.path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        done = subprocess.run(["openssl", *words], cwd=self.directory, capture_output=True, timeout=60)
        assert done.returncode == 0, f"openssl {' '.join(words)}\n{done.stderr.decode()}{done.stdout.decode()}"
        return done.stdout

    def path(self, name: str) -> Path:
        return self.directory / name
