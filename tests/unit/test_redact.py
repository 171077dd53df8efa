"""No secret of a URL is shown."""

from __future__ import annotations

import pytest

from relay.redact import redact, redact_url


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
