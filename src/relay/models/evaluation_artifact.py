"""The artifact of an evaluation: predictions, metrics.json, pictures; thresholds are its gate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from relay import GateFailed, Input, StepRun
from relay.models.baselines import missed_thresholds
from relay.models.predictions import ScoredPredictions, write_predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_IN_METADATA = ("task", "target", "rows", "metrics", "beats_baseline", "passed")


def store_evaluation(
    run: StepRun[Any], model: Input, test: Input, scored: ScoredPredictions, *,
    target: str, facts: Mapping[str, Any], figures: Mapping[str, Figure],
    thresholds: Mapping[str, float],
) -> None:  # fmt: skip
    """Log how `model` does on `test`: its predictions, `facts` in metrics.json, and pictures.

    `facts` has the rows, the metrics and whether the baseline is beaten. Raises GateFailed if a
    metric misses its threshold; the evaluation is stored even so.
    """
    folder = run.workspace / "evaluation"
    folder.mkdir()
    write_predictions(scored, folder)
    missed = missed_thresholds(scored.metrics, thresholds)
    content = {
        "task": scored.task,
        "model": str(model.version),
        "model_digest": model.version.digest,
        "test": str(test.version),
        "test_digest": test.version.digest,
        "target": target,
        **facts,
        "thresholds": thresholds,
        "passed": not missed,
        "violations": missed,
    }
    (folder / "metrics.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    for name, figure in figures.items():
        picture = folder / f"{name}.png"
        figure.savefig(picture, format="png")
        run.log_image(name, picture)
    run.output(
        "evaluation",
        folder,
        type="evaluation",
        description=f"How {model.version} does on {test.version}.",
        metadata={key: content[key] for key in _IN_METADATA},
    )
    if missed:
        raise GateFailed("; ".join(missed))
