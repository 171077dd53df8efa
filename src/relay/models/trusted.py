"""The types that a model may hold: loading it, and predicting with it, runs no code but theirs.

A saved model names the types that it is made of, and whoever can write its files can name any.
So the types are held against a list of exact names that stands here: what skops knows to be
harmless (the estimators of scikit-learn, the ufuncs of numpy), and those below. Only the setting
`trusted_types` adds to them, never a file of the model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

from pydantic import AfterValidator

from relay.util.errors import RelayError

SETTING = "trusted_types"

# Classes only, and of them those whose construction and methods call nothing that they are given:
# a function here could be called with arguments of the file's choice.
TRUSTED_TYPES = frozenset(
    {
        "collections.OrderedDict",
        "numpy.dtype",
        "relay_dates.DateFeatures",
        # the boosting libraries
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRFClassifier",
        "xgboost.sklearn.XGBRFRegressor",
        "xgboost.sklearn.XGBRegressor",
        # what scikit-learn's estimators hold
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)


def _full_names(names: list[str]) -> list[str]:
    """`names`; ValueError where one is not the full name of one type."""
    for name in names:
        parts = name.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise ValueError(
                f"'{name}' is not the full name of a type, such as sklearn.linear_model.Ridge"
            )
    return names


TrustedTypes = Annotated[list[str], AfterValidator(_full_names)]
TRUSTED_TYPES_ARE = "full names of types that a model may hold besides those that Relay trusts"


def require_trusted(types: Iterable[str], name: str, more: Collection[str]) -> None:
    """RelayError where one of `types` is neither on Relay's list nor in `more`, the user's own."""
    strange = sorted(set(types) - TRUSTED_TYPES - set(more))
    if strange:
        listed = ", ".join(strange)
        raise RelayError(
            f"{name}: it holds {listed}, which Relay does not trust: with it, a model can run any "
            f"code. If you made the model and know the type, allow it: {SETTING}=[{listed}]."
        )
