"""The scikit-learn pipeline of a model: made from its settings, fitted, and saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from features import make_preprocessor, needs_sparse
from numpy.typing import NDArray
from params import require_task
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_sample_weight
from training_set import Examples

import relay_dates
from relay import RelayError
from relay.models.estimators import ModelSpec, make_estimator
from relay.models.libraries import library_of
from relay.models.loading import load_model
from relay.models.saving import EXAMPLE_ROWS, save_sklearn
from relay.util.names import did_you_mean

TRANSFORMS = {
    "log": (np.log, np.exp, 0.0),
    "log1p": (np.log1p, np.expm1, -1.0),
    "sqrt": (np.sqrt, np.square, 0.0),
}
"""Each transform of the target, its inverse, and the lower bound of its values."""


def make_pipeline(spec: ModelSpec, examples: Examples, seed: int) -> Pipeline:
    """Return the unfitted pipeline: `features`, then `model`.

    Raises ConfigError if `spec` is wrong, RelayError if it does not suit the target.
    """
    require_suitable(spec, examples)
    estimator = make_estimator(spec, examples.task, seed)
    one_hot = spec.categories == "one_hot"
    takes_sparse = bool(get_tags(estimator).input_tags.sparse) and one_hot
    preprocessor = make_preprocessor(
        examples.features,
        scale=spec.scale,
        sparse=takes_sparse and needs_sparse(examples.x, examples.features),
        ordinal=not one_hot,
        native_missing=spec.missing == "native",
    )
    return Pipeline([("features", preprocessor), ("model", _wrap(estimator, spec, examples))])


def require_suitable(spec: ModelSpec, examples: Examples) -> None:
    """Check the settings that depend on the target's values.

    Raises ConfigError for a setting of the other task, RelayError for a class that does not exist
    and for a transform that is not defined on all values.
    """
    require_task(spec, examples.task)
    if isinstance(spec.class_weight, dict):
        classes = {str(label) for label in np.unique(examples.y)}
        for name in class_weights(spec.class_weight, examples.y):
            if name not in classes:
                hint = did_you_mean(name, classes)
                raise RelayError(f"model.class_weight: the target has no class '{name}'.{hint}")
    if spec.target_transform is not None:
        bound, inclusive = TRANSFORMS[spec.target_transform][2], spec.target_transform == "sqrt"
        lowest = float(examples.y.min())
        if lowest < bound or (lowest == bound and not inclusive):
            raise RelayError(
                f"model.target_transform: {spec.target_transform} needs values "
                f"{'of at least' if inclusive else 'above'} {bound:g} (got {lowest:g}). "
                "Set it to null, or filter these rows with data.filters."
            )


def class_weights(weights: Mapping[Any, float], y: NDArray[Any]) -> dict[str, float]:
    """Return the `weights` of the configuration by the texts of the labels in `y`.

    For booleans `true` counts as well: the configuration hands True on as this text.
    """
    are_booleans = np.issubdtype(y.dtype, np.bool_)
    return {
        str(name).capitalize() if are_booleans else str(name): weight
        for name, weight in weights.items()
    }


def _wrap(estimator: Any, spec: ModelSpec, examples: Examples) -> Any:
    """Return `estimator` inside what the target needs: a transform, or labels as numbers."""
    if examples.task == "classification" and library_of(estimator).needs_numbered_classes:
        # A vote of a single estimator turns labels into numbers.
        return VotingClassifier([("model", estimator)], voting="soft")
    if spec.target_transform is None:
        return estimator
    transform, inverse, _ = TRANSFORMS[spec.target_transform]
    return TransformedTargetRegressor(estimator, func=transform, inverse_func=inverse)


def estimator_in(pipeline: Pipeline) -> Any:
    """Return the unfitted estimator of `pipeline`, without what `make_pipeline` put it into."""
    model = pipeline.named_steps["model"]
    if isinstance(model, VotingClassifier):
        return model.estimators[0][1]
    return model.regressor if isinstance(model, TransformedTargetRegressor) else model


def fitted_estimator_in(pipeline: Pipeline) -> Any:
    """Return the fitted estimator of `pipeline`: what it is put into fits a copy."""
    model = pipeline.named_steps["model"]
    if isinstance(model, VotingClassifier):
        return model.estimators_[0]
    return model.regressor_ if isinstance(model, TransformedTargetRegressor) else model


def fit_model(pipeline: Pipeline, spec: ModelSpec, examples: Examples, numbers: Any) -> Pipeline:
    """Fit the model of `pipeline` on the `numbers` that its fitted features made, and return it."""
    # One step after the other: only the output of the first shows where the categories are.
    preprocessor, model = pipeline.named_steps["features"], pipeline.named_steps["model"]
    options = fit_options(estimator_in(pipeline), spec, preprocessor, examples)
    model.fit(numbers, examples.y, **options)
    estimator = fitted_estimator_in(pipeline)
    library_of(estimator).predict_with_one_thread(estimator)
    return pipeline


def fit_options(
    estimator: Any, spec: ModelSpec, preprocessor: Any, examples: Examples
) -> dict[str, Any]:
    """Return the keyword arguments for the `fit` of `estimator`: categories and weights."""
    options: dict[str, Any] = {}
    if spec.categories == "native":
        places = preprocessor.output_indices_.get("category", slice(0))
        columns = range(places.start or 0, places.stop)
        width = len(preprocessor.get_feature_names_out())
        options |= library_of(estimator).category_options(estimator, columns, width)
    weights = _row_weights(spec, examples)
    return options if weights is None else {**options, "sample_weight": weights}


def _row_weights(spec: ModelSpec, examples: Examples) -> NDArray[np.float64] | None:
    """Return the weight of each row, or None if all weigh the same."""
    if spec.class_weight is None:
        return None
    if spec.class_weight == "balanced":
        return np.asarray(compute_sample_weight("balanced", examples.y))
    weights = class_weights(spec.class_weight, examples.y)
    return np.array([weights.get(label, 1.0) for label in examples.y.astype(str)])


def encode_targets(
    y: NDArray[Any], held_out: NDArray[Any], spec: ModelSpec, task: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both targets as the estimator inside its wrapper sees them."""
    if task == "classification":
        codes = LabelEncoder().fit(y)
        return codes.transform(y), codes.transform(held_out)
    if spec.target_transform is None:
        return y, held_out
    transform = TRANSFORMS[spec.target_transform][0]
    return transform(y), transform(held_out)


