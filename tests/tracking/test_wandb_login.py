"""Which login is found, and what is said of the server that it is for."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from relay.errors import ConfigError, RelayError
from relay.tracking.wandb_login import (
    CLOUD,
    Login,
    find_login,
    probe,
    require_login,
    resolve_backend,
    server_of,
)

KEY = "k" * 40
OLD_CLOUD = "https://api.wandb.ai"
OWN = "https://wandb.example.com:8443"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def netrc_line(url: str, key: str = KEY) -> str:
    return f"machine {url.partition('//')[2]}\n  login user\n  password {key}\n"


def write_settings(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings").write_text(text)


# The server


def test_the_cloud_is_what_the_sdk_takes_by_default() -> None:
    assert import_module("wandb").Settings().base_url == CLOUD
    assert import_module("wandb.sdk.lib.urls").DEFAULT_BASE_URL == CLOUD


def test_without_a_word_the_server_is_the_cloud(home: Path) -> None:
    assert server_of({"HOME": str(home)}) == CLOUD


def test_the_server_is_that_of_the_variable_without_a_last_slash(home: Path) -> None:
    write_settings(home / ".config" / "wandb", "[default]\nbase_url = https://other.example.com\n")
    assert server_of({"HOME": str(home), "WANDB_BASE_URL": f"{OWN}/"}) == OWN


def test_the_server_is_that_of_wandb_login_host(home: Path) -> None:
    write_settings(home / ".config" / "wandb", f"[default]\nbase_url = {OWN}\n")
    assert server_of({"HOME": str(home)}) == OWN


def test_the_settings_file_is_looked_for_where_the_variable_says(home: Path) -> None:
    write_settings(home / ".config" / "wandb", "[default]\nbase_url = https://other.example.com\n")
    write_settings(home / "mine", f"[default]\nbase_url = {OWN}\n")
    environ = {"HOME": str(home), "WANDB_CONFIG_DIR": str(home / "mine")}
    assert server_of(environ) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "base_url = https://other.example.com\n",
        "[default]\nentity = me\n",
        "[other]\nbase_url = https://other.example.com\n",
        "[default\n",
        "[default]\nbase_url =\n",
    ],
)
def test_a_settings_file_that_names_no_server_is_the_cloud(home: Path, text: str) -> None:
    write_settings(home, text)
    assert server_of({"HOME": str(home), "WANDB_CONFIG_DIR": str(home)}) == CLOUD


def test_a_settings_file_that_is_no_text_is_the_cloud(home: Path) -> None:
    (home / "settings").write_bytes(b"[default]\nbase_url = \xff\xfe\n")
    assert server_of({"HOME": str(home), "WANDB_CONFIG_DIR": str(home)}) == CLOUD


def test_a_percent_sign_in_the_settings_file_is_only_that(home: Path) -> None:
    write_settings(home, f"[default]\nbase_url = {OWN}/a%20b\n")
    assert server_of({"WANDB_CONFIG_DIR": str(home)}) == f"{OWN}/a%20b"


@pytest.mark.parametrize(
    "url", ["wandb.example.com", "//wandb.example.com", "ftp://host", "https://", "http://[bad"]
)
def test_a_server_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"WANDB_BASE_URL is .* begin with https://"):
        server_of({"WANDB_BASE_URL": url})


def test_a_refused_address_is_shown_without_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        server_of({"WANDB_BASE_URL": "ftp://me:hidden@host"})
    assert "hidden" not in str(caught.value)


# The key


def test_no_key_is_no_login(home: Path) -> None:
    assert find_login({"HOME": str(home), "WANDB_API_KEY": ""}) is None


def test_the_key_of_the_variable_comes_before_that_of_netrc(home: Path) -> None:
    (home / ".netrc").write_text(netrc_line(CLOUD, "n" * 40))
    login = find_login({"HOME": str(home), "WANDB_API_KEY": KEY})
    assert login == Login(CLOUD, KEY)


@pytest.mark.parametrize("name", [".netrc", "_netrc"])
def test_the_key_is_found_in_the_home_folder(home: Path, name: str) -> None:
    (home / name).write_text(netrc_line(CLOUD))
    assert find_login({"HOME": str(home)}) == Login(CLOUD, KEY)


def test_only_the_netrc_that_the_variable_names_is_read(home: Path) -> None:
    (home / "mine").write_text(netrc_line(CLOUD))
    (home / ".netrc").write_text(netrc_line(CLOUD, "n" * 40))
    assert find_login({"HOME": str(home), "NETRC": str(home / "mine")}) == Login(CLOUD, KEY)
    assert find_login({"HOME": str(home), "NETRC": str(home / "nothing")}) is None


def test_a_key_is_for_its_own_server_only(home: Path) -> None:
    (home / ".netrc").write_text(netrc_line(OWN) + netrc_line(CLOUD, "n" * 40))
    assert find_login({"HOME": str(home), "WANDB_BASE_URL": OWN}) == Login(OWN, KEY)
    elsewhere = {"HOME": str(home), "WANDB_BASE_URL": "https://wandb.example.com"}
    assert find_login(elsewhere) is None  # another port is another server


def test_after_wandb_login_host_the_key_of_that_server_is_taken(home: Path) -> None:
    (home / ".netrc").write_text(netrc_line(OWN) + netrc_line(CLOUD, "n" * 40))
    write_settings(home / ".config" / "wandb", f"[default]\nbase_url = {OWN}\n")
    assert find_login({"HOME": str(home)}) == Login(OWN, KEY)


def test_a_key_that_was_written_for_the_clouds_older_name_is_taken(home: Path) -> None:
    (home / ".netrc").write_text(netrc_line(OLD_CLOUD))
    assert find_login({"HOME": str(home)}) == Login(CLOUD, KEY)


def test_the_clouds_new_name_comes_before_the_older_one(home: Path) -> None:
    (home / ".netrc").write_text(netrc_line(OLD_CLOUD, "o" * 40) + netrc_line(CLOUD))
    assert find_login({"HOME": str(home)}) == Login(CLOUD, KEY)


def test_a_netrc_that_cannot_be_read_holds_no_key(home: Path) -> None:
    path = home / ".netrc"
    for content in (b"machine", b"password only", b"machine \xff\xfe password x", b""):
        path.write_bytes(content)
        assert find_login({"HOME": str(home)}) is None
    path.unlink()
    path.mkdir()
    assert find_login({"HOME": str(home)}) is None


def test_an_entry_without_a_password_holds_no_key(home: Path) -> None:
    (home / ".netrc").write_text(f"machine {CLOUD.partition('//')[2]}\n  login user\n")
    assert find_login({"HOME": str(home)}) is None


@pytest.mark.parametrize(
    ("url", "files"),
    [
        (CLOUD, {}),
        (CLOUD, {".netrc": netrc_line(CLOUD)}),
        (CLOUD, {"_netrc": netrc_line(OLD_CLOUD)}),
        (CLOUD, {".netrc": netrc_line(OWN), "_netrc": netrc_line(CLOUD)}),
        (CLOUD, {".netrc": f"default login user password {KEY}\n"}),
        (OLD_CLOUD, {".netrc": netrc_line(OLD_CLOUD)}),
        (OLD_CLOUD, {".netrc": netrc_line(CLOUD)}),
        (OWN, {".netrc": netrc_line(OWN)}),
        (OWN, {".netrc": netrc_line(CLOUD)}),
    ],
)
def test_the_key_in_netrc_is_the_one_that_the_sdk_finds(
    home: Path, monkeypatch: pytest.MonkeyPatch, url: str, files: Mapping[str, str]
) -> None:
    for name, text in files.items():
        (home / name).write_text(text)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("NETRC", raising=False)
    login = find_login({"HOME": str(home), "WANDB_BASE_URL": url})
    found = import_module("wandb.sdk.lib.wbauth.wbnetrc").read_netrc_auth(host=url)
    assert (login.key if login else None) == found


def test_an_identity_token_is_a_login_without_a_key(home: Path) -> None:
    environ = {"HOME": str(home), "WANDB_IDENTITY_TOKEN_FILE": "token.jwt"}
    assert find_login(environ) == Login(CLOUD, None)


def test_the_key_shows_in_no_text_of_the_login() -> None:
    assert KEY not in f"{Login(CLOUD, KEY)!r} {Login(CLOUD, KEY)}"


# The backend


def test_auto_is_wandb_where_there_is_a_login_and_local_without(home: Path) -> None:
    assert resolve_backend("auto", {"HOME": str(home)}) == "local"
    assert resolve_backend("auto", {"HOME": str(home), "WANDB_API_KEY": KEY}) == "wandb"
    token = {"HOME": str(home), "WANDB_IDENTITY_TOKEN_FILE": "token.jwt"}
    assert resolve_backend("auto", token) == "wandb"


def test_what_is_named_is_taken(home: Path) -> None:
    assert resolve_backend("local", {"HOME": str(home), "WANDB_API_KEY": KEY}) == "local"
    assert resolve_backend("wandb", {"HOME": str(home)}) == "wandb"


@pytest.mark.parametrize("mode", ["offline", "disabled", "dryrun"])
def test_a_mode_that_is_not_online_is_local_and_contradicts_wandb(home: Path, mode: str) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY, "WANDB_MODE": mode}
    assert resolve_backend("auto", environ) == "local"
    assert resolve_backend("local", environ) == "local"
    with pytest.raises(ConfigError, match=rf"WANDB_MODE={mode}.*Unset"):
        resolve_backend("wandb", environ)


@pytest.mark.parametrize("mode", ["online", "shared", ""])
def test_any_other_mode_is_online(home: Path, mode: str) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY, "WANDB_MODE": mode}
    assert resolve_backend("auto", environ) == resolve_backend("wandb", environ) == "wandb"


def test_offline_a_wrong_address_is_not_looked_at() -> None:
    assert resolve_backend("auto", {"WANDB_MODE": "offline", "WANDB_BASE_URL": "bad"}) == "local"


def test_a_login_that_is_needed_and_not_there_says_what_to_do(home: Path) -> None:
    with pytest.raises(ConfigError, match=rf"no W&B login for {OWN}.*wandb login"):
        require_login({"HOME": str(home), "WANDB_BASE_URL": OWN})
    assert require_login({"WANDB_API_KEY": KEY, "WANDB_BASE_URL": OWN}) == Login(OWN, KEY)


# The server's answer


@dataclass
class Web:
    """A web server on loopback that gives one answer to all, and keeps what it was sent."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def says(self, answer: Any) -> None:
        self.body = json.dumps(answer).encode()


