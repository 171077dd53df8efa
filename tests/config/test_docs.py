"""The pages of docs/: the reference of settings is up to date, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.loading import ROOT
from tools.reference import PAGE, page, settings
from tools.site_pages import slug

pytestmark = pytest.mark.additions
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_the_reference_is_what_make_docs_writes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(ROOT), (
        "run `make docs`, or PYTHONPATH=src python -m tools.reference"
    )


def test_comments_behind_below_and_above_a_setting_are_its_meaning() -> None:
    text = """
# the seed
seed: 42

data:
  url: "a#b"       # a path
                   # or a URL
  drop: []
  other: {a: 1}  # both
# no part of it
"""
    assert list(settings(text, "x.")) == [
        ("x.seed", "42", "the seed"),
        ("x.data.url", '"a#b"', "a path or a URL"),
        ("x.data.drop", "[]", ""),
        ("x.data.other", "{a: 1}", "both"),
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("http"):
            continue
        name, _, heading = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not heading or heading in _headings(target), link


def _headings(path: Path) -> set[str]:
    """Return the headings of a page as GitHub names them in links."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {slug(title) for title in titles}
