"""The proxy: answers CONNECT for YouTube's hosts, ends TLS itself and serves HTTP/1.1 inside."""

import contextlib
import json
import socket
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.standins.youtube.certificates import write_certificates
from tests.standins.youtube.records import Request, Response
from tests.standins.youtube.routes import Routes

HOSTS = ("*.youtube.com", "*.googlevideo.com", "*.ytimg.com", "www.googleapis.com", "youtube.com")
_CHUNK = 32 * 1024
_IDLE_S = 60.0


class YouTubeStandIn:
    """YouTube on loopback; a context manager.

    Args:
        port: on 127.0.0.1; 0 picks a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._directory = tempfile.TemporaryDirectory(prefix="vidmap-youtube-")
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.requests: list[Request] = []
        """Every request inside the tunnels, in the order in which they came."""
        self.ca_file = Path(self._directory.name) / "ca.pem"
        self.proxy = ""

    def __enter__(self) -> Self:
        _, certificate = write_certificates(Path(self._directory.name), HOSTS)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols(["http/1.1"])
        self._server = _Server(self._port, context, self.requests)
        self.proxy = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="youtube-stand-in")
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join()
        self._directory.cleanup()

    def count(self, path: str, video_id: str | None = None) -> int:
        """How often a path was asked for (of one video, or of all)."""
        return sum(
            request.path == path and (video_id is None or request.video_id == video_id) for request in self.requests
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, context: ssl.SSLContext, requests: list[Request]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.context = context
        self.requests = requests
        self.routes = Routes()
        self.stopping = threading.Event()
        self.tunnels: set[socket.socket] = set()

    def stop(self) -> None:
        """Stop now: answers that wait are given up, open tunnels are cut."""
        self.stopping.set()
        self.shutdown()
        for tunnel in list(self.tunnels):
            with contextlib.suppress(OSError):
                tunnel.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    server: _Server
    host = ""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests read `requests`."""

    def do_CONNECT(self) -> None:
        """Open a tunnel and serve HTTP in it."""
        self.host = self.path.rsplit(":", 1)[0]
        self.close_connection = True
        if not _is_served(self.host):
            self.send_error(403, "host not allowed")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        tunnel = self.server.context.wrap_socket(self.connection, server_side=True)
        self.server.tunnels.add(tunnel)
        try:
            self._serve(tunnel)
        finally:
            self.server.tunnels.discard(tunnel)
            tunnel.close()

    def _serve(self, tunnel: ssl.SSLSocket) -> None:
        self.connection = tunnel
        with tunnel.makefile("rb") as self.rfile, tunnel.makefile("wb", buffering=0) as self.wfile:
            self.close_connection = False
            while not self.close_connection and not self.server.stopping.is_set():
                self.handle_one_request()

    def do_GET(self) -> None:
        """Record the request and answer it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = _request(self, body)
        self.server.requests.append(request)
        response = self.server.routes.answer(request)
        if response.delay and self.server.stopping.wait(response.delay):
            self.close_connection = True
            return
        self._send(response)

    do_POST = do_HEAD = do_GET

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        headers = {"Content-Type": response.content_type, "Content-Length": str(len(response.body))}
        for name, value in (headers | dict(response.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(response)

    def _send_body(self, response: Response) -> None:
        body = response.body if response.cut_at is None else response.body[: response.cut_at]
        for start in range(0, len(body), _CHUNK):
            self.wfile.write(body[start : start + _CHUNK])
            if response.chunk_delay and self.server.stopping.wait(response.chunk_delay):
                break
        if response.cut_at is not None or self.server.stopping.is_set():
            self.close_connection = True


def _is_served(host: str) -> bool:
    return host in HOSTS or any(host.endswith(pattern[1:]) for pattern in HOSTS if pattern.startswith("*"))


def _request(handler: _Handler, body: bytes) -> Request:
    address = urlsplit(handler.path)
    query = dict(parse_qsl(address.query))
    asked = json.loads(body) if body.startswith(b"{") else {}
    return Request(
        method=handler.command,
        host=handler.host,
        path=address.path,
        video_id=asked.get("videoId") or query.get("v") or query.get("id") or "",
        query=query,
        headers={name.lower(): value for name, value in handler.headers.items()},
        client=asked.get("context", {}).get("client", {}).get("clientName", ""),
    )
