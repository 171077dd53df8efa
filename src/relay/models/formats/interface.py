"""The interface of the adapters for formats of models, and a model that was loaded by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.models.metric_names import Task
from relay.util.errors import RelayError
from relay.util.names import list_columns

Scores = Callable[[pd.DataFrame], NDArray[np.float64]]
"""From features to a number for each row, or for each row and class."""
TASK, CLASSES = "task", "classes"
"""The keys in the metadata of an MLflow model: such a model itself does not hold them."""
_SUM = 1e-3
"""By how much the sum of probabilities in 32-bit floats may differ from 1."""


class ModelFormat(ABC):
    """The adapter of one format. It imports the library only in its methods."""

    flavor: ClassVar[str]
    """MLflow's name of the format, and of its module in `mlflow`."""
    files: ClassVar[tuple[str, ...]]
    """The names that the file of the model can have."""
    distributions: ClassVar[tuple[str, ...]]
    """The packages that serving the model needs."""
    environment: ClassVar[str] = ""
    """A folder in environments/ that has its library, if that of the model steps does not."""
    values: ClassVar[Mapping[str, Sequence[Any]]] = {}
    """The values that an entry of the flavor in the file MLmodel can have, besides those below."""

    def strange_entries(self, flavor: Mapping[str, Any]) -> Iterator[str]:
        """Yield the entries of the flavor in the file MLmodel that Relay does not know as safe."""
        if flavor.get("data") not in self.files:
            yield f"{self.flavor}.data: {flavor.get('data')}"
        for key, values in {"code": (None,), **self.values}.items():
            if flavor.get(key) not in values:
                yield f"{self.flavor}.{key}: {flavor.get(key)}"

    def require_safe(self, path: Path, name: str) -> None:  # noqa: B027
        """Check the file of the model `name`. Raises RelayError if it refers to other files."""

    @abstractmethod
    def load(self, path: Path, columns: Sequence[str]) -> Scores:
        """Return the function that scores tables with `columns`, by the model at `path`.

        Raises ImportError if the library is not installed, and whatever the library raises.
        """


@dataclass(frozen=True)
class ScoringModel:
    """A model that returns numbers, with the methods of scikit-learn's."""

    task: Task
    classes_: Sequence[Any]
    scores: Scores

    def predict(self, features: pd.DataFrame) -> NDArray[Any]:
        """Return a number for each row, or the most probable class."""
        if self.task == "regression":
            return self._scores(features, 1)[:, 0]
        best = self.predict_proba(features).argmax(axis=1)
        return np.asarray(np.array(self.classes_)[best])

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probability of each class for each row.

        A single score per row is the probability of the second of two classes. Raises RelayError
        if the scores are not probabilities.
        """
        is_single = len(self.classes_) == 2 and self._width(features) == 1
        scores = self._scores(features, 1 if is_single else len(self.classes_))
        if is_single:
            scores = np.column_stack([1 - scores[:, 0], scores[:, 0]])
        if (scores < -_SUM).any() or not np.allclose(scores.sum(axis=1), 1, atol=_SUM):
            raise RelayError(
                "The model's outputs are not probabilities of its classes: they are negative, or "
                "their sum is not 1. Let its last layer be a softmax, or a sigmoid for two classes."
            )
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))

    def _width(self, features: pd.DataFrame) -> int:
        scores = self.scores(features.head(1))
        return 1 if scores.ndim == 1 else scores.shape[1]

    def _scores(self, features: pd.DataFrame, width: int) -> NDArray[np.float64]:
        scores = np.asarray(self.scores(features), dtype=np.float64)
        scores = scores.reshape(len(scores), -1)
        if scores.shape != (len(features), width):
            expected = "a number" if width == 1 else f"{width} numbers"
            raise RelayError(
                f"The model returns a table of {scores.shape} for {len(features)} rows, and "
                f"{expected} for each row is needed. Save it with another last layer, or with the "
                "right classes."
            )
        return scores


def as_numbers(features: pd.DataFrame) -> NDArray[np.float64]:
    """Return a table as numbers: booleans are 0 and 1, missing values NaN.

    Raises RelayError with the columns that are texts or dates.
    """
    others = [
        name
        for name, values in features.items()
        if not (pd.api.types.is_numeric_dtype(values) or _are_booleans(values))
    ]
    if others:
        raise RelayError(
            f"The model takes numbers only, which {list_columns(map(str, others))} does not have. "
            "Train it on columns of numbers only."
        )
    numbers = features.apply(lambda values: values.astype(float))
    return np.asarray(numbers.to_numpy(dtype=np.float64))


def _are_booleans(values: pd.Series) -> bool:
    return bool(values.dropna().map(lambda value: isinstance(value, bool | np.bool_)).all())


def read_task(metadata: Mapping[str, Any] | None, name: str) -> tuple[Task, list[Any]]:
    """Return the task and the classes in the metadata of an MLflow model.

    Raises RelayError if they are missing.
    """
    task, classes = (metadata or {}).get(TASK), (metadata or {}).get(CLASSES) or []
    if task == "regression":
        return task, []
    if task == "classification" and isinstance(classes, list) and len(classes) > 1:
        return task, classes
    raise RelayError(
        f"{name} does not record its task: its file MLmodel must have the metadata "
        "{task: regression}, or {task: classification, classes: [...]} with the classes in the "
        "order of the outputs. Save it with `metadata=`, or with relay.models.saving."
    )
