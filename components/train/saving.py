"""Saving a fitted pipeline as an MLflow model that loads without Relay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
import skops.io
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline
from wrapping import inner

import relay_dates
from relay.models.estimators import library_of
from relay.models.loading import load_model
from relay.models.trusted import require_trusted
from relay.util.errors import RelayError

EXAMPLE_ROWS = 5
REQUIREMENTS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
LIBRARIES = {
    "lightgbm": ["lightgbm=={0}"],
    # the same library: the smaller package, without what GPUs need, is not there for macOS
    "xgboost": [
        "xgboost-cpu=={0} ; sys_platform != 'darwin'",
        "xgboost=={0} ; sys_platform == 'darwin'",
    ],
}


def save(
    pipeline: Pipeline, x: pd.DataFrame, folder: Path, trusted_types: Collection[str] = ()
) -> Path:
    """Save `pipeline`, fitted on `x`, as an MLflow model (skops) in `folder`, and return it.

    With signature, an input example of 5 rows and the versions of the libraries. RelayError where
    the estimator cannot be saved safely (it may hold `trusted_types`, besides those that Relay
    trusts), or predicts otherwise once it is loaded again.
    """
    example = x.head(EXAMPLE_ROWS).reset_index(drop=True)
    expected = pipeline.predict(example)
    has_dates = any(kind == "date" for kind, _, _ in pipeline.named_steps["features"].transformers_)
    try:
        mlflow.sklearn.save_model(
            pipeline,
            str(folder),
            signature=infer_signature(x, expected),
            input_example=example,
            serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
            skops_trusted_types=types_of(pipeline, trusted_types),
            code_paths=[relay_dates.__file__] if has_dates else None,
            pip_requirements=requirements(pipeline),
        )
    except MlflowException as error:
        raise RelayError(f"The model cannot be saved: {error.message}") from error
    again = load_model(folder, "The saved model", trusted_types).predict(example).values
    if not _equal(expected, again):
        raise RelayError("The saved model predicts otherwise than the trained one: not kept.")
    return folder


def requirements(pipeline: Pipeline) -> list[str]:
    """The packages, with their versions, that `pipeline` needs to predict."""
    needed = [f"{name}=={version(name)}" for name in REQUIREMENTS]
    library = library_of(inner(pipeline.named_steps["model"]))
    if library in LIBRARIES:
        of_it = import_module(library).__version__
        needed += [line.format(of_it) for line in LIBRARIES[library]]
    return needed


def types_of(pipeline: Pipeline, trusted_types: Collection[str] = ()) -> list[str]:
    """The types in `pipeline` that skops does not know to be harmless.

    RelayError where one is neither in `trusted_types` nor trusted by Relay.
    """
    types: Sequence[str] = skops.io.get_untrusted_types(data=skops.io.dumps(pipeline))
    require_trusted(types, "The model cannot be saved", trusted_types)
    return sorted(types)


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    if np.issubdtype(a.dtype, np.floating):
        return bool(np.allclose(a, b, equal_nan=True))
    return bool((a == b).all())
