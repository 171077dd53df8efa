"""A build is one process: it is shown, stopped, and explained by the end of its log."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from relay.runtime.build_process import Builds
from relay.util.errors import RelayError
from relay.util.signals import StopSignals


class Recorder:
    def __init__(self) -> None:
        self.events: list[Any] = []

    def build_starts(self, line: str) -> None: ...

    def building(self, names: Any, usage: Any, line: str) -> None:
        self.events.append(("building", tuple(names)))

    def built(self, names: Any, seconds: float) -> None:
        self.events.append(("built", tuple(names)))


def run(folder: Path, code: str) -> Builds:
    builds = Builds(folder / "log", Recorder(), StopSignals(at_once=False))
    command = [sys.executable, "-c", code]
    builds.run(command, folder, os.environ, ["split", "train"], "|".join)
    return builds


def test_a_build_is_shown_for_all_components_that_share_it(tmp_path: Path) -> None:
    builds = run(tmp_path, "import time; print('layer'); time.sleep(0.3)")
    events = builds.display.events  # type: ignore[attr-defined]
    assert events[-1] == ("built", ("split", "train"))
    assert set(events[:-1]) == {("building", ("split", "train"))}
    assert builds.seconds > 0.2
    assert (tmp_path / "log").read_text() == "layer\n"


def test_a_build_that_fails_is_explained_by_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match=r"^fetching\n?\|no space\n?$"):
        run(tmp_path, "print('fetching'); print('no space'); raise SystemExit(3)")
