"""The functions whose time the benchmarks count as a phase are there, under these names."""

from __future__ import annotations

from importlib import import_module

import pytest

from benchmarks.phases import FILES
from tests.loading import load


@pytest.mark.parametrize(("module", "function", "phase"), FILES)
def test_what_is_measured_is_there(module: str, function: str, phase: str) -> None:
    owner = import_module(module) if module.startswith("relay.") else load("train", module)
    assert callable(getattr(owner, function))
