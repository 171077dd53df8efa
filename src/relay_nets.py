"""Neural networks on tables. A model with one carries this file with it.

Keras fits a network (`relay.models.net_fitting`). A fitted one holds its weights as arrays and
predicts with NumPy alone, so that it needs neither Keras nor Relay where it predicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

Floats = NDArray[np.float64]
Progress = Callable[[Mapping[str, float]], None]
"""Takes the losses after an epoch."""

BACKENDS = ("jax", "tensorflow", "torch")
FAR = 3.0
"""From so many standard deviations on, a number counts for less and less."""
_AT_ONCE = 8192  # rows; more take memory and are not faster


class _Network(BaseEstimator):  # type: ignore[misc]
    """Multilayer perceptrons: embeddings of categories and standardised numbers in, ReLU layers.

    Missing numbers are the mean, and a number of their own tells that they were missing. `members`
    perceptrons learn side by side from the same embeddings; the prediction is their mean.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {}  # scikit-learn calls `_validate_params`

    def __init__(
        self,
        layers: Sequence[int] = (128, 128),
        members: int = 4,
        dropout: float = 0.2,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        batch_size: int | None = None,
        epochs: int = 200,
        backend: str = "jax",
        random_state: int | None = None,
    ) -> None:
        self.layers = layers
        self.members = members
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.backend = backend
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _validate_params(self) -> None:
        """Raise ValueError, in the words of scikit-learn, if a parameter has a wrong value."""
        layers = self.layers if isinstance(self.layers, Sequence) else [self.layers]
        rules = {
            "layers": (
                not isinstance(self.layers, str) and all(_is_count(units) for units in layers),
                "a list of whole numbers from 1 on, such as [128, 128]",
            ),
            "members": (_is_count(self.members), "a whole number from 1 on"),
            "dropout": (_is_within(self.dropout, 0, 1), "a number from 0 to below 1"),
            "learning_rate": (_is_within(self.learning_rate, 1e-9, 10), "a number above 0"),
            "weight_decay": (_is_within(self.weight_decay, 0, 10), "a number from 0 to below 10"),
            "batch_size": (
                self.batch_size is None or _is_count(self.batch_size),
                "null or a whole number from 1 on",
            ),
            "epochs": (_is_count(self.epochs), "a whole number from 1 on"),
            "backend": (self.backend in BACKENDS, f"one of {', '.join(BACKENDS)}"),
        }
        for name, (is_right, expected) in rules.items():
            if not is_right:
                raise ValueError(
                    f"The '{name}' parameter of {type(self).__name__} must be {expected}. "
                    f"Got {getattr(self, name)!r} instead."
                )

    def best_epoch(
        self,
        X: Any,  # noqa: N803 - as in scikit-learn
        y: Any,
        watched: tuple[Any, Any],
        patience: int,
        progress: Progress,
        **options: Any,
    ) -> int:
        """Fit to `X` and `y`; return the epoch after which the rows `watched` are predicted best.

        Fitting ends after `patience` epochs in a row without improvement.
        """
        return self._fit(X, y, (watched, patience), progress, **options)

    def fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        categories: Sequence[int] = (),
        sample_weight: Any = None,
    ) -> Any:
        """Fit to `X` and `y`. The columns `categories` of `X` are codes from 0 on, or missing."""
        self._fit(X, y, None, None, categories=categories, sample_weight=sample_weight)
        return self

    def _fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        watch: tuple[tuple[Any, Any], int] | None,
        progress: Progress | None,
        categories: Sequence[int] = (),
        sample_weight: Any = None,
    ) -> int:
        self._validate_params()
        x = np.asarray(X, dtype=np.float64)
        self._read_columns(x, categories)
        rows = (self._inputs(x), self._read_target(np.asarray(y)), sample_weight)
        watched = None
        if watch is not None:
            (watched_x, watched_y), patience = watch
            inputs = self._inputs(np.asarray(watched_x, dtype=np.float64))
            watched = (inputs, self._as_target(np.asarray(watched_y)), patience)
        # Keras, and what is written for it, are not where a stored model predicts.
        fitting = import_module("relay.models.net_fitting")
        layers, best = fitting.fit_net(self, rows, watched, progress)
        self.embeddings_, self.weights_, self.biases_ = layers
        return int(best)

    def _read_columns(self, x: Floats, categories: Sequence[int]) -> None:
        """Find the categories, and the mean and the spread of each number."""
        self.n_features_in_ = x.shape[1]
        self.categories_ = [int(column) for column in categories]
        self.numbers_ = [place for place in range(x.shape[1]) if place not in self.categories_]
        codes = _codes(x[:, self.categories_])
        # Code 0 is for values that training does not have.
        self.counts_ = [np.bincount(column, minlength=2).astype(float) for column in codes.T]
        numbers = x[:, self.numbers_]
        known = ~np.isnan(numbers)
        count = np.maximum(known.sum(axis=0), 1)
        self.mean_ = np.where(known, numbers, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, numbers - self.mean_, 0) ** 2).sum(axis=0) / count)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self.missing_ = [int(place) for place in np.flatnonzero(~known.all(axis=0))]

    def _inputs(self, x: Floats) -> list[NDArray[Any]]:
        """Return the codes of each category, one by one, and the numbers."""
        codes = _codes(x[:, self.categories_])
        known = [
            np.where(column < len(counts), column, 0)
            for column, counts in zip(codes.T, self.counts_, strict=True)
        ]
        numbers = x[:, self.numbers_]
        is_missing = np.isnan(numbers)
        scaled = np.where(is_missing, 0.0, (numbers - self.mean_) / self.spread_)
        scaled = scaled / np.sqrt(1 + (scaled / FAR) ** 2)
        parts = [scaled, is_missing[:, self.missing_]]
        return [*known, np.column_stack(parts).astype(np.float32)]

    def _outputs(self, X: Any) -> Floats:  # noqa: N803
        """Return the numbers of the last layer (members x rows x width)."""
        check_is_fitted(self, "weights_")
        x = np.asarray(X, dtype=np.float64)
        parts = [self._forward(x[start : start + _AT_ONCE]) for start in range(0, len(x), _AT_ONCE)]
        return np.concatenate(parts, axis=1)

    def _forward(self, x: Floats) -> Floats:
        *codes, numbers = self._inputs(x)
        known = [table[column] for table, column in zip(self.embeddings_, codes, strict=True)]
        flow = np.column_stack([*known, numbers]).astype(np.float64)
        for weights, bias in zip(self.weights_[:-1], self.biases_[:-1], strict=True):
            flow = np.maximum(flow @ weights + bias[:, None], 0)
        return np.asarray(flow @ self.weights_[-1] + self.biases_[-1][:, None], dtype=np.float64)


class MLPRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A network that predicts a number; the target is standardised, the loss is its square."""

    _loss = "squares"
    _width = 1

    def _read_target(self, y: NDArray[Any]) -> NDArray[Any]:
        self.target_mean_, self.target_spread_ = float(y.mean()), float(y.std()) or 1.0
        return self._as_target(y)

    def _as_target(self, y: NDArray[Any]) -> NDArray[Any]:
        scaled = ((y - self.target_mean_) / self.target_spread_).astype(np.float32)
        return np.repeat(scaled[:, None, None], self.members, axis=1)

    def predict(self, X: Any) -> Floats:  # noqa: N803
        """Return a number for each row."""
        mean = self._outputs(X)[:, :, 0].mean(axis=0)
        return np.asarray(mean * self.target_spread_ + self.target_mean_)


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A network that predicts the probability of each class; the loss is the cross-entropy."""

    @property
    def _loss(self) -> str:
        return "binary" if self._width == 1 else "classes"

    @property
    def _width(self) -> int:
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def _read_target(self, y: NDArray[Any]) -> NDArray[Any]:
        self.classes_ = np.unique(y)
        return self._as_target(y)

    def _as_target(self, y: NDArray[Any]) -> NDArray[Any]:
        codes = np.searchsorted(self.classes_, y)
        if self._width == 1:
            return np.repeat(codes.astype(np.float32)[:, None, None], self.members, axis=1)
        return np.repeat(codes.astype(np.int32)[:, None], self.members, axis=1)

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probability of each class for each row."""
        outputs = self._outputs(X)
        if self._width == 1:
            outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=2)
        powers = np.exp(outputs - outputs.max(axis=2, keepdims=True))
        return np.asarray((powers / powers.sum(axis=2, keepdims=True)).mean(axis=0))

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the most probable class for each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def _codes(columns: Floats) -> NDArray[np.int32]:
    """Return codes from 1 on; missing ones are 0."""
    return np.asarray(np.where(np.isnan(columns), -1, columns) + 1, dtype=np.int32)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_within(value: Any, low: float, high: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and low <= value < high
