"""A real HTTP server on this machine that serves a file well, or cuts it short, hangs, lies or never ends."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from typing import Callable, Dict, Iterator, Union


@contextlib.contextmanager
def serving(content: bytes) -> Iterator[str]:
    """The address of a server whose paths are the ways to answer: /whole, /short, /silent, /hangs and so on."""
    stop = threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(content, stop))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _handler(content: bytes, stop: threading.Event) -> Callable[..., http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ways: Dict[str, Callable[[], object]] = {
                "/whole": lambda: self.answer(len(content), content),
                "/short": lambda: self.answer(len(content), content[: len(content) // 2]),
                "/silent": lambda: stop.wait(600),
                "/hangs": lambda: self.answer(len(content), content[:100], stop),
                "/lies": lambda: self.answer(len(content), bytes(len(content))),
                "/page": lambda: self.answer(9, b"<html>Hi!"),
                "/endless": self.endless,
                "/gone": lambda: self.send_error(404),
                "/broken": lambda: self.send_error(503),
                "/moved": self.moved,
                "/boasts": lambda: self.answer("9" * 5000, content),
            }
            ways[self.path]()

        def answer(self, promised: Union[int, str], body: bytes, until: threading.Event | None = None) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
            if until:
                until.wait(600)

        def moved(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://[::1/mnist.npz")
            self.end_headers()

        def endless(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    self.wfile.write(bytes(1 << 16))

        def log_message(self, format: str, *words: object) -> None:
            """Nothing: the test's output is not the server's."""

    return Handler
