"""Model artifacts: loading the model in a folder, and predicting with it on any table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier

import relay_dates
from relay.errors import RelayError
from relay.metrics import Task
from relay.names import nearest
from relay.outcomes import Outcome
from relay.reading.dtypes import to_dtype
from relay.tables import require_column

_SAFE_FORMAT = "skops"
_CODE_FOLDER = "code"
# A model names the types that it needs, beyond those that skops knows to be harmless, itself.
_TRUSTED_PACKAGES = frozenset({"sklearn", "numpy", "scipy", "relay_dates"})


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
        features = coerce(table, self.columns)
        if features.empty:
            return Predictions(np.array([]), None)
        try:
            probabilities = None
            if self.task == "classification" and hasattr(self.pipeline, "predict_proba"):
                probabilities = np.asarray(self.pipeline.predict_proba(features), dtype=float)
            return Predictions(np.asarray(self.pipeline.predict(features)), probabilities)
        except ValueError as error:
            raise RelayError(f"The model cannot predict this table: {error}") from error

    def score(self, table: pd.DataFrame, target: str) -> Outcome:
        """Predict each row of `table` and hold the predictions against its column `target`.

        RelayError where there is no such column, or it is not what the model predicts.
        """
        require_column(table, target, "target")
        return self.compare(table[target], self.predict(table))

    def compare(self, actual: pd.Series, predictions: Predictions) -> Outcome:
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
        return Outcome(
            self.task, known, predictions.values, predictions.probabilities, self.classes
        )


def load_model(folder: Path, name: str) -> Model:
    """Load the model in `folder`, an MLflow model of scikit-learn; `name` is for messages.

    RelayError where it is none, cannot be read, or could run any code: a pickle, or a model with
    code of its own.
    """
    try:
        saved = mlflow.models.Model.load(folder)
    except (mlflow.MlflowException, OSError, ValueError) as error:
        raise RelayError(f"{name} is not an MLflow model: {error}") from error
    flavor = saved.flavors.get(mlflow.sklearn.FLAVOR_NAME)
    if flavor is None:
        raise RelayError(f"{name} is not a scikit-learn model: it is {_listed(saved.flavors)}.")
    serialization = flavor.get("serialization_format")
    if serialization != _SAFE_FORMAT:
        raise RelayError(
            f"{name} is saved as {serialization or 'pickle'}, which can run any code when it is "
            "loaded. Save it again with mlflow.sklearn.save_model(..., "
            f"serialization_format='{_SAFE_FORMAT}')."
        )
    strange = [
        type_name
        for type_name in flavor.get("skops_trusted_types") or []
        if type_name.split(".")[0] not in _TRUSTED_PACKAGES
    ]
    if strange:
        raise RelayError(f"{name} is not loaded: it holds {', '.join(strange)}.")
    _require_own_code(folder, name, flavor.get("code"))
    if saved.signature is None or not saved.signature.inputs.has_input_names():
        raise RelayError(f"{name} has no signature with column names: train it again.")
    try:
        pipeline = mlflow.sklearn.load_model(str(folder))
    except Exception as error:  # whatever a broken file or another version of a library raises
        raise RelayError(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
    inputs = saved.signature.inputs
    return Model(pipeline, {one.name: getattr(one.type, "name", "any") for one in inputs})


def _require_own_code(folder: Path, name: str, code: object) -> None:
    """RelayError where the model brings code, which is run, other than Relay's own for dates."""
    if not code:
        return
    own = Path(relay_dates.__file__)
    found = sorted((folder / _CODE_FOLDER).rglob("*"))
    is_own = (
        code == _CODE_FOLDER
        and [path.name for path in found] == [own.name]
        and not found[0].is_symlink()
        and found[0].read_bytes() == own.read_bytes()
    )
    if not is_own:
        raise RelayError(
            f"{name} is not loaded: it brings code that is not this version's {own.name}. "
            "Train it again: steps=train+"
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
            + ". If a column has another name, say so with data.rename={there: here}."
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
    return to_dtype(values, "float")


def _times(values: pd.Series) -> pd.Series:
    return to_dtype(values, "datetime").astype("datetime64[ns]")


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
