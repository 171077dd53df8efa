"""Fit a bag-of-words classifier, and fail if it is not good enough."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

import skops.io
from params import Params
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline

from relay import GateFailed, StepRun, main


def fit(
    words: Sequence[Mapping[str, int]], kinds: Sequence[str], smoothing: float, folds: int
) -> tuple[Pipeline, float]:
    """Return a classifier of `words` by `kinds`, and its accuracy over the folds."""
    classifier = make_pipeline(DictVectorizer(), MultinomialNB(alpha=smoothing))
    accuracy = float(cross_val_score(classifier, words, kinds, cv=folds).mean())
    return classifier.fit(words, kinds), accuracy


def step(run: StepRun[Params]) -> None:
    """Fit a classifier of mails; its accuracy is a gate."""
    params = run.params
    file = run.input("input", type="count").path / "words.json"
    rows = json.loads(file.read_text(encoding="utf-8"))
    classifier, accuracy = fit(
        [row["words"] for row in rows],
        [row["kind"] for row in rows],
        params.smoothing,
        params.folds,
    )
    path = run.workspace / "classifier.skops"
    skops.io.dump(classifier, path)
    run.log_metrics({"accuracy": accuracy})
    run.output("classify", path, type="classify", description=f"Accuracy {accuracy:.2f}.")
    if accuracy < params.least_accuracy:
        raise GateFailed(f"accuracy {accuracy:.2f} is below classify.least_accuracy")


if __name__ == "__main__":
    sys.exit(main(Params, step))
