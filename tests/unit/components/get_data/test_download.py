"""Fetching files over HTTP, from a server on loopback."""

from __future__ import annotations

import gzip
import hashlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.util.errors import RelayError
from tests.loading import load

sources = load("get_data", "sources")
download = load("get_data", "download")

BODY = b"a,b\n" + b"1,2\n" * 1000
Answer = Callable[[BaseHTTPRequestHandler], None]


def ok(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.send_header("ETag", '"v1"')
    handler.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
    handler.end_headers()
    handler.wfile.write(BODY)


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.end_headers()
    handler.wfile.write(BODY[:100])
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(b"x" * 10_000)
    except OSError:
        pass


class Server:
    """Answers each request with the next of `answers`; the last one for good."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [ok]
        self.requests: list[str] = []
        self.waits: list[float] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self.path)
                answers = outer.answers
                (answers.pop(0) if len(answers) > 1 else answers[0])(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def fetch(self, folder: Path, path: str = "/data.csv", **options: Any) -> Any:
        options = {"max_bytes": 10**6, "root": folder, "sleep": self.waits.append, **options}
        return sources.fetch(self.url + path, folder, **options)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_a_file_comes_byte_for_byte_with_its_headers(server: Server, tmp_path: Path) -> None:
    raw = server.fetch(tmp_path)
    assert raw.path.read_bytes() == BODY
    assert raw.path.name == "data.csv"
    assert raw.bytes == len(BODY)
    assert raw.sha256 == hashlib.sha256(BODY).hexdigest()
    assert raw.etag == '"v1"'
    assert raw.last_modified == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert list(tmp_path.iterdir()) == [raw.path]


def test_a_body_that_the_server_compressed_is_kept_as_it_came(
    server: Server, tmp_path: Path
) -> None:
    def compressed(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        body = gzip.compress(BODY)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    server.answers = [compressed]
    assert gzip.decompress(server.fetch(tmp_path).path.read_bytes()) == BODY


def test_server_errors_are_tried_again_at_growing_intervals(server: Server, tmp_path: Path) -> None:
    server.answers = [status(500), status(503), ok]
    assert server.fetch(tmp_path).path.read_bytes() == BODY
    assert server.waits == [1, 2]


def test_it_gives_up_after_five_tries(server: Server, tmp_path: Path) -> None:
    server.answers = [status(502)]
    with pytest.raises(RelayError, match=r"502 Bad Gateway \(5 tries\)"):
        server.fetch(tmp_path)
    assert len(server.requests) == 5
    assert server.waits == [1, 2, 4, 8]
    assert not list(tmp_path.iterdir())


def test_too_many_requests_waits_as_long_as_the_server_asks(server: Server, tmp_path: Path) -> None:
    server.answers = [status(429, Retry_After="7"), ok]
    server.fetch(tmp_path)
    assert server.waits == [7]


def test_the_wait_that_a_server_can_ask_for_is_limited(server: Server, tmp_path: Path) -> None:
    in_a_long_time = "Fri, 01 Jan 2100 00:00:00 GMT"
    server.answers = [
        status(429, Retry_After="99999"),
        status(429, Retry_After=in_a_long_time),
        status(429, Retry_After="Mon, 01 Jan 2001 00:00:00 GMT"),
        status(429, Retry_After="soon"),
        ok,
    ]
    server.fetch(tmp_path)
    assert server.waits == [60, 60, 0, 8]


def test_a_connection_that_breaks_in_the_middle_is_tried_again(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [cut_short, ok]
    assert server.fetch(tmp_path).path.read_bytes() == BODY
    assert server.waits == [1]


def test_a_connection_that_always_breaks_leaves_no_file(server: Server, tmp_path: Path) -> None:
    server.answers = [cut_short]
    with pytest.raises(RelayError, match="connection broke"):
        server.fetch(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_body_without_end_stops_at_the_limit(server: Server, tmp_path: Path) -> None:
    server.answers = [endless]
    with pytest.raises(RelayError, match=r"too large.*limit is 0.1 MB.*data\.max_mb"):
        server.fetch(tmp_path, max_bytes=100_000)
    assert not list(tmp_path.iterdir())
    assert len(server.requests) == 1


def test_a_file_announced_as_too_large_is_not_fetched(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RelayError, match=r"too large: 0\.004004 MB; the limit is 0\.001 MB"):
        server.fetch(tmp_path, max_bytes=1000)


def test_a_missing_page_is_not_tried_again(server: Server, tmp_path: Path) -> None:
    server.answers = [status(404)]
    with pytest.raises(RelayError, match=r"404 Not Found\. Check data\.url"):
        server.fetch(tmp_path)
    assert len(server.requests) == 1


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    server.answers = [status(302, Location="/elsewhere"), ok]
    assert server.fetch(tmp_path).path.name == "data.csv"
    assert server.requests == ["/data.csv", "/elsewhere"]


@pytest.mark.parametrize("location", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_redirect_cannot_leave_http(server: Server, tmp_path: Path, location: str) -> None:
    server.answers = [status(302, Location=location)]
    with pytest.raises(RelayError, match="not HTTP"):
        server.fetch(tmp_path)


def test_redirects_in_a_circle_are_an_error(server: Server, tmp_path: Path) -> None:
    server.answers = [status(302, Location="/again")]
    with pytest.raises(RelayError, match="more than 10 redirects"):
        server.fetch(tmp_path)


def test_the_digest_is_held_against_the_expected_one(server: Server, tmp_path: Path) -> None:
    right = hashlib.sha256(BODY).hexdigest()
    assert server.fetch(tmp_path, sha256=right.upper()).sha256 == right
    with pytest.raises(RelayError, match=rf"another digest, {right} \(got {'0' * 64}\)"):
        server.fetch(tmp_path, sha256="0" * 64)


def test_a_secret_in_the_url_is_in_no_message(server: Server, tmp_path: Path) -> None:
    server.answers = [status(404)]
    with pytest.raises(RelayError) as error:
        server.fetch(tmp_path, "/data.csv?token=hunter2")
    assert "hunter2" not in str(error.value)
    assert "token=***" in str(error.value)


def test_a_refused_connection_is_named_in_the_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RelayError, match="connection is refused"):
        sources.fetch(f"http://127.0.0.1:{port}/x.csv", tmp_path, root=tmp_path, max_bytes=1)


def test_an_unknown_host_is_named_in_the_error(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="host is unknown"):
        sources.fetch(
            "http://no-such-host.invalid/x.csv", tmp_path, root=tmp_path, max_bytes=1, sleep=print
        )


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("https://a/x", "https://b/x"), ("http://a/x", "http://b/x"), ("http://a/x", "https://a/x")],
)
def test_redirects_may_keep_or_add_encryption(asked: str, answered: str) -> None:
    download.require_still_encrypted(asked, answered, asked)


def test_a_redirect_that_drops_encryption_is_refused() -> None:
    with pytest.raises(RelayError, match="without encryption"):
        download.require_still_encrypted("https://a/x", "http://a/x", "https://a/x")


def test_a_redirect_that_drops_encryption_on_the_way_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        steps = {"https://a/x": "http://b/x", "http://b/x": "https://c/x"}
        leads_to = steps.get(str(request.url))
        if leads_to is None:
            return httpx.Response(200, content=BODY)
        return httpx.Response(302, headers={"Location": leads_to})

    client = httpx.Client
    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(
        download.httpx, "Client", lambda **options: client(**{**options, "transport": transport})
    )
    with pytest.raises(RelayError, match="without encryption"):
        download.download("https://a/x", tmp_path / "x", max_bytes=10**6)
    assert asked == ["https://a/x"]


def test_a_secret_in_the_url_is_not_logged(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.fetch(tmp_path, "/data.csv?token=hunter2")
    assert "hunter2" not in caplog.text
