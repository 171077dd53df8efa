"""Writing files so that a reader sees the whole of one or nothing."""

from __future__ import annotations

import uuid
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` (UTF-8) by way of a file beside it and a rename."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        error.filename = str(path)  # the one that people know
        raise
    finally:
        aside.unlink(missing_ok=True)


def point_link(link: Path, target: str) -> None:
    """Make the symbolic link `link` point at `target`, in one move."""
    aside = link.with_name(f".{link.name}.{uuid.uuid4().hex}")
    aside.symlink_to(target)
    try:
        aside.replace(link)
    finally:
        aside.unlink(missing_ok=True)
