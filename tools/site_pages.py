"""A hook of mkdocs (`make site`): pages from beside docs/ and of a project, and links between them.

The pages are written for GitHub, where links lead from file to file. README.md is the site's first
page. A link to any other file, such as one of config/, leads to the repository if
`RELAY_REPOSITORY` has its address, and is text otherwise. The pages that a project adds in
docs/own/ are a section of the navigation, so that mkdocs.yml need not name them.
"""

from __future__ import annotations

import importlib
import os
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "RELAY_REPOSITORY"
"""The variable with the address of the repository, such as https://HOST/OWNER/relay."""
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
"""The pages beside docs/, and their names in the site."""
OWN = "own"
"""The folder in docs/ for the pages of a project, and their section in the navigation."""
_OWN_SECTION = "Own pages"
_BEFORE = "Guides"
"""The section of mkdocs.yml that they are put before."""
_DOCS = "docs/"
_CODE = r"```.*?```|^ {4}.*?$|`[^`\n]*`"
_LINK = r"\[(?P<text>(?:`[^`\n]*`|[^\[\]`])+)\]\((?P<target>[^)\s]+)\)"
_PART = re.compile(rf"{_LINK}|(?P<code>{_CODE})", re.DOTALL | re.MULTILINE)


def on_config(config: Any) -> Any:
    """Name headings in links as GitHub does, and add the project's own pages to the navigation."""
    config["mdx_configs"].setdefault("toc", {})["slugify"] = slug
    config["nav"] = with_own_pages(config["nav"], own_pages(Path(config["docs_dir"])))
    return config


def own_pages(docs: Path) -> list[str]:
    """Return the pages in docs/own/: by name, `index.md` of a folder first."""
    pages = [path.relative_to(docs) for path in (docs / OWN).rglob("*.md")]
    return [page.as_posix() for page in sorted(pages, key=_place)]


def _place(page: Path) -> tuple[str, bool, str]:
    return page.parent.as_posix(), page.name != "index.md", page.name


def with_own_pages(nav: list[Any], pages: list[str]) -> list[Any]:
    """Return the navigation with a section of `pages`, if there are any, before the guides."""
    if not pages:
        return nav
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in nav]
    place = names.index(_BEFORE)
    return [*nav[:place], {_OWN_SECTION: pages}, *nav[place:]]


def on_files(files: Any, config: Any) -> Any:
    """Add the pages from beside docs/ to the `files` of the site."""
    file = importlib.import_module("mkdocs.structure.files").File  # only .venv-docs has it
    for name, page in PAGES.items():
        files.append(file.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return the text of a page with links that the site has."""
    return site_links(markdown, page.file.src_uri, os.environ.get(REPOSITORY, ""))


def slug(title: str, separator: str = "-") -> str:
    """Return the name of a heading in links."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", separator)


def site_links(text: str, page: str, repository: str) -> str:
    """Return `text` of the site's `page` with its links to files changed to links of the site."""
    source = next((name for name, site in PAGES.items() if site == page), _DOCS + page)

    def replace(part: re.Match[str]) -> str:
        if part["code"] is not None or part["target"].startswith(("http", "#")):
            return part[0]
        path, _, heading = part["target"].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        site = PAGES.get(target)
        if site is None and target.startswith(_DOCS):
            site = target.removeprefix(_DOCS)
        if site is not None:
            link = posixpath.relpath(site, posixpath.dirname(page) or ".")
            return f"[{part['text']}]({link}{'#' if heading else ''}{heading})"
        if repository:
            return f"[{part['text']}]({repository}/blob/main/{target})"
        return part["text"]

    return _PART.sub(replace, text)
