"""What a model is put into, so that it suits the target: its transform, or labels of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from data import Data
from numpy.typing import NDArray
from params import require_task
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier

from relay import RelayError
from relay.models.estimators import ModelSpec
from relay.models.libraries import library_of
from relay.util.names import did_you_mean

TRANSFORMS = {
    "log": (np.log, np.exp, 0.0),
    "log1p": (np.log1p, np.expm1, -1.0),
    "sqrt": (np.sqrt, np.square, 0.0),
}
"""Each transform of the target, its inverse, and what all values have to be above."""


def require_suitable(spec: ModelSpec, data: Data) -> None:
    """RelayError where a setting does not go with the target."""
    require_task(spec, data.task)
    if isinstance(spec.class_weight, dict):
        classes = {str(one) for one in np.unique(data.y)}
        for name in class_weights(spec.class_weight, data.y):
            if name not in classes:
                hint = did_you_mean(name, classes)
                raise RelayError(f"model.class_weight: there is no class '{name}'.{hint}")
    if spec.target_transform is not None:
        above, inclusive = TRANSFORMS[spec.target_transform][2], spec.target_transform == "sqrt"
        lowest = float(data.y.min())
        if lowest < above or (lowest == above and not inclusive):
            raise RelayError(
                f"model.target_transform={spec.target_transform} takes values "
                f"{'of at least' if inclusive else 'above'} {above:g}, and the lowest of the "
                f"target is {lowest:g}."
            )


def class_weights(given: Mapping[Any, float], y: NDArray[Any]) -> dict[str, float]:
    """The weights that the config gives to classes, by the texts of the labels in `y`.

    Of truths also `true` is one: that is how a config hands True on.
    """
    are_truths = np.issubdtype(y.dtype, np.bool_)
    return {
        str(name).capitalize() if are_truths else str(name): weight
        for name, weight in given.items()
    }


def wrapped(estimator: Any, spec: ModelSpec, data: Data) -> Any:
    """`estimator` as it suits the target: transformed numbers, or labels of any kind."""
    if data.task == "classification" and library_of(estimator).needs_numbered_classes:
        # A vote of a single estimator turns labels into numbers.
        return VotingClassifier([("model", estimator)], voting="soft")
    if spec.target_transform is None:
        return estimator
    there, back, _ = TRANSFORMS[spec.target_transform]
    return TransformedTargetRegressor(estimator, func=there, inverse_func=back)


def inner(model: Any) -> Any:
    """The estimator of the config in what `wrapped` made of it."""
    if isinstance(model, VotingClassifier):
        return model.estimators[0][1]
    return model.regressor if isinstance(model, TransformedTargetRegressor) else model


def inner_fitted(model: Any) -> Any:
    """The same of a fitted model: what is put into another one is fitted as a copy."""
    if isinstance(model, VotingClassifier):
        return model.estimators_[0]
    return model.regressor_ if isinstance(model, TransformedTargetRegressor) else model
