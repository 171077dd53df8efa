"""Fetching files through the proxies that the environment names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from relay.util.errors import RelayError
from tests.loading import load

download = load("get_data", "download")

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Answering(BaseHTTPRequestHandler):
    """Sends which URL it was asked for; a proxy is asked for whole ones."""

    code = 200

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(self.code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_CONNECT = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def unused_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def fetch(url: str, folder: Path) -> str:
    path = folder / "file"
    download.download(url, path, max_bytes=1000, sleep=lambda seconds: None)
    return path.read_text()


def problem(url: str, folder: Path) -> str:
    with pytest.raises(RelayError) as raised:
        fetch(url, folder)
    return str(raised.value)


def test_a_file_comes_through_the_proxy(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", address(server))
    assert fetch("http://nowhere.invalid/a.csv", tmp_path) == "http://nowhere.invalid/a.csv"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "socks5h://h:1", "socks4://h:1"])
def test_a_proxy_of_another_kind_is_an_error_with_what_to_do(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    message = problem(f"{address(server)}/a.csv", tmp_path)
    assert message.startswith("ALL_PROXY: only proxies of http:// and https:// are supported (got")
    assert proxy in message
    assert "name 127.0.0.1 in NO_PROXY" in message


def test_it_does_not_matter_to_a_host_in_no_proxy(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    assert fetch(f"{address(server)}/a.csv", tmp_path) == "/a.csv"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_dead_is_named_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    port = unused_port()
    variable = f"{scheme.upper()}_PROXY"
    monkeypatch.setenv(variable, f"http://user:secret@127.0.0.1:{port}")
    message = problem(f"{scheme}://example.invalid/a.csv", tmp_path)
    assert f"the proxy http://127.0.0.1:{port} ({variable}) refuses the connection" in message
    assert f"Correct {variable}, or name example.invalid in NO_PROXY" in message
    assert "secret" not in message


def test_a_proxy_whose_host_is_unknown_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:3128")
    message = problem("http://127.0.0.1/a.csv", tmp_path)
    assert "the proxy http://proxy.invalid:3128 (ALL_PROXY) cannot be found" in message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password_is_named(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(Answering, "code", 407)
    monkeypatch.setenv("ALL_PROXY", address(server))
    message = problem(f"{scheme}://example.invalid/a.csv", tmp_path)
    assert f"the proxy {address(server)} (ALL_PROXY)" in message
    assert "407" in message
    assert "http://USER:PASSWORD@" in message


def test_a_variable_without_an_address_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://h:notaport")
    assert "HTTP_PROXY: not the address of a proxy" in problem("http://example.invalid/", tmp_path)


def test_a_network_in_no_proxy_is_reached_directly(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
    assert fetch(f"{address(server)}/a.csv", tmp_path) == "/a.csv"