def fit_error(pipeline: Pipeline, error: Exception) -> RelayError | None:
    """Return `error`, raised by fitting `pipeline`, as a message; None if it is a bug."""
    estimator = estimator_in(pipeline)
    if isinstance(error, RelayError) or not library_of(estimator).is_data_error(error):
        return None
    message = " ".join(str(error).split())
    if "empty vocabulary" in message:
        return RelayError(
            "data.text: the text column has no words to learn from. Set data.text=null to use it "
            "as a category."
        )
    return RelayError(f"{type(estimator).__name__} cannot be fitted to this data: {message}")


def save(
    pipeline: Pipeline, x: pd.DataFrame, folder: Path, trusted_types: Collection[str] = ()
) -> Path:
    """Save `pipeline`, fitted on `x`, as an MLflow model (skops) in `folder`, and return that.

    It has a signature, an input example of 5 rows and the versions of the libraries. Raises
    RelayError if it holds types that neither Relay nor `trusted_types` trusts, or if it predicts
    differently after it is loaded again.
    """
    example = x.head(EXAMPLE_ROWS).reset_index(drop=True)
    expected = pipeline.predict(example)
    library = library_of(estimator_in(pipeline))
    has_dates = any(kind == "date" for kind, _, _ in pipeline.named_steps["features"].transformers_)
    save_sklearn(
        pipeline,
        x,
        folder,
        trusted_types=trusted_types,
        requirements=library.pinned_requirements(),
        code_paths=[*([relay_dates.__file__] if has_dates else []), *library.code_files],
    )
    loaded = load_model(folder, "The saved model", trusted_types).predict(example).values
    if not _are_equal(expected, loaded):
        raise RelayError(
            "The saved model predicts differently from the trained one, so it is not kept. "
            "Choose another class of models."
        )
    return folder


def _are_equal(a: np.ndarray, b: np.ndarray) -> bool:
    if np.issubdtype(a.dtype, np.floating):
        return bool(np.allclose(a, b, equal_nan=True))
    return bool((a == b).all())
