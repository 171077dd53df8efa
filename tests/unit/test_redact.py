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
        ("folder/a.csv", "folder/a.csv"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_urls_in_a_text_are_found() -> None:
    text = "GET https://u:p@h/x?sig=1 failed, see https://h/help"
    assert redact(text) == "GET https://h/x?sig=*** failed, see https://h/help"
