"""Models loaded from artifacts, and their predictions on any table."""

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
from relay.models.formats import formats
from relay.models.formats.interface import ModelFormat, ScoringModel, read_task
from relay.models.metric_names import Task
from relay.models.predictions import ScoredPredictions
from relay.tables.io import require_column
from relay.tables.reading.columns.dtypes import to_dtype
from relay.tables.reading.columns.float32_range import are_infinite, require_float32_range
from relay.util.errors import RelayError
from relay.util.names import nearest

_FLAVOR = "sklearn"
_ONNX = "Export it to ONNX and save that with mlflow.onnx.save_model"
_ADVICE = {
    "pytorch": f"{_ONNX}: torch.onnx.export(module, ..., dynamo=True).",
    "transformers": f"{_ONNX}.",
    "catboost": f"{_ONNX}: model.save_model(path, format='onnx').",
}
"""How a model of a flavor that is a pickle is saved in a safe format."""


@dataclass(frozen=True)
class Predictions:
    """A prediction for each row; `probabilities` is rows x classes, or None."""

    values: NDArray[Any]
    probabilities: NDArray[np.float64] | None


@dataclass(frozen=True)
class Model:
    """A fitted model, and the columns that it takes with their MLflow types.

    The model is a scikit-learn pipeline, or one in another format with the same methods.
    """

    pipeline: Any | ScoringModel
    columns: Mapping[str, str]

    @property
    def task(self) -> Task:
        if isinstance(self.pipeline, ScoringModel):
            return self.pipeline.task
        return "classification" if is_classifier(self.pipeline) else "regression"

    @property
    def classes(self) -> list[Any]:
        """Return the classes in the order of the probabilities' columns; none for a regression."""
        return list(self.pipeline.classes_) if self.task == "classification" else []

    def predict(self, table: pd.DataFrame) -> Predictions:
        """Predict each row of `table`, which can have more columns and other dtypes.

        Raises RelayError if a column is missing, or if its values cannot be converted.
        """
        return self.predict_features(coerce(table, self.columns))

    def predict_features(self, features: pd.DataFrame) -> Predictions:
        """Predict each row of a table that `coerce` has converted, which is slow for many columns.

        Raises RelayError if the model cannot predict it.
        """
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
        """Predict each row of `table`, and compare the predictions with its column `target`.

        Raises RelayError if there is no such column, or if its values cannot be compared.
        """
        require_column(table, target, "data.target")
        return self.compare(table[target], self.predict(table))

    def compare(self, actual: pd.Series, predictions: Predictions) -> ScoredPredictions:
        """Compare `predictions` with the `actual` values of the same rows.

        Raises RelayError if a value is missing, or is not of the kind that the model predicts.
        """
        unknown = int(actual.isna().sum())
        if unknown:
            raise RelayError(
                f"data.target: '{actual.name}' is missing in {unknown} of {len(actual)} rows, "
                "which cannot be scored. Drop them."
            )
        converted: NDArray[Any]
        if self.task == "regression":
            converted = _numbers(actual).to_numpy()
        else:
            converted = _labels(actual, self.classes)
        return ScoredPredictions(
            self.task, converted, predictions.values, predictions.probabilities, self.classes
        )


def load_model(folder: Path, name: str, trusted_types: Collection[str] = ()) -> Model:
    """Load the MLflow model in `folder`; `name` is for messages.

    Raises RelayError if it is not a model, cannot be read, or could run any code: a pickle, a model
    with code of its own, or one with a type that is neither trusted by Relay nor in
    `trusted_types`.
    """
    saved = require_safe(folder, name, trusted_types)
    columns = {
        column.name: getattr(column.type, "name", "any") for column in saved.signature.inputs
    }
    format = _format_of(saved.flavors)
    if format is None:
        path = folder / model_files.MODEL_FILE
        return Model(model_files.load(path, name, trusted_types), columns)
    path = folder / str(saved.flavors[format.flavor]["data"])
    task, classes = read_task(saved.metadata, name)
    scores = model_files.load_format(path, format, list(columns), name)
    return Model(ScoringModel(task, classes, scores), columns)