@pytest.fixture
def web() -> Iterator[Web]:
    one = Web()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            one.requests.append((self.path, dict(self.headers), body))
            self.send_response(one.status)
            for name, value in {"Content-Length": str(len(one.body)), **one.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(one.body)

        do_GET = do_POST = _answer  # noqa: N815 - http.server's names

        def log_message(self, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        server.shutdown()
        thread.join()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of loopback that takes connections and says nothing of itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def refusal(url: str, kind: type[RelayError] = RelayError, timeout: float = 5) -> str:
    """What is said where the login for `url` is not taken; it never has the key."""
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
    assert f"{web.url} does not know the key" in text
    assert "wandb login" in text


def test_nobody_as_the_answer_is_a_key_that_is_not_known(web: Web) -> None:
    web.says({"data": {"viewer": None}})
    assert "does not know the key" in refusal(web.url, ConfigError)


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_an_error_of_the_server_is_told_with_its_number(web: Web, status: int) -> None:
    web.status = status
    text = refusal(web.url)
    assert f"HTTP {status}" in text


@pytest.mark.parametrize(
    "answer", [[], {}, "text", None, 1, {"data": None}, {"data": {}}, {"data": {"viewer": "me"}}]
)
def test_an_answer_that_is_not_wandbs_is_told(web: Web, answer: Any) -> None:
    web.says(answer)
    assert "is no W&B server" in refusal(web.url)


@pytest.mark.parametrize("body", [b"", b"<html>Welcome</html>", b"\xff\xfe\x00", b'{"data": {"vi'])
def test_an_answer_that_is_no_json_is_told(web: Web, body: bytes) -> None:
    web.body = body
    assert "is no W&B server" in refusal(web.url)


def test_a_huge_answer_is_not_read_to_its_end(web: Web) -> None:
    web.says({"data": {"viewer": {"entity": "team"}}, "more": "x" * 1_000_000})
    assert "is no W&B server" in refusal(web.url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_follows_no_redirection(web: Web, listener: socket.socket, status: int) -> None:
    web.status = status
    web.headers["Location"] = f"{url_of(listener)}/login?token=abc"
    text = refusal(web.url, ConfigError)
    assert f"sends on to {url_of(listener)}/login?token=***" in text
    assert "WANDB_BASE_URL" in text
    listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_server_that_is_not_there_is_told(listener: socket.socket) -> None:
    url = url_of(listener)
    listener.close()
    text = refusal(url)
    assert f"{url} cannot be reached" in text
    assert "refused" in text


def test_a_server_that_says_nothing_is_given_up_on(listener: socket.socket) -> None:
    text = refusal(url_of(listener), timeout=0.1)
    assert "cannot be reached" in text
    assert "timed out" in text


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\r\n\r\n"])
def test_what_does_not_speak_http_is_told(listener: socket.socket, words: bytes) -> None:
    def speak() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(words)

    speaker = threading.Thread(target=speak)
    speaker.start()
    assert "is no W&B server" in refusal(url_of(listener))
    speaker.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1:port", "http://127.0.0.1:1/a b"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    assert "Check" in refusal(url)


def test_a_name_and_password_in_the_address_are_not_shown(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    text = refusal(f"http://me:hidden@127.0.0.1:{port}")
    assert f"http://127.0.0.1:{port}" in text
    assert "hidden" not in text
