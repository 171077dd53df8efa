"""Making a pipeline of a model's spec, and fitting it in the way that its library wants."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
from data import Data
from features import make_preprocessor, needs_sparse
from folds import hold_outs
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_sample_weight
from wrapping import (
    TRANSFORMS,
    class_weights,
    inner,
    inner_fitted,
    require_suitable,
    wrapped,
)

from relay import RelayError
from relay.models.estimators import ModelSpec, make_estimator
from relay.models.libraries import library_of
from relay.models.libraries.interface import FitInputs

log = logging.getLogger("relay")

FEWEST_HELD_OUT = 20


def make_pipeline(spec: ModelSpec, data: Data, seed: int) -> Pipeline:
    """The unfitted pipeline: `features`, then `model`.

    ConfigError where `spec` is wrong, RelayError where it does not suit the target.
    """
    require_suitable(spec, data)
    estimator = make_estimator(spec, data.task, seed)
    one_hot = spec.categories == "one_hot"
    takes_sparse = bool(get_tags(estimator).input_tags.sparse) and one_hot
    preprocessor = make_preprocessor(
        data.features,
        scale=spec.scale,
        sparse=takes_sparse and needs_sparse(data.x, data.features),
        ordinal=not one_hot,
        native_missing=spec.missing == "native",
    )
    return Pipeline([("features", preprocessor), ("model", wrapped(estimator, spec, data))])


def fit(pipeline: Pipeline, spec: ModelSpec, data: Data, seed: int) -> Pipeline:
    """`pipeline`, fitted; what the library has against the data becomes a RelayError.

    With `early_stopping`, the number of rounds is found on rows held out (folds.hold_outs), and
    the model is then fitted on all of them.
    """
    try:
        if spec.early_stopping is not None:
            _set_rounds(pipeline, spec, data, seed)
        return _fit(pipeline, spec, data)
    except Exception as error:
        library = library_of(inner(pipeline.named_steps["model"]))
        if isinstance(error, RelayError) or not library.is_data_error(error):
            raise
        raise RelayError(_complaint(pipeline, error)) from error


def _fit(pipeline: Pipeline, spec: ModelSpec, data: Data) -> Pipeline:
    """Fit one step after the other: only the output of the first shows where the categories are."""
    preprocessor, model = pipeline.named_steps["features"], pipeline.named_steps["model"]
    numbers = preprocessor.fit_transform(data.x, data.y)
    model.fit(numbers, data.y, **_fit_options(inner(model), spec, preprocessor, data))
    estimator = inner_fitted(model)
    library_of(estimator).predict_with_one_thread(estimator)
    return pipeline


def _fit_options(estimator: Any, spec: ModelSpec, preprocessor: Any, data: Data) -> dict[str, Any]:
    """Return the keyword arguments for the `fit` of `estimator`: categories and weights."""
    options: dict[str, Any] = {}
    if spec.categories == "native":
        places = preprocessor.output_indices_.get("category", slice(0))
        columns = range(places.start or 0, places.stop)
        width = len(preprocessor.get_feature_names_out())
        options |= library_of(estimator).category_options(estimator, columns, width)
    weights = _weights(spec, data)
    return options if weights is None else {**options, "sample_weight": weights}


def _weights(spec: ModelSpec, data: Data) -> NDArray[np.float64] | None:
    """What each row counts, or None where all count the same."""
    if spec.class_weight is None:
        return None
    if spec.class_weight == "balanced":
        return np.asarray(compute_sample_weight("balanced", data.y))
    given = class_weights(spec.class_weight, data.y)
    return np.array([given.get(label, 1.0) for label in data.y.astype(str)])


def _set_rounds(pipeline: Pipeline, spec: ModelSpec, data: Data, seed: int) -> None:
    """Set the estimator's number of rounds to that at which held out rows are predicted best.

    It is the mean over the parts held out: a single small part has its best round by chance.
    """
    found, rows = [], 0
    for learnt_rows, held_out_rows in hold_outs(data, seed):
        learnt, held_out = data.at(learnt_rows), data.at(held_out_rows)
        if data.task == "classification":  # a class that is held out as a whole cannot be scored
            held_out = held_out.at(np.isin(held_out.y, learnt.y))
        if len(held_out) and len(np.unique(learnt.y)) > 1:
            found.append(_rounds_on(pipeline, spec, learnt, held_out))
            rows += len(held_out)
    estimator = inner(pipeline.named_steps["model"])
    if rows < FEWEST_HELD_OUT:
        log.info("too few rows to stop early")
        return
    rounds = math.ceil(np.mean(found))
    estimator.set_params(**{library_of(estimator).rounds_parameter: rounds})
    log.info("%d rounds, as found on %d rows held out", rounds, rows)


def _rounds_on(pipeline: Pipeline, spec: ModelSpec, learnt: Data, held_out: Data) -> int:
    """The rounds at which `held_out` is predicted best by what learns from `learnt`."""
    preprocessor = clone(pipeline.named_steps["features"])
    x = preprocessor.fit_transform(learnt.x, learnt.y)
    estimator = clone(inner(pipeline.named_steps["model"]))
    y, held_out_y = _as_learnt(learnt.y, held_out.y, spec, learnt.task)
    return library_of(estimator).best_round(
        estimator,
        int(spec.early_stopping or 0),
        FitInputs(x, y, _fit_options(estimator, spec, preprocessor, learnt)),
        FitInputs(preprocessor.transform(held_out.x), held_out_y),
    )


def rounds_of(pipeline: Pipeline, spec: ModelSpec) -> int | None:
    """The rounds of a model that stops early; None of any other."""
    if spec.early_stopping is None:
        return None
    estimator = inner(pipeline.named_steps["model"])
    return int(estimator.get_params(deep=False)[library_of(estimator).rounds_parameter])


def _as_learnt(
    y: NDArray[Any], held_out: NDArray[Any], spec: ModelSpec, task: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    if task == "classification":
        codes = LabelEncoder().fit(y)
        return codes.transform(y), codes.transform(held_out)
    if spec.target_transform is None:
        return y, held_out
    there = TRANSFORMS[spec.target_transform][0]
    return there(y), there(held_out)


def _complaint(pipeline: Pipeline, error: Exception) -> str:
    message = " ".join(str(error).split())
    if "empty vocabulary" in message:
        return (
            "data.text: the text column has no words to learn from; data.text=null takes it as a "
            "category."
        )
    name = type(inner(pipeline.named_steps["model"])).__name__
    return f"{name} cannot be fitted to this data: {message}"
