"""Predictions of a test set as a file: what was written is what is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relay.models.predictions import ScoredPredictions, read_predictions, write_predictions
from relay.util.errors import RelayError

SCORES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
TRUTHS = np.array([False, True, True, False])


@pytest.mark.parametrize(
    "outcome",
    [
        ScoredPredictions("regression", np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.5, 3.0])),
        ScoredPredictions("classification", TRUTHS, SCORES[:, 1] > 0.5, SCORES, [False, True]),
        ScoredPredictions("classification", TRUTHS.astype(object), SCORES[:, 1] > 0.5),
        ScoredPredictions(
            "classification", np.array(["b", "a", "a", "c"]), np.array(["b", "a", "b", "c"]),
            np.full((4, 3), 1 / 3), ["b", "a", "c"],
        ),
    ],
    ids=["numbers", "booleans", "no probabilities", "texts"],
)  # fmt: skip
def test_what_is_read_back_has_the_same_metrics(outcome: ScoredPredictions, tmp_path: Path) -> None:
    write_predictions(outcome, tmp_path)
    read = read_predictions(tmp_path, outcome.task)
    assert read.metrics == outcome.metrics
    assert len(read) == len(outcome)
    rows = np.array([2, 0])
    assert read.at(rows).metrics == outcome.at(rows).metrics


def test_an_evaluation_without_predictions_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(
        RelayError, match=r"no predictions\.parquet\. Make it again: steps=evaluate"
    ):
        read_predictions(tmp_path, "regression")
