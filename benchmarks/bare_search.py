"""The trials of a sweep by scikit-learn's `cross_val_score` in one loop, as a notebook has it.

    python bare_search.py CHECKOUT TRIALS.json       in the environment of components/train

TRIALS.json has the parameters of the step for each trial. Prints the seconds of the loop and its
CPU seconds as JSON: neither the import of libraries nor the reading of the table is part of it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path


def main(checkout: Path, trials: Path) -> None:
    """Score each trial, and print the seconds of the loop."""
    sys.path[:0] = [str(checkout / "src"), str(checkout / "components" / "train")]
    # from the checkout that is measured
    train_step = importlib.import_module("run")
    make_pipeline = importlib.import_module("sklearn_pipeline").make_pipeline
    make_folds = importlib.import_module("training_set").make_folds
    Params = importlib.import_module("params").Params  # noqa: N806 - a class
    from sklearn.model_selection import cross_val_score

    from relay.step.params import validate
    from relay.step.trial_scoring import reading_run
    from relay.tables.io import read_artifact
    from relay.tracking import TrackingSettings, open_backend
    from relay.util.project import Project

    os.environ.update(Project(checkout).variables(os.environ))
    backend = open_backend(TrackingSettings("local", "relay"), checkout)
    given = [validate(Params, params) for params in json.loads(trials.read_text())]
    with tempfile.TemporaryDirectory() as workspace:
        table = read_artifact(train_step.load(reading_run(given[0], backend, Path(workspace))))
    began, cpu = time.perf_counter(), time.process_time()
    scores = []
    for params in given:
        examples = train_step.examples_in(table, params)
        pipeline = make_pipeline(params.model, examples, params.seed)
        folds = list(make_folds(examples, params.folds, params.seed))
        values = cross_val_score(pipeline, examples.x, examples.y, cv=folds, scoring="r2")
        scores.append(float(values.mean()))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "scores": scores}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
