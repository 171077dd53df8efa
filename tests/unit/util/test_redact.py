"""No secret of a URL is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.util.redact import redact, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@host:8080/a.csv", "https://host:8080/a.csv"),
        ("https://host/a.csv?raw=1&token=abc", "https://host/a.csv?raw=1&token=***"),
        (
            "https://host/a?X-Amz-Signature=abc&X-Amz-Date=1",
            "https://host/a?X-Amz-Signature=***&X-Amz-Date=1",
        ),
        ("https://host/a?api_key=abc", "https://host/a?api_key=***"),
        ("https://host/keyboard?monkey=1", "https://host/keyboard?monkey=1"),
        ("https://host/a?authToken=abc&n=1", "https://host/a?authToken=***&n=1"),
        ("https://host/a?accessToken=abc", "https://host/a?accessToken=***"),
        ("https://host/a?myAPIKey=abc", "https://host/a?myAPIKey=***"),
        ("https://host/a?TOKEN=abc", "https://host/a?TOKEN=***"),
        ("https://host/a?n=1;token=abc", "https://host/a?n=1;token=***"),
        ("https://host/a#token=abc", "https://host/a#token=***"),
        ("https://host/a#/page?accessToken=abc&n=1", "https://host/a#/page?accessToken=***&n=1"),
        ("https://host/a#rows", "https://host/a#rows"),
        ("https://u:p@[bad/x", "https://[bad/x"),
        ("https://u:p@ss@[bad", "https://[bad"),
        ("//user:pass@host/a", "//host/a"),
        ("folder/a.csv", "folder/a.csv"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_urls_in_a_text_are_found() -> None:
    text = "GET https://u:p@h/x?sig=1 failed, see https://h/help"
    assert redact(text) == "GET https://h/x?sig=*** failed, see https://h/help"


@pytest.mark.parametrize("password", ["it's", 'a"b', "a@b", "[x"])
def test_a_password_of_any_signs_is_cut_out_of_a_text(password: str) -> None:
    assert redact(f"GET 'https://u:{password}@h/x' failed") == "GET 'https://h/x' failed"


def test_urls_in_quotes_stay_apart() -> None:
    text = "'https://h/a' and 'https://u:p@h/b', mail to me@h"
    assert redact(text) == "'https://h/a' and 'https://h/b', mail to me@h"


SECRET = "0123456789abcdef"


@pytest.mark.parametrize(
    "name",
    [
        "WANDB_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "HF_TOKEN",
        "PGPASSWORD_PASSWORD",
        "db_passwd",
        "AZURE_CLIENT_SECRET",
        "GOOGLE_CREDENTIAL",
    ],
)
def test_the_value_of_a_secret_variable_is_cut_out(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    assert redact(f"sent {SECRET} and x{SECRET}y") == "sent *** and x***y"


def test_a_secret_is_cut_out_of_a_url_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", SECRET)
    assert redact(f"GET https://h/{SECRET}/a?n=1 failed") == "GET https://h/***/a?n=1 failed"


@pytest.mark.parametrize("name", ["MONKEY", "KEYBOARD", "WANDB_PROJECT", "AUTHOR", "PATH_TO_DATA"])
def test_the_value_of_an_innocent_variable_stays(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    assert redact(f"sent {SECRET}") == f"sent {SECRET}"


@pytest.mark.parametrize(("value", "shown"), [("1234567", "a 1234567"), ("12345678", "a ***")])
def test_a_value_that_is_too_short_to_be_a_secret_stays(
    monkeypatch: pytest.MonkeyPatch, value: str, shown: str
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", value)
    assert redact(f"a {value}") == shown


def test_a_text_without_secrets_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", SECRET)
    assert redact("nothing to hide") == "nothing to hide"


def test_of_two_secrets_that_begin_alike_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "abcdefgh")
    monkeypatch.setenv("B_TOKEN", "abcdefghijkl")
    assert redact("it was abcdefghijkl") == "it was ***"


def test_the_working_folder_is_not_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PWD", str(tmp_path))
    assert redact(f"no file {tmp_path}/a.csv") == f"no file {tmp_path}/a.csv"
