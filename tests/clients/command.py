"""The `sealgate` command line, run as a user would."""

import json
import os
import subprocess
from dataclasses import dataclass, field

import servers


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Sealgate:
    """`sealgate` with a server, a token and a working directory of its own."""

    address: str
    directory: os.PathLike
    token: str = servers.ROOT_TOKEN
    environment: dict = field(default_factory=dict)

    def start(self, *words, **more) -> subprocess.Popen:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "SEALGATE_ADDR": self.address,
                       "SEALGATE_TOKEN": self.token} | self.environment
        return subprocess.Popen([servers.sealgate_program(), *map(str, words)], cwd=self.directory, text=True,
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def run(self, *words, code: int | None = 0) -> Done:
        """Waits for the end. The exit code must be `code`, unless that is None."""
        process = self.start(*words)
        out, err = process.communicate(timeout=100)
        assert code in (None, process.returncode), f"sealgate {words}: {process.returncode}\n{out}{err}"
        return Done(process.returncode, out, err)
