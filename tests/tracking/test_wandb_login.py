"""Which login is found: server, key and backend."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from relay.tracking.wandb.login import (
    CLOUD,
    Login,
    find_login,
    require_login,
    require_switched_on,
    resolve_backend,
    server_of,
)
from relay.util.errors import ConfigError

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


def test_by_default_the_server_is_the_cloud(home: Path) -> None:
    assert server_of({"HOME": str(home)}) == CLOUD


def test_the_server_is_that_of_the_variable_without_a_last_slash(home: Path) -> None:
    write_settings(home / ".config" / "wandb", "[default]\nbase_url = https://other.example.com\n")
    assert server_of({"HOME": str(home), "WANDB_BASE_URL": f"{OWN}/"}) == OWN


def test_the_server_is_that_of_wandb_login_host(home: Path) -> None:
    write_settings(home / ".config" / "wandb", f"[default]\nbase_url = {OWN}\n")
    assert server_of({"HOME": str(home)}) == OWN


def test_the_settings_file_is_in_the_folder_of_the_variable(home: Path) -> None:
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


def test_with_a_settings_file_that_is_not_a_text_the_server_is_the_cloud(home: Path) -> None:
    (home / "settings").write_bytes(b"[default]\nbase_url = \xff\xfe\n")
    assert server_of({"HOME": str(home), "WANDB_CONFIG_DIR": str(home)}) == CLOUD


def test_a_percent_sign_in_the_settings_file_is_only_that(home: Path) -> None:
    write_settings(home, f"[default]\nbase_url = {OWN}/a%20b\n")
    assert server_of({"WANDB_CONFIG_DIR": str(home)}) == f"{OWN}/a%20b"


@pytest.mark.parametrize(
    "url", ["wandb.example.com", "//wandb.example.com", "ftp://host", "https://", "http://[bad"]
)
def test_a_server_that_is_not_a_web_address_is_an_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^WANDB_BASE_URL: not a web address .*https://"):
        server_of({"WANDB_BASE_URL": url})


def test_a_refused_address_is_shown_without_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        server_of({"WANDB_BASE_URL": "ftp://me:hidden@host"})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("port", ["eighty", "80a", "99999"])
def test_a_port_that_is_not_a_number_is_named(port: str) -> None:
    with pytest.raises(ConfigError, match=rf"^WANDB_BASE_URL: the port .*\(got '{port}'\)"):
        server_of({"WANDB_BASE_URL": f"http://me:hidden@localhost:{port}/wandb"})


# The key


def test_without_a_key_there_is_not_a_login(home: Path) -> None:
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
    credentials = import_module("wandb.sdk.lib.wbauth.wbnetrc").read_netrc_auth(host=url)
    assert (login.key if login else None) == credentials


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


@pytest.mark.parametrize("value", ["true", "True", "1", "yes", "ON"])
def test_wandb_disabled_is_local_whatever_the_mode(home: Path, value: str) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY, "WANDB_DISABLED": value}
    for mode in ("", "online"):
        assert resolve_backend("auto", {**environ, "WANDB_MODE": mode}) == "local"
    with pytest.raises(ConfigError, match=rf"by WANDB_DISABLED={value},.*Unset WANDB_DISABLED"):
        resolve_backend("wandb", environ)


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
def test_wandb_disabled_may_be_false(home: Path, value: str) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY, "WANDB_DISABLED": value}
    assert resolve_backend("auto", environ) == "wandb"


def test_wandb_disabled_that_is_neither_is_refused(home: Path) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY, "WANDB_DISABLED": "maybe"}
    with pytest.raises(ConfigError, match=r"WANDB_DISABLED: neither true nor false.*'maybe'"):
        resolve_backend("auto", environ)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_what_the_wandb_command_switched_off_stays_off(home: Path, mode: str) -> None:
    write_settings(home / ".config" / "wandb", f"[default]\nmode = {mode}\n")
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY}
    assert resolve_backend("auto", environ) == "local"
    with pytest.raises(ConfigError, match=rf"mode = {mode}.*Run `wandb online`"):
        resolve_backend("wandb", environ)
    # a variable comes before the file, as it does in the SDK
    assert resolve_backend("auto", {**environ, "WANDB_MODE": "online"}) == "wandb"


def test_nothing_is_published_while_wandb_is_switched_off(home: Path) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY}
    require_switched_on(environ)
    with pytest.raises(ConfigError, match=r"^WANDB_MODE=offline: .*Unset WANDB_MODE to publish"):
        require_switched_on({**environ, "WANDB_MODE": "offline"})


@pytest.mark.parametrize("mode", ["online", "shared", ""])
def test_any_other_mode_is_online(home: Path, mode: str) -> None:
    environ = {"HOME": str(home), "WANDB_API_KEY": KEY, "WANDB_MODE": mode}
    assert resolve_backend("auto", environ) == resolve_backend("wandb", environ) == "wandb"


def test_offline_a_wrong_address_is_not_looked_at() -> None:
    assert resolve_backend("auto", {"WANDB_MODE": "offline", "WANDB_BASE_URL": "bad"}) == "local"


def test_a_missing_login_is_an_error_with_advice(home: Path) -> None:
    with pytest.raises(ConfigError, match=rf"^W&B: there is no login for {OWN}.*wandb login"):
        require_login({"HOME": str(home), "WANDB_BASE_URL": OWN})
    assert require_login({"WANDB_API_KEY": KEY, "WANDB_BASE_URL": OWN}) == Login(OWN, KEY)
