"""Makes a text of texts, in a given time."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from params import Params

from relay import RelayError, StepRun, main

log = logging.getLogger("relay")


def step(run: StepRun[Params]) -> None:
    """Make a text of texts, in a given time."""
    began = time.time()
    log.info("begun")
    params = run.params
    texts = [
        (run.input(key).path / "text").read_text()
        for key in ("left", "right")
        if getattr(params, f"{key}_artifact")
    ]
    if params.source:
        texts.append(Path(params.source).read_text())
    time.sleep(params.seconds)
    if params.warning:
        log.warning("%s", params.warning)
    if params.fail:
        raise RelayError("it was told to fail.")
    path = run.workspace / "text"
    path.write_text(f"({' '.join([*texts, params.text])})")
    run.output("made", path, type="text", description="A text.")
    run.log_metrics({"began": began, "ended": time.time()})


if __name__ == "__main__":
    sys.exit(main(Params, step))
