"""Models saved in formats that run no code, and the metadata that later steps read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import skops.io
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from relay.models.files import REQUIREMENTS
from relay.models.formats import formats
from relay.models.formats.interface import CLASSES, TASK
from relay.models.loading import load_model
from relay.models.metric_names import Task
from relay.models.trusted import require_trusted
from relay.tables.io import is_categorical, reading_metadata
from relay.util.errors import RelayError

EXAMPLE_ROWS = 5


def task_of(target: pd.Series) -> Task:
    """Return the task of predicting `target`: its dtype decides."""
    return "classification" if is_categorical(target) else "regression"


def describe_model(
    name: str, table: pd.DataFrame, target: str, columns: Iterable[Any], train: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the metadata by which later steps know a model that was trained on `table`.

    `evaluate` takes its baseline from it, `predict` reads values as the training set has them, by
    `train`, the metadata of the training set. `columns` are those that the model uses.
    """
    values = table[target]
    task = task_of(values)
    return {
        "task": task,
        "target": target,
        "model": name,
        "features": {str(column): str(table[column].dtype) for column in columns},
        "train_rows": len(table),
        "train_target": _summary(values, task),
        **reading_metadata(train),
    }


def _summary(values: pd.Series, task: Task) -> dict[str, Any]:
    if task == "regression":
        return {"mean": float(values.mean()), "median": float(values.median())}
    return {"shares": values.astype(str).value_counts(normalize=True).sort_index().to_dict()}


def save_sklearn(
    model: Any,
    x: pd.DataFrame,
    folder: Path,
    *,
    trusted_types: Collection[str] = (),
    requirements: Sequence[str] = (),
    code_paths: Sequence[str] = (),
) -> Path:
    """Save a fitted scikit-learn `model` as an MLflow model (skops) in `folder`, and return that.

    `x` is what it was fitted on: its columns are the signature, its first rows the example.
    `requirements` are packages besides Relay's own, with their versions. Raises RelayError if the
    model holds types that neither Relay nor `trusted_types` trusts.
    """
    example = x.head(EXAMPLE_ROWS).reset_index(drop=True)
    try:
        mlflow.sklearn.save_model(
            model,
            str(folder),
            signature=infer_signature(x, model.predict(example)),
            input_example=example,
            serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
            skops_trusted_types=types_of(model, trusted_types),
            code_paths=list(code_paths) or None,
            pip_requirements=[*_pinned(REQUIREMENTS), *requirements],
        )
    except MlflowException as error:
        raise RelayError(f"The model cannot be saved: {error.message}") from error
    return folder


def types_of(model: Any, trusted_types: Collection[str] = ()) -> list[str]:
    """Return the types in `model` that skops does not trust by itself.

    Raises RelayError if neither Relay nor `trusted_types` trusts a type.
    """
    types: Sequence[str] = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    require_trusted(types, "The model cannot be saved", trusted_types)
    return sorted(types)


def save_onnx(
    model: Any, x: pd.DataFrame, folder: Path, *, task: Task, classes: Sequence[Any] = ()
) -> Path:
    """Save an ONNX `model` (a ModelProto) as an MLflow model in `folder`, and return that.

    It takes the columns of `x`, and returns a number for each row, or the probability of each of
    `classes`, in their order. Raises RelayError if it cannot be loaded again, or does not do that.
    """
    own = formats()["onnx"]
    numbers = x.head(EXAMPLE_ROWS)
    signature = infer_signature(_as_floats(numbers), np.zeros(len(numbers)))
    # As MLflow writes it into a file of YAML, which has no types of NumPy.
    plain = [value.item() if isinstance(value, np.generic) else value for value in classes]
    try:
        mlflow.onnx.save_model(
            model,
            str(folder),
            signature=signature,
            metadata={TASK: task, **({CLASSES: plain} if plain else {})},
            pip_requirements=_pinned([*REQUIREMENTS, *own.distributions]),
            save_as_external_data=False,
        )
    except MlflowException as error:
        raise RelayError(f"The model cannot be saved: {error.message}") from error
    load_model(folder, "The saved model").predict(numbers)
    return folder


def _as_floats(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with its whole numbers as floats: other files may miss some of them."""
    whole = [name for name in table if pd.api.types.is_integer_dtype(table[name])]
    return table.astype(dict.fromkeys(whole, float))


def _pinned(packages: Sequence[str]) -> list[str]:
    return [f"{name}=={version(name)}" for name in packages]
