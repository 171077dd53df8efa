"""The server is asked once who a key belongs to: what is made of each answer, and of none."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from relay.tracking.wandb import server_check
from relay.tracking.wandb.login import Login
from relay.tracking.wandb.server_check import probe
from relay.util.errors import ConfigError, RelayError

KEY = "k" * 40


@dataclass
class Web:
    """A web server on loopback that gives one answer to all, and keeps what it was sent."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    failures: int = 10**6
    """So many requests get `status`, the others 200."""
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def says(self, answer: Any) -> None:
        self.body = json.dumps(answer).encode()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_check, "_WAITS", (0.0, 0.0))


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            web.requests.append((self.path, dict(self.headers), body))
            self.send_response(web.status if len(web.requests) <= web.failures else 200)
            for name, value in {"Content-Length": str(len(web.body)), **web.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(web.body)

        do_GET = do_POST = do_CONNECT = _answer  # noqa: N815 - http.server's names

        def log_message(self, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield web
        server.shutdown()
        thread.join()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a port of loopback that accepts connections and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def refusal(url: str, kind: type[RelayError] = RelayError, timeout: float = 5) -> str:
    """Return the error if the login for `url` is not accepted; it never has the key."""
    with pytest.raises(RelayError) as caught:
        probe(Login(url, KEY), timeout=timeout)
    assert type(caught.value) is kind
    assert KEY not in str(caught.value)
    assert b64encode(f"api:{KEY}".encode()).decode() not in str(caught.value)
    return str(caught.value)


def test_a_key_that_is_known_gives_its_default_entity(web: Web) -> None:
    web.says({"data": {"viewer": {"entity": "team", "username": "me"}}})
    assert probe(Login(web.url, KEY)) == "team"


def test_the_key_is_sent_once_as_wandb_wants_it(web: Web) -> None:
    web.says({"data": {"viewer": {"entity": "team"}}})
    probe(Login(f"{web.url}/under", KEY))
    [(path, headers, body)] = web.requests
    assert path == "/under/graphql"
    assert headers["Authorization"] == "Basic " + b64encode(f"api:{KEY}".encode()).decode()
    assert "viewer" in json.loads(body)["query"]


@pytest.mark.parametrize("entity", [None, ""])
def test_a_user_may_have_no_default_entity(web: Web, entity: str | None) -> None:
    web.says({"data": {"viewer": {"entity": entity}}})
    assert probe(Login(web.url, KEY)) is None


def test_an_identity_token_is_not_asked_about(web: Web) -> None:
    assert probe(Login(web.url, None)) is None
    assert web.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_the_users_to_mend(web: Web, status: int) -> None:
    web.status = status
    text = refusal(web.url, ConfigError)
    assert f"{web.url} does not accept the key" in text
    assert "wandb login" in text


def test_an_answer_without_a_user_is_an_unknown_key(web: Web) -> None:
    web.says({"data": {"viewer": None}})
    assert "does not accept the key" in refusal(web.url, ConfigError)


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_an_error_of_the_server_is_reported_with_its_number(web: Web, status: int) -> None:
    web.status = status
    text = refusal(web.url)
    assert f"HTTP {status}" in text
    assert len(web.requests) == (1 if status == 404 else 3)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_that_passes_is_waited_out(web: Web, status: int) -> None:
    web.says({"data": {"viewer": {"entity": "team", "username": "me"}}})
    web.status, web.failures = status, 2
    assert probe(Login(web.url, KEY)) == "team"
    assert len(web.requests) == 3


@pytest.mark.parametrize(
    "answer", [[], {}, "text", None, 1, {"data": None}, {"data": {}}, {"data": {"viewer": "me"}}]
)
def test_an_answer_that_is_not_from_wandb_is_an_error(web: Web, answer: Any) -> None:
    web.says(answer)
    assert "is not a W&B server" in refusal(web.url)


@pytest.mark.parametrize("body", [b"", b"<html>Welcome</html>", b"\xff\xfe\x00", b'{"data": {"vi'])
def test_an_answer_that_is_not_json_is_an_error(web: Web, body: bytes) -> None:
    web.body = body
    assert "is not a W&B server" in refusal(web.url)


def test_a_huge_answer_is_not_read_to_its_end(web: Web) -> None:
    web.says({"data": {"viewer": {"entity": "team"}}, "more": "x" * 1_000_000})
    assert "is not a W&B server" in refusal(web.url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_follows_no_redirection(web: Web, listener: socket.socket, status: int) -> None:
    web.status = status
    web.headers["Location"] = f"{url_of(listener)}/login?token=abc"
    text = refusal(web.url, ConfigError)
    assert f"redirects to {url_of(listener)}/login?token=***" in text
    assert "WANDB_BASE_URL" in text
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_server_that_does_not_exist_is_an_error(listener: socket.socket) -> None:
    url = url_of(listener)
    listener.close()
    text = refusal(url)
    assert f"{url} cannot be reached" in text
    assert "refused" in text


def test_a_server_that_does_not_answer_is_a_timeout(listener: socket.socket) -> None:
    text = refusal(url_of(listener), timeout=0.1)
    assert "cannot be reached" in text
    assert "timed out" in text


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\r\n\r\n"])
def test_a_server_without_http_is_an_error(listener: socket.socket, words: bytes) -> None:
    def speak() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(words)

    speaker = threading.Thread(target=speak)
    speaker.start()
    assert "is not a W&B server" in refusal(url_of(listener))
    speaker.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1:port", "http://127.0.0.1:1/a b"])
def test_an_invalid_address_is_an_error(url: str) -> None:
    assert "Check" in refusal(url)


def test_a_name_and_password_in_the_address_are_not_shown(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    text = refusal(f"http://me:hidden@127.0.0.1:{port}")
    assert f"http://127.0.0.1:{port}" in text
    assert "hidden" not in text


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("HTTP_PROXY", "http://wandb.example.com"),
        ("HTTPS_PROXY", "https://wandb.example.com"),
        ("ALL_PROXY", "https://wandb.example.com"),
    ],
)
def test_a_proxy_that_refuses_is_named_with_its_variable(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    port = listener.getsockname()[1]
    listener.close()
    monkeypatch.setenv(variable, f"http://user:hidden@127.0.0.1:{port}")
    text = refusal(url)
    assert text.startswith(
        f"W&B: the server {url} cannot be reached through the proxy http://127.0.0.1:{port} "
        f"({variable})"
    )
    assert f"Correct {variable}, or name wandb.example.com in NO_PROXY" in text
    assert "WANDB_BASE_URL" not in text
    assert "hidden" not in text


def test_a_proxy_that_is_silent_is_named(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", url_of(listener))
    text = refusal("https://wandb.example.com", timeout=0.1)
    assert f"through the proxy {url_of(listener)} (https_proxy) (timed out)" in text


@pytest.mark.parametrize(
    ("variable", "url"),
    [("HTTP_PROXY", "http://wandb.example.com"), ("HTTPS_PROXY", "https://wandb.example.com")],
)
def test_a_proxy_that_wants_a_password_is_named(
    web: Web, monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    web.status = 407
    monkeypatch.setenv(variable, web.url)
    text = refusal(url)
    assert f"the proxy {web.url} ({variable})" in text
    assert "http://USER:PASSWORD@" in text
    assert len(web.requests) == 1


def test_what_a_proxy_answers_names_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.status = 503
    monkeypatch.setenv("http_proxy", web.url)
    text = refusal("http://wandb.example.com")
    assert f"answered with HTTP 503 through the proxy {web.url} (http_proxy)" in text


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "127.0.0.0/8", "*"])
def test_a_server_in_no_proxy_is_asked_directly(
    web: Web, listener: socket.socket, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    web.says({"data": {"viewer": {"entity": "team"}}})
    monkeypatch.setenv("HTTP_PROXY", url_of(listener))
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert probe(Login(web.url, KEY)) == "team"


def test_a_server_that_is_slow_to_fail_is_not_asked_for_ever(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_check, "_LIMIT", 4.0)
    web.status = 503
    assert "HTTP 503" in refusal(web.url, timeout=5)
    assert len(web.requests) == 1
