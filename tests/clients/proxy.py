"""A proxy between the command line and a server, which can change, delay and refuse requests."""

import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy:
    """Passes requests on to a port of this machine, as a context manager that gives its address.

    `change(method, path)` answers the path to ask for instead, or an HTTP status to answer at once.
    `tls` is a directory with cert.pem and key.pem.
    """

    def __init__(self, port: int, change, tls=None) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = change(self.command, self.path)
                if isinstance(path, int):
                    self.answer(path, b'{"errors":["the proxy refuses"]}')
                    return
                onward = http.client.HTTPConnection("127.0.0.1", port)
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() not in ("host", "content-length", "connection")}
                onward.request(self.command, path, body, headers)
                answer = onward.getresponse()
                self.answer(answer.status, answer.read())
                onward.close()

            def answer(self, status, body):
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:
                    self.close_connection = True  # the client was killed, as some tests want it

            do_GET = do_POST = do_PUT = do_DELETE = do_LIST = handle_any

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
