"""Files that a test writes, to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Write = Any


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file of this content and name, and returns its path."""

    def write(content: str | bytes, name: str = "data.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return write
