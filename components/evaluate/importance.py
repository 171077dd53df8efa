"""How much worse a model gets on its test set when a column is shuffled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relay.models import Model, Predictions, coerce
from relay.resampling import gain

SAMPLE_ROWS = 1000
MOST_REPEATS = 5
PREDICTED_AT_ONCE = 30_000


def importances(model: Model, table: pd.DataFrame, target: str, metric: str) -> pd.Series:
    """By how much `metric` gets worse when a column of `table` is shuffled, largest first.

    The mean of up to five shuffles, the fewer the more columns there are; on a sample of 1000
    rows. Copies of the sample, each with one column shuffled, are predicted together: a model
    takes little longer for many rows than for one.
    """
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(len(table))[:SAMPLE_ROWS])
    sample = table.iloc[rows].reset_index(drop=True)
    features = coerce(sample, model.columns)
    columns = list(features.columns)
    repeats = int(np.clip(PREDICTED_AT_ONCE // (len(features) * len(columns)), 1, MOST_REPEATS))
    at_once = max(1, PREDICTED_AT_ONCE // (len(features) * repeats))

    whole = model.compare(sample[target], model.predict(features)).metrics.get(metric)
    falls = pd.Series(0.0, index=columns)
    if whole is None:
        return falls
    for start in range(0, len(columns), at_once):
        shuffled = [name for name in columns[start : start + at_once] for _ in range(repeats)]
        copies = []
        for name in shuffled:
            order = random.permutation(len(features))
            copies.append(features.assign(**{name: features[name].array[order]}))
        predictions = model.predict(pd.concat(copies, ignore_index=True))
        for place, name in enumerate(shuffled):
            part = slice(place * len(features), (place + 1) * len(features))
            value = model.compare(sample[target], _part(predictions, part)).metrics.get(metric)
            if value is not None:
                falls[name] += gain(whole, value, metric) / repeats
    return falls.sort_values(ascending=False, kind="stable")


def _part(predictions: Predictions, rows: slice) -> Predictions:
    probabilities = predictions.probabilities
    return Predictions(
        predictions.values[rows], None if probabilities is None else probabilities[rows]
    )
