"""The server of the start page and of the pages in outputs/, for browsers of this machine only."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost")
_TRIED = 50  # ports


def free_port(wanted: int, taken: set[int]) -> int:
    """Return `wanted`, or the next port that no program listens on and that is not in `taken`.

    Raises OSError if many in a row are taken.
    """
    for port in range(wanted, min(wanted + _TRIED, 65_536)):
        if port not in taken and _is_free(port):
            return port
    raise OSError(f"the ports from {wanted} on are taken")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def make_server(outputs: Path, port: int, start_page: Callable[[], str]) -> ThreadingHTTPServer:
    """Return a server of `outputs`, with the text of `start_page()` at its root."""
    handler = partial(_Handler, start_page=start_page, directory=str(outputs))
    return ThreadingHTTPServer((HOST, port), handler)


class _Handler(SimpleHTTPRequestHandler):
    """Answers with files of outputs/; without a list of folders, and with nothing hidden."""

    def __init__(self, *words: Any, start_page: Callable[[], str], **more: Any) -> None:
        self._start_page = start_page
        super().__init__(*words, **more)

    def do_GET(self) -> None:
        # Else a page elsewhere, whose name resolves to this machine, could read it (DNS rebinding).
        if (self.headers.get("Host") or "").rpartition(":")[0] not in _NAMES:
            self.send_error(HTTPStatus.FORBIDDEN, "Only for this machine")
        elif self.path.partition("?")[0] == "/":
            self._answer(self._start_page())
        elif "/." in self.path:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def _answer(self, text: str) -> None:
        content = text.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""
