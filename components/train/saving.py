"""Saving a fitted pipeline as an MLflow model that loads without Relay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from relay import RelayError
from relay.models.files import REQUIREMENTS
from relay.models.libraries import library_of
from relay.models.loading import load_model
from relay.models.trusted import require_trusted

EXAMPLE_ROWS = 5


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
    own = [f"{name}=={version(name)}" for name in REQUIREMENTS]
    return own + library_of(inner(pipeline.named_steps["model"])).pinned_requirements()


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
