"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loading import ROOT


@pytest.fixture
def shared() -> Path:
    """The folder of real data sets that lies beside the checkout; skips where it does not."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here")
    return folder
