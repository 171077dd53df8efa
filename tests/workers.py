"""What the processes that run tests side by side share: the first that needs it makes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FOLDER = "TESTS_FOLDER"


def set_shared_folder(factory: pytest.TempPathFactory) -> None:
    """Share the folder that has the temporary folders of all these processes."""
    folder = factory.getbasetemp()
    os.environ[_FOLDER] = str(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


def shared_folder() -> Path:
    """Return the folder that these processes share."""
    return Path(os.environ[_FOLDER])
