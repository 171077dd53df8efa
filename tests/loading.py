"""Imports a component's modules, which share the names `run` and `params` between components."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from tools.shipped import STEPS

ROOT = Path(__file__).resolve().parents[1]
COMPONENTS = ROOT / "components"
SHIPPED = STEPS
"""The steps, each with a component of its name, that Relay brings; a project may add others."""


def load(component: str, module: str = "run") -> ModuleType:
    """Import `module` of `component`, with its own `params` and other neighbours."""
    folder = COMPONENTS / component
    neighbours = {path.stem for path in folder.glob("*.py")}
    hidden = {name: sys.modules.pop(name) for name in neighbours if name in sys.modules}
    sys.path.insert(0, str(folder))
    try:
        spec = spec_from_file_location(module, folder / f"{module}.py")
        assert spec is not None and spec.loader is not None
        loaded = module_from_spec(spec)
        sys.modules[module] = loaded
        spec.loader.exec_module(loaded)
        return loaded
    finally:
        sys.path.remove(str(folder))
        for name in neighbours:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
