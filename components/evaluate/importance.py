"""Permutation importance: how much worse a model gets on its test set if a column is shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from relay.models.bootstrap import gain, statistic
from relay.models.loading import Model, Predictions, coerce
from relay.util.progress import show_progress

SAMPLE_ROWS, FEWEST_SAMPLE_ROWS = 1000, 100
MOST_REPEATS = 5
PREDICTED_AT_ONCE = 30_000
MOST_PREDICTED = 400_000
"""The most rows that are predicted in all: of the sample, a copy for each shuffle."""
MOST_CELLS, MOST_CELLS_AT_ONCE = 200_000_000, 8_000_000
"""The most values that these rows have in all, and at once."""
SPLIT_INTO, FIRST_BLOCKS, BLOCKS_AT_ONCE = 4, 16, 8

Block = tuple[str, ...]


def measure_importance(model: Model, table: pd.DataFrame, target: str, metric: str) -> pd.Series:
    """Return by how much `metric` falls if a column of `table` is shuffled, largest first.

    It is the mean of up to five shuffles, the fewer the more columns there are, on a sample of up
    to 1000 rows. If there are too many columns for that, blocks of them are shuffled together, and
    the block that matters most is divided until the work is used up. The result then has only the
    columns that were shuffled alone, among them those that matter most.
    """
    random = np.random.default_rng(0)
    count = max(1, len(model.columns))
    most_rows = int(np.clip(MOST_PREDICTED // count, FEWEST_SAMPLE_ROWS, SAMPLE_ROWS))
    rows = np.sort(random.permutation(len(table))[:most_rows])
    sample = table.iloc[rows].reset_index(drop=True)
    shuffles = _Shuffles(model, sample, target, metric, random)
    if not shuffles.is_defined:
        return pd.Series(0.0, index=list(model.columns))
    size = max(1, len(sample) * count)
    work = max(FIRST_BLOCKS, min(MOST_PREDICTED // max(1, len(sample)), MOST_CELLS // size))
    if count <= work:
        repeats = int(np.clip(PREDICTED_AT_ONCE // size, 1, MOST_REPEATS))
        columns: list[Block] = [(name,) for name in model.columns]
        falls = shuffles.measure(columns, repeats)
    else:
        falls = _search_columns(shuffles, list(model.columns), work)
    falls_by_column = pd.Series({block[0]: fall for block, fall in falls.items()}, dtype=float)
    return falls_by_column.sort_values(ascending=False, kind="stable")


def _search_columns(shuffles: _Shuffles, columns: Sequence[str], work: int) -> dict[Block, float]:
    """Return the falls of single columns by dividing blocks, with at most `work` shuffles."""
    waiting: dict[Block, float] = {}
    alone: dict[Block, float] = {}
    blocks = _divide(columns, FIRST_BLOCKS)
    with show_progress("Importance of columns", "shuffles") as report:
        done = 0
        while blocks and done < work:
            blocks = blocks[: work - done]
            for block, fall in shuffles.measure(blocks, 1).items():
                (alone if len(block) == 1 else waiting)[block] = fall
            done += len(blocks)
            report(done, work)
            first = sorted(waiting, key=waiting.__getitem__, reverse=True)[:BLOCKS_AT_ONCE]
            blocks = [
                part
                for block in first
                if waiting.pop(block) > 0
                for part in _divide(block, SPLIT_INTO)
            ]
    return alone


def _divide(columns: Sequence[str], parts: int) -> list[Block]:
    ends = np.linspace(0, len(columns), min(parts, len(columns)) + 1).round().astype(int)
    return [tuple(columns[start:end]) for start, end in pairwise(ends)]


class _Shuffles:
    """A sample whose columns are shuffled, and the model's predictions of it."""

    def __init__(
        self,
        model: Model,
        sample: pd.DataFrame,
        target: str,
        metric: str,
        random: np.random.Generator,
    ) -> None:
        self._model, self._metric, self._random = model, metric, random
        self._features = coerce(sample, model.columns)
        self._target = sample[target]
        predictions = model.predict_features(self._features)
        self.is_defined = metric in model.compare(self._target, predictions).metrics
        """Whether the metric is defined on this sample."""
        self._whole = self._value(predictions)

    def measure(self, blocks: Sequence[Block], repeats: int) -> dict[Block, float]:
        """Return by how much the metric falls if each of `blocks` is shuffled as a whole.

        Copies of the sample, each with one block shuffled, are predicted together: many rows take
        a model little longer than one.
        """
        rows = len(self._features)
        most = min(PREDICTED_AT_ONCE // rows, MOST_CELLS_AT_ONCE // self._features.size)
        falls = dict.fromkeys(blocks, 0.0)
        jobs = [block for block in blocks for _ in range(repeats)]
        for start in range(0, len(jobs), max(1, most)):
            some = jobs[start : start + max(1, most)]
            predictions = self._model.predict_features(self._shuffled(some))
            for place, block in enumerate(some):
                value = self._value(_part(predictions, slice(place * rows, (place + 1) * rows)))
                if np.isfinite(value):
                    falls[block] += gain(self._whole, value, self._metric) / repeats
        return falls

    def _shuffled(self, blocks: Sequence[Block]) -> pd.DataFrame:
        """Return a copy of the features for each of `blocks`, with its columns shuffled alike."""
        features = self._features
        rows = len(features)
        sources: dict[str, Any] = {}
        for place, block in enumerate(blocks):
            order = self._random.permutation(rows)
            for name in block:
                source = sources.setdefault(name, np.tile(np.arange(rows), len(blocks)))
                source[place * rows : (place + 1) * rows] = order
        unshuffled = np.tile(np.arange(rows), len(blocks))
        return pd.DataFrame(
            {
                name: features[name].array[sources.get(name, unshuffled)]
                for name in self._model.columns
            }
        )

    def _value(self, predictions: Predictions) -> float:
        """Return the metric, by the formula for a draw with each row once; NaN if undefined."""
        scored = self._model.compare(self._target, predictions)
        with np.errstate(all="ignore"):
            return float(statistic(self._metric, scored)(np.ones((1, len(scored))))[0])


def _part(predictions: Predictions, rows: slice) -> Predictions:
    probabilities = predictions.probabilities
    return Predictions(
        predictions.values[rows], None if probabilities is None else probabilities[rows]
    )
