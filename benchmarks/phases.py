"""Run a component alone, and write its time by phase.

    python phases.py FILE --name=value ...     in the component's folder, as run.py itself

Written to FILE as JSON, in CPU seconds, which other processes change less than those of the clock:
`start`, of Python itself; `imports`, until the work begins; `tracking`, calls of the backend;
`reading` and `writing` of tables and models; `work`, the rest.
"""

from __future__ import annotations

import contextlib
import functools
import json
import runpy
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

_TRACKING = ("start_run", "find", "set_alias")
_TRACKED_RUN = ("use_artifact", "download", "_log_artifact", "log", "update_config", "finish")
FILES = (
    ("relay.tables.io", "read_artifact", "reading"),
    ("relay.tables.io", "write_parquet", "writing"),
    ("relay.tables.reading.table", "read_raw", "reading"),
    ("relay.models.loading", "load_model", "reading"),
    ("sklearn_pipeline", "save", "writing"),
)


class Phases:
    """CPU seconds by phase; those of a phase within another count for the inner one only."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with its time counted as `phase`."""

        @functools.wraps(function)
        def wrapped(*arguments: Any, **more: Any) -> Any:
            began = time.process_time()
            self._inner.append(0.0)
            try:
                return function(*arguments, **more)
            finally:
                spent = time.process_time() - began
                self.seconds[phase] += spent - self._inner.pop()
                self._inner[-1] += spent

        return wrapped

    def watch(self, owner: Any, names: tuple[str, ...], phase: str) -> None:
        """Count the time in these functions of `owner` as `phase`."""
        for name in names:
            setattr(owner, name, self.timed(phase, getattr(owner, name)))


def main() -> int:
    """Run `run.py` of the working folder."""
    target = Path(sys.argv.pop(1))
    phases = Phases()
    clock = phases.seconds["start"] = time.process_time()
    component: Any = import_module("relay.step.main")
    phases.watch(import_module("relay.tracking.local.backend").LocalBackend, _TRACKING, "tracking")
    phases.watch(import_module("relay.tracking.local.run").LocalRun, _TRACKED_RUN, "tracking")
    sys.path.insert(0, str(Path.cwd()))
    for module, name, phase in FILES:
        with contextlib.suppress(ModuleNotFoundError):  # not a module of this component
            phases.watch(import_module(module), (name,), phase)
    work = phases.timed("work", component.main)

    def main_of_component(*arguments: Any, **options: Any) -> int:
        phases.seconds["imports"] = time.process_time() - clock
        status: int = work(*arguments, **options)
        return status

    component.main = main_of_component
    try:
        runpy.run_path("run.py", run_name="__main__")
    except SystemExit as end:
        target.write_text(json.dumps(phases.seconds))
        return int(end.code or 0)
    return 1


if __name__ == "__main__":
    sys.exit(main())
