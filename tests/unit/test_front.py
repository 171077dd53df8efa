"""`relay` has what a component's code needs of the engine, and loads it when it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import relay
from tests.loading import COMPONENTS, ROOT

OPEN_ROOMS = ("relay.tables", "relay.models", "relay.forecasts", "relay.pages", "relay.util")


@pytest.mark.parametrize("name", relay.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(relay, name) is not None


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Parms'"):
        relay.Parms  # noqa: B018


def test_it_imports_nothing_by_itself() -> None:
    code = "import sys, relay; print([name for name in sys.modules if name.startswith('relay.')])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "path", sorted(COMPONENTS.glob("*/*.py")), ids=lambda path: "/".join(path.parts[-2:])
)
def test_components_import_it_and_the_open_rooms_only(path: Path) -> None:
    source = ast.parse(path.read_text())
    modules = {
        node.module
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("relay.")
    }
    assert not [module for module in modules if not str(module).startswith(OPEN_ROOMS)]
