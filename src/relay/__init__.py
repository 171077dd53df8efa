"""The engine's interface for components. Everything else in the engine is for the engine alone.

A component's `run.py` is

    from relay import StepRun, main
    from params import Params

    def step(run: StepRun[Params]) -> None:
        ...

    if __name__ == "__main__":
        sys.exit(main(Params, step))

Each name is imported when it is first used, so that `import relay` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relay.step.context import WARNINGS_KEY
    from relay.step.main import main
    from relay.step.params import IS_OUTPUT_PATH, IS_PATH, NO_CONTENT, Facts, Params
    from relay.step.run import Input, StepRun
    from relay.tracking.artifact_names import is_another_source, lasting_url
    from relay.tracking.interface import ArtifactVersion
    from relay.tracking.lineage import (
        SOURCE_URL,
        Find,
        ancestry,
        recorded_input,
        source_url,
        train_set,
    )
    from relay.util.errors import ConfigError, GateFailed, RelayError

__version__ = "1.0.0"

__all__ = [
    "IS_OUTPUT_PATH",
    "IS_PATH",
    "NO_CONTENT",
    "SOURCE_URL",
    "WARNINGS_KEY",
    "ArtifactVersion",
    "ConfigError",
    "Facts",
    "Find",
    "GateFailed",
    "Input",
    "Params",
    "RelayError",
    "StepRun",
    "ancestry",
    "is_another_source",
    "lasting_url",
    "main",
    "recorded_input",
    "source_url",
    "train_set",
]

_MODULES = {
    "WARNINGS_KEY": "step.context",
    "main": "step.main",
    "Facts": "step.params",
    "IS_OUTPUT_PATH": "step.params",
    "IS_PATH": "step.params",
    "NO_CONTENT": "step.params",
    "Params": "step.params",
    "Input": "step.run",
    "StepRun": "step.run",
    "is_another_source": "tracking.artifact_names",
    "lasting_url": "tracking.artifact_names",
    "ArtifactVersion": "tracking.interface",
    "SOURCE_URL": "tracking.lineage",
    "Find": "tracking.lineage",
    "ancestry": "tracking.lineage",
    "recorded_input": "tracking.lineage",
    "source_url": "tracking.lineage",
    "train_set": "tracking.lineage",
    "ConfigError": "util.errors",
    "GateFailed": "util.errors",
    "RelayError": "util.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'relay' has no attribute '{name}'")
    return getattr(importlib.import_module(f"relay.{_MODULES[name]}"), name)