def require_safe(folder: Path, name: str, trusted_types: Collection[str] = ()) -> Any:
    """Return MLflow's description of the model in `folder`, without loading the model.

    Raises RelayError if `load_model` would not load it.
    """
    try:
        saved = mlflow.models.Model.load(folder)
    except Exception as error:  # it parses a file of any content
        raise RelayError(f"{name} is not an MLflow model: {error}") from error
    if not _are_mappings(saved.flavors):
        raise RelayError(f"{name} is not an MLflow model: its file MLmodel names no flavors.")
    format = _format_of(saved.flavors)
    if format is not None:
        model_files.require_safe_format(folder, saved.flavors, format, name)
        read_task(saved.metadata, name)
    elif _FLAVOR in saved.flavors:
        model_files.require_safe(folder, saved.flavors, name, trusted_types)
    else:
        raise RelayError(_refusal(name, saved.flavors))
    if saved.signature is None or not saved.signature.inputs.has_input_names():
        raise RelayError(
            f"{name} has no signature with column names. Save it with signature=infer_signature(x, "
            "y), where x is a table, and train it again: steps=train+"
        )
    return saved


def _format_of(flavors: Mapping[str, Any]) -> ModelFormat | None:
    """Return the format of a model that is not scikit-learn's; None for others."""
    known = [format for flavor, format in formats().items() if flavor in flavors]
    return known[0] if known and _FLAVOR not in flavors else None


def _refusal(name: str, flavors: Mapping[str, Any]) -> str:
    """Return the message for a model in a format that can run code, or that is unknown."""
    own = sorted(set(flavors) - {"python_function"})
    listed = ", ".join(own) or ("python_function" if flavors else "of no known kind")
    ways = f"scikit-learn (as skops), {', '.join(sorted(formats()))}"
    advice = _ADVICE.get(own[0] if own else "", f"Save it in one of these: {ways}.")
    return (
        f"{name} is not loaded: it is {listed}, which can run any code when it is loaded, or which "
        f"Relay does not know. {advice} See docs/guides/own-model.md."
    )


def require_servable(folder: Path, name: str, trusted_types: Collection[str] = ()) -> None:
    """Check that MLflow, which trusts the files of a model, can serve that in `folder`.

    Raises RelayError if it could run any code but Relay's.
    """
    require_safe(folder, name, trusted_types)
    model_files.require_servable(folder, name, trusted_types)


def _are_mappings(flavors: Any) -> bool:
    return isinstance(flavors, Mapping) and all(
        isinstance(flavor, Mapping) for flavor in flavors.values()
    )


def coerce(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the `columns` ({name: MLflow type}) of `table`, in that order and of these types.

    Numbers become floats. Missing values stay missing. Raises RelayError, with a line for each
    problem, if a column is missing or a value cannot be converted.
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
    converted, problems = {}, []
    for name, type_name in columns.items():
        try:
            converted[name] = _CONVERSIONS.get(type_name, _as_it_is)(table[name])
        except RelayError as error:
            problems.append(str(error))
    if problems:
        raise RelayError("\n".join(problems))
    return pd.DataFrame(converted, index=table.index)


def _missing(name: str, spare: list[str]) -> str:
    near = nearest(name, spare)
    return f"'{name}'" + (f" (is it '{near}'?)" if near else "")


def _numbers(values: pd.Series) -> pd.Series:
    """Return numbers within 32-bit floats; infinite ones become missing, as in training."""
    numbers = to_dtype(values, "float")
    require_float32_range(numbers)
    return numbers.mask(are_infinite(numbers))


def _times(values: pd.Series) -> pd.Series:
    return to_dtype(values, "datetime").astype("datetime64[us]")


def _booleans(values: pd.Series) -> pd.Series:
    booleans = to_dtype(values, "bool")
    if booleans.isna().any():  # as objects, like those in training
        return booleans.astype(object).where(booleans.notna(), None)
    return booleans.astype(bool)


def _texts(values: pd.Series) -> pd.Series:
    """Return texts; whole numbers that missing values have made floats lose their `.0`."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("str")


def _as_it_is(values: pd.Series) -> pd.Series:
    return values


def _labels(values: pd.Series, classes: list[Any]) -> NDArray[Any]:
    """Return `values` as labels that are equal to `classes` as texts."""
    are_booleans = all(isinstance(label, bool | np.bool_) for label in classes)
    return np.asarray((_booleans if are_booleans else _texts)(values).astype(object))


_CONVERSIONS = {
    "string": _texts,
    "double": _numbers,
    "float": _numbers,
    "long": _numbers,
    "integer": _numbers,
    "boolean": _booleans,
    "datetime": _times,
}
