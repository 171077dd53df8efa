"""Writes the files of a small project that a test makes for itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write each of `texts`, which may be indented as a whole, to its path in `folder`."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
