"""Counts the pictures that are large enough."""

from __future__ import annotations

import json
import sys

from params import Params

from relay import StepRun, main


def step(run: StepRun[Params]) -> None:
    """Count the pictures that are large enough."""
    sizes = json.loads((run.input("list").path / "sizes.json").read_text())
    least = run.params.least
    large = {
        name: [width, height]
        for name, (width, height) in sizes.items()
        if width >= least.width and height >= least.height
    }
    file = run.workspace / "large.json"
    file.write_text(json.dumps(large))
    run.output("sizes", file, type="sizes", description="Sizes by name.")
    run.log_metrics({"large": len(large)})


if __name__ == "__main__":
    sys.exit(main(Params, step))
