"""The numbers that the rows of a fold become, kept for trials whose features are the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import clone
from training_set import Examples

KEPT_BYTES = 256_000_000
"""The most that a process keeps; further folds are transformed in each trial."""


class Fold(NamedTuple):
    """Which fold it is: its number, of how many, made with which seed."""

    number: int
    folds: int
    seed: int


@dataclass(frozen=True)
class FoldNumbers:
    """A fitted preprocessor, and what it makes of the training rows and of the held-out rows."""

    preprocessor: Any
    training: Any
    held_out: Any

    @property
    def bytes(self) -> int:
        """Return the size of both arrays in memory."""
        return _bytes(self.training) + _bytes(self.held_out)

    def copy(self) -> FoldNumbers:
        """Return copies of the arrays, as an estimator may be set to overwrite its input."""
        return FoldNumbers(self.preprocessor, self.training.copy(), self.held_out.copy())


def transform_fold(preprocessor: Any, training: Examples, held_out: Examples) -> FoldNumbers:
    """Fit a clone of `preprocessor` on the training rows, and transform both parts."""
    fitted = clone(preprocessor)
    numbers = fitted.fit_transform(training.x, training.y)
    return FoldNumbers(fitted, numbers, fitted.transform(held_out.x))


@dataclass
class KeptFolds:
    """The folds of one training set that earlier trials have transformed."""

    limit: int = KEPT_BYTES
    _folds: dict[tuple[str, Fold], FoldNumbers] = field(default_factory=dict)
    _bytes: int = 0

    def transform(
        self,
        preprocessor: Any,
        training: Examples,
        held_out: Examples,
        *,
        fold: Fold,
    ) -> FoldNumbers:
        """Return what `transform_fold` does for `fold`, made before if there was room for it."""
        key = (str(joblib.hash(preprocessor)), fold)
        kept = self._folds.get(key)
        if kept is None:
            kept = transform_fold(preprocessor, training, held_out)
            if self._bytes + kept.bytes > self.limit:
                return kept
            self._folds[key] = kept
            self._bytes += kept.bytes
        return kept.copy()


def _bytes(numbers: Any) -> int:
    if sparse.issparse(numbers):
        return int(numbers.data.nbytes + numbers.indices.nbytes + numbers.indptr.nbytes)
    return int(np.asarray(numbers).nbytes)
