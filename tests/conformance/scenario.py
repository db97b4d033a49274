"""A scenario: a few requests in order, sent to both servers, each on a mount of its own.

Paths are relative to the scenario's mount (`keys/a`) unless they start with "/"
(`/sys/mounts`). A text `$name` in a path or a body stands for a value that an
earlier step saved on the same server, `$mount` for the scenario's mount. A
function in a body is called with everything that was saved, and its result sent.
"""

from dataclasses import dataclass, field, replace

SAYS_MORE = "the peer refuses without a word; we say what to change"
GO_TEXT = "the text comes from the peer's language or parser, not from the API"


@dataclass(frozen=True)
class Step:
    """One request, and how far Sealgate's answer may be unlike the peer's.

    `differs` says why the error text need not be equal. `ours` is the status that
    Sealgate answers on purpose where the peer does otherwise, with the reason.
    `only` names the places in the answer that are compared, when not all of it is.
    """

    method: str
    path: str
    body: object = None
    raw: object = None
    token: object = "root"
    headers: dict = field(default_factory=dict)
    save: dict = field(default_factory=dict)
    differs: str = ""
    ours: tuple = ()
    only: tuple = ()

    def __str__(self) -> str:
        shown = self.raw if self.raw is not None else self.body
        return f"{self.method} {self.path} {'' if shown is None else shown!r:.120}".rstrip()

    def saving(self, **places) -> "Step":
        """Saves values of the answer: `name="data.ciphertext"`."""
        return replace(self, save=places)

    def unlike(self, reason: str) -> "Step":
        """The status must be right and there must be an error, but its text is ours."""
        return replace(self, differs=reason)

    def answering(self, status: int, reason: str) -> "Step":
        """Sealgate answers `status`, whatever the peer says."""
        return replace(self, ours=(status, reason))

    def comparing(self, *places: str) -> "Step":
        """Compares the values at these places ("data.type") and the status only."""
        return replace(self, only=places)


@dataclass(frozen=True)
class Scenario:
    name: str
    steps: tuple


def scenario(name: str, *steps: Step) -> Scenario:
    return Scenario(name, steps)


def get(path: str, **more) -> Step:
    return Step("GET", path, **more)


def post(path: str, body=None, **more) -> Step:
    return Step("POST", path, body, **more)


def put(path: str, body=None, **more) -> Step:
    return Step("PUT", path, body, **more)


def delete(path: str, **more) -> Step:
    return Step("DELETE", path, **more)


def listing(path: str, **more) -> Step:
    return Step("LIST", path, **more)
