"""Libraries are loaded ahead for the components whose processes can be forked then."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from relay.runtime.component import Component
from relay.runtime.environments import Environment
from relay.runtime.environments_interface import Environments
from relay.runtime.preloading import Preloading
from relay.step.params import Params
from relay.tracking import TrackingSettings
from relay.tracking.backends import step_module
from relay.util.project import Project

PLAIN = "PYTHONPATH=../../src python run.py"


@pytest.fixture
def component(tmp_path: Path) -> Component:
    """Make a component that imports pandas, and SciPy in a function."""
    folder = tmp_path / "components" / "train"
    folder.mkdir(parents=True)
    (folder / "run.py").write_text("import pandas\n\n\ndef work():\n    import scipy\n")
    backend = tmp_path / "src" / f"{step_module(TrackingSettings()).replace('.', '/')}.py"
    backend.parent.mkdir(parents=True)
    backend.touch()
    (tmp_path / ".relay").mkdir()
    return Component("train", folder, PLAIN, Params)


def preloading(root: Path, *packages: str) -> Preloading:
    """Return what a new run in `root` chooses, in an environment with `packages`."""
    for package in packages:
        folder = root / "env" / "lib" / "python3.11" / "site-packages" / package
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    environment = Environment(str(root / "env"), ("activate",))
    environments: Any = SimpleNamespace(get=lambda component: environment)
    return Preloading(Project(root), TrackingSettings(), cast(Environments, environments))


def test_imports_and_those_of_functions_are_needed(tmp_path: Path, component: Component) -> None:
    needed = dict(preloading(tmp_path).list_needed(component))
    assert next(iter(needed)) == "pandas"
    assert "scipy" in needed


def test_modules_for_later_come_early_until_a_run_has_shown_what_is_used(
    tmp_path: Path, component: Component
) -> None:
    first = preloading(tmp_path)
    assert ("pyarrow.dataset", ()) in first.list_early(component)
    assert ("pyarrow.dataset", ()) not in first.list_needed(component)
    first.note_loaded(component, ["openpyxl"])
    first.save()
    second = preloading(tmp_path)
    assert ("openpyxl", ()) in second.list_needed(component)
    assert second.list_early(component) == second.list_needed(component)


def test_a_module_that_is_unfit_is_not_loaded_ahead(tmp_path: Path, component: Component) -> None:
    first = preloading(tmp_path)
    first.note_loaded(component, ["numba.core", "numbers_too"])
    first.note_unfit("activate", "numba")
    first.save()
    needed = dict(preloading(tmp_path).list_needed(component))
    assert "numba.core" not in needed
    assert "numbers_too" in needed


@pytest.mark.skipif("sys.platform != 'linux'")
def test_a_component_that_sets_variables_or_starts_threads_is_not_forked(
    tmp_path: Path, component: Component
) -> None:
    assert preloading(tmp_path).can_fork(component)
    assert not preloading(tmp_path, "torch").can_fork(component)
    (component.folder / "near.py").write_text("import os\nos.environ['A'] = '1'\n")
    (tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "torch" / "__init__.py").unlink()
    assert not preloading(tmp_path).can_fork(component)
