"""One HTTP request, exactly as given: no path is cleaned up and no header is added in secret."""

import http.client
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """What a server answered. `json` is None when the body is empty or not JSON."""

    status: int
    text: str
    headers: dict = field(default_factory=dict)

    @property
    def json(self):
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def data(self):
        """The member `data` of the envelope."""
        return self.json["data"]

    @property
    def errors(self) -> list:
        return (self.json or {}).get("errors", [])


def call(port: int, method: str, path: str, body=None, *, token=None, headers=None, raw=None) -> Answer:
    """Sends `body` as JSON, or `raw` as it is. Header names in the answer are lower case."""
    sent = {"X-Vault-Token": token} if token is not None else {}
    sent.update(headers or {})
    payload = raw if raw is not None else None if body is None else json.dumps(body)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        data = payload.encode() if isinstance(payload, str) else payload
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        elif method in ("POST", "PUT"):
            connection.putheader("Content-Length", "0")
        connection.endheaders(data)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        return Answer(response.status, text, {name.lower(): value for name, value in response.getheaders()})
    finally:
        connection.close()
