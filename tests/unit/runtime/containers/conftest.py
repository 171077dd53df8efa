"""What the tests of containers share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.runtime.containers.stand_in import StandIn


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path, monkeypatch)
