"""Scores trials by a value that they are given, in a given time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from params import Params

from relay import StepRun, main


def score(run: StepRun[Params]) -> Callable[[Params], Iterator[dict[str, float]]]:
    """Return the function that scores parameters."""
    run.input("left")

    def score_params(params: Params) -> Iterator[dict[str, float]]:
        for _ in range(params.folds):
            time.sleep(params.seconds)
            yield {"cv_score": params.value}

    return score_params


def step(run: StepRun[Params]) -> None:
    """Make a text of the value."""
    path = run.workspace / "text"
    path.write_text(str(run.params.value))
    run.output("made", path, type="text", description="A text.")


if __name__ == "__main__":
    sys.exit(main(Params, step, score=score))
