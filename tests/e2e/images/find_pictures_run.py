"""Finds the pictures in a folder."""

from __future__ import annotations

import json
import sys

from params import Params, pictures

from relay import StepRun, main


def step(run: StepRun[Params]) -> None:
    """Find the pictures in a folder."""
    sizes = {}
    for path in pictures(run.params):
        _, width, height, *_ = path.read_bytes()[:50].split()
        sizes[path.name] = [int(width), int(height)]
    file = run.workspace / "sizes.json"
    file.write_text(json.dumps(sizes))
    run.output("list", file, type="pictures", description="Sizes by name.")


if __name__ == "__main__":
    sys.exit(main(Params, step))
