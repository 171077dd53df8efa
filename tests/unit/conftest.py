"""What several tests of parts share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.step import main as component
from tests.loading import COMPONENTS
from tests.memory import Memory


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Memory]:
    backend = Memory()
    monkeypatch.setattr(component, "open_backend", lambda settings, code_root: backend)
    monkeypatch.setattr(component, "_stop_with_parent", lambda: None)
    monkeypatch.setenv("RELAY_RESULT", str(tmp_path / "result.json"))
    monkeypatch.setenv("TRACKIO_DIR", os.environ.get("TRACKIO_DIR", str(tmp_path)))
    monkeypatch.chdir(COMPONENTS / "split")
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield backend
    for number, handler in before.items():
        signal.signal(number, handler)
