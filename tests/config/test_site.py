"""The site of docs/ (`make site`): it has every page, links as it needs them, and loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.loading import ROOT
from tools.site_pages import PAGES, own_pages, site_links, with_own_pages

pytestmark = pytest.mark.additions


def site() -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    return settings


def nav_pages(entry: object) -> Iterator[str]:
    """Yield the pages of an entry of the navigation."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        for part in entry:
            yield from nav_pages(part)
    elif isinstance(entry, dict):
        yield from nav_pages(list(entry.values()))


def test_every_page_is_in_the_navigation_once() -> None:
    docs = ROOT / "docs"
    pages = [path.relative_to(docs).as_posix() for path in docs.glob("**/*.md")]
    nav = with_own_pages(site()["nav"], own_pages(docs))
    assert sorted(nav_pages(nav)) == sorted([*pages, *PAGES.values()])


def test_pages_that_a_project_adds_are_a_section_without_a_change_of_mkdocs_yml(
    tmp_path: Path,
) -> None:
    for name in ("own/b.md", "own/index.md", "own/deep/a.md", "guides/data.md", "own/picture.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    pages = own_pages(tmp_path)
    assert pages == ["own/index.md", "own/b.md", "own/deep/a.md"]
    before = site()["nav"]
    nav = with_own_pages(before, pages)
    [place] = [number for number, entry in enumerate(nav) if entry == {"Own pages": pages}]
    assert nav[:place] + nav[place + 1 :] == before
    assert "Guides" in nav[place + 1]
    assert with_own_pages(before, []) == before


def test_the_site_takes_no_fonts_from_elsewhere() -> None:
    assert site()["theme"]["font"] is False


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("index.md", "[Files](docs/guides/data.md)", "[Files](guides/data.md)"),
        ("guides/data.md", "[Wörter](../style.md#names)", "[Wörter](../style.md#names)"),
        ("style.md", "[`make`](../README.md#start)", "[`make`](index.md#start)"),
        ("CONTRIBUTING.md", "[style](docs/style.md)", "[style](style.md)"),
        ("guides/data.md", "[there](#dates)", "[there](#dates)"),
        ("guides/data.md", "`[a](../../b.md)` stays", "`[a](../../b.md)` stays"),
        ("guides/data.md", "```\n[a](../../b.md)\n```", "```\n[a](../../b.md)\n```"),
    ],
)
def test_links_between_pages_lead_to_pages_of_the_site(page: str, text: str, expected: str) -> None:
    assert site_links(text, page, "") == expected


def test_a_link_to_another_file_leads_to_the_repository_or_is_text() -> None:
    text = "See [all settings](../../config/config.yaml)."
    assert site_links(text, "guides/data.md", "") == "See all settings."
    assert site_links(text, "guides/data.md", "https://example.org/relay") == (
        "See [all settings](https://example.org/relay/blob/main/config/config.yaml)."
    )
