"""Model artifacts: loading the model in a folder, and predicting with it on any table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier

from relay.models import files as model_files
from relay.models.metric_names import Task
from relay.models.predictions import ScoredPredictions
from relay.tables.io import require_column
from relay.tables.reading.dtypes import to_dtype
from relay.tables.reading.reach import are_infinite, require_reach
from relay.util.errors import RelayError
from relay.util.names import nearest

_FLAVOR = "sklearn"


@dataclass(frozen=True)
class Predictions:
    """A prediction for each row; `probabilities` is rows x classes, or None."""

    values: NDArray[Any]
    probabilities: NDArray[np.float64] | None


@dataclass(frozen=True)
class Model:
    """A fitted scikit-learn pipeline, and the columns that it takes with their MLflow types."""

    pipeline: Any
    columns: Mapping[str, str]

    @property
    def task(self) -> Task:
        return "classification" if is_classifier(self.pipeline) else "regression"

    @property
    def classes(self) -> list[Any]:
        """The classes in the order of the probabilities' columns; none for a regression."""
        return list(self.pipeline.classes_) if self.task == "classification" else []

    def predict(self, table: pd.DataFrame) -> Predictions:
        """Predict each row of `table`, which may have more columns and other dtypes.

        RelayError where a column is missing, or its values cannot be read as the model needs.
        """
        return self.predict_features(coerce(table, self.columns))

    def predict_features(self, features: pd.DataFrame) -> Predictions:
        """The same of what `coerce` made of a table, which takes a while where columns are many."""
        if features.empty:
            return Predictions(np.array([]), None)
        try:
            probabilities = None
            if self.task == "classification" and hasattr(self.pipeline, "predict_proba"):
                probabilities = np.asarray(self.pipeline.predict_proba(features), dtype=float)
            return Predictions(np.asarray(self.pipeline.predict(features)), probabilities)
        except ValueError as error:
            raise RelayError(f"The model cannot predict this table: {error}") from error

    def score(self, table: pd.DataFrame, target: str) -> ScoredPredictions:
        """Predict each row of `table` and hold the predictions against its column `target`.

        Raises RelayError if there is no such column, or the model predicts another.
        """
        require_column(table, target, "target")
        return self.compare(table[target], self.predict(table))

    def compare(self, actual: pd.Series, predictions: Predictions) -> ScoredPredictions:
        """Hold `predictions` against the `actual` values of the same rows.

        RelayError where one is missing, or is not of the kind that the model predicts.
        """
        unknown = int(actual.isna().sum())
        if unknown:
            raise RelayError(
                f"Target '{actual.name}' is missing in {unknown} of {len(actual)} rows: "
                "these cannot be scored."
            )
        known: NDArray[Any]
        if self.task == "regression":
            known = _numbers(actual).to_numpy()
        else:
            known = _labels(actual, self.classes)
        return ScoredPredictions(
            self.task, known, predictions.values, predictions.probabilities, self.classes
        )


def load_model(folder: Path, name: str, trusted_types: Collection[str] = ()) -> Model:
    """Load the model in `folder`, an MLflow model of scikit-learn; `name` is for messages.

    RelayError where it is none, cannot be read, or could run any code: a pickle, a model with code
    of its own, or one that holds a type which neither Relay trusts nor `trusted_types` has.
    """
    saved = require_safe(folder, name, trusted_types)
    inputs = saved.signature.inputs
    pipeline = model_files.load(folder / model_files.MODEL_FILE, name, trusted_types)
    return Model(pipeline, {one.name: getattr(one.type, "name", "any") for one in inputs})


def require_safe(folder: Path, name: str, trusted_types: Collection[str] = ()) -> Any:
    """What MLflow knows of the model in `folder`; RelayError where `load_model` would not load it.

    Nothing that the model holds is loaded.
    """
    try:
        saved = mlflow.models.Model.load(folder)
    except Exception as error:  # it reads whatever the file holds
        raise RelayError(f"{name} is not an MLflow model: {error}") from error
    if not _are_mappings(saved.flavors):
        raise RelayError(f"{name} is not an MLflow model: its file MLmodel names no flavors.")
    if _FLAVOR not in saved.flavors:
        raise RelayError(f"{name} is not a scikit-learn model: it is {_listed(saved.flavors)}.")
    model_files.require_safe(folder, saved.flavors, name, trusted_types)
    if saved.signature is None or not saved.signature.inputs.has_input_names():
        raise RelayError(f"{name} has no signature with column names: train it again.")
    return saved


def require_servable(folder: Path, name: str, trusted_types: Collection[str] = ()) -> None:
    """Raise RelayError if MLflow, which trusts a model's files, must not serve that in `folder`."""
    require_safe(folder, name, trusted_types)
    model_files.require_servable(folder, name, trusted_types)


def _are_mappings(flavors: Any) -> bool:
    return isinstance(flavors, Mapping) and all(
        isinstance(one, Mapping) for one in flavors.values()
    )


def coerce(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The `columns` ({name: MLflow type}) of `table`, in that order and of these types.

    Numbers become floats. Missing values stay missing. RelayError, with all that is wrong, where
    a column is missing or a value cannot be read.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        spare = [str(name) for name in table.columns if name not in columns]
        raise RelayError(
            f"The table lacks {len(missing)} of the {len(columns)} columns that the model takes: "
            + "; ".join(_missing(name, spare) for name in missing[:20])
            + ("; ..." if len(missing) > 20 else "")
            + ". If a column has another name, rename it: 'data.rename={there: here}'."
        )
    ready, wrong = {}, []
    for name, type_name in columns.items():
        try:
            ready[name] = _CONVERSIONS.get(type_name, _as_it_is)(table[name])
        except RelayError as error:
            wrong.append(str(error))
    if wrong:
        raise RelayError("\n".join(wrong))
    return pd.DataFrame(ready, index=table.index)


def _missing(name: str, spare: list[str]) -> str:
    meant = nearest(name, spare)
    return f"'{name}'" + (f" (is it '{meant}'?)" if meant else "")


def _numbers(values: pd.Series) -> pd.Series:
    """Numbers within the reach of models; infinite ones are missing, as in training."""
    numbers = to_dtype(values, "float")
    require_reach(numbers)
    return numbers.mask(are_infinite(numbers))


def _times(values: pd.Series) -> pd.Series:
    return to_dtype(values, "datetime").astype("datetime64[us]")


def _truths(values: pd.Series) -> pd.Series:
    truths = to_dtype(values, "bool")
    if truths.isna().any():  # as objects, the way in which the model was trained on them
        return truths.astype(object).where(truths.notna(), None)
    return truths.astype(bool)


def _words(values: pd.Series) -> pd.Series:
    """Texts; a whole number that a missing value beside it has made a float loses its `.0`."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("str")


def _as_it_is(values: pd.Series) -> pd.Series:
    return values


def _labels(values: pd.Series, classes: list[Any]) -> NDArray[Any]:
    """`values` as labels that compare with `classes` as texts."""
    are_truths = all(isinstance(one, bool | np.bool_) for one in classes)
    return np.asarray((_truths if are_truths else _words)(values).astype(object))


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "of no known kind"


_CONVERSIONS = {
    "string": _words,
    "double": _numbers,
    "float": _numbers,
    "long": _numbers,
    "integer": _numbers,
    "boolean": _truths,
    "datetime": _times,
}
