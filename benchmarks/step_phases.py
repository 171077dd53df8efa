"""The time of each step by phase, measured by running it alone under `phases.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.checkout import Checkout, measure
from benchmarks.plain import plain_steps

PHASES = ("start", "imports", "tracking", "reading", "work", "writing")


def measure_phases(
    checkout: Checkout, arguments: Sequence[str]
) -> Mapping[str, Mapping[str, float]]:
    """Return CPU seconds by step and phase, for one run of the pipeline with `arguments`."""
    seconds = {}
    target = checkout.root / "phases.json"
    for step in plain_steps(checkout, arguments):
        python = Path(str(step.environment.folder)) / "bin" / "python"
        words = [f"--{name}={value}" for name, value in step.arguments.items()]
        script = Path(__file__).with_name("phases.py")
        measure(
            [str(python), str(script), str(target), *words],
            step.job.component.folder,
            # phases.py imports Trackio first, which reads its folder at once
            {
                "PYTHONPATH": str(checkout.root / "src"),
                "TRACKIO_DIR": str(checkout.root / ".relay" / "trackio"),
            },
        )
        seconds[step.job.name] = json.loads(target.read_text())
    return seconds
