"""XGBoost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relay.models.libraries.interface import BoostingLibrary, FitInputs, Progress, no_progress


class XGBoost(BoostingLibrary):
    """The adapter of XGBoost."""

    package = "xgboost"
    example = "xgboost.XGBRegressor"
    regressors = ("XGBRegressor", "XGBRFRegressor")
    classifiers = ("XGBClassifier", "XGBRFClassifier")
    rounds_parameter = "n_estimators"
    # One library: the smaller package leaves out what GPUs need, and is not built for macOS.
    requirements = (
        "xgboost-cpu=={version} ; sys_platform != 'darwin'",
        "xgboost=={version} ; sys_platform == 'darwin'",
    )
    trusted_types = frozenset(
        {
            "xgboost.core.Booster",
            "xgboost.sklearn.XGBClassifier",
            "xgboost.sklearn.XGBRFClassifier",
            "xgboost.sklearn.XGBRFRegressor",
            "xgboost.sklearn.XGBRegressor",
        }
    )
    takes_categories = True
    needs_numbered_classes = True

    def can_stop_early(self, estimator: Any) -> bool:
        return not type(estimator).__name__.startswith("XGBRF")  # forests: a single round

    def best_round(
        self,
        estimator: Any,
        patience: int,
        train: FitInputs,
        held_out: FitInputs,
        progress: Progress = no_progress,
    ) -> int:
        estimator.set_params(early_stopping_rounds=patience)
        estimator.fit(
            train.x, train.y, eval_set=[(held_out.x, held_out.y)], verbose=False, **train.options
        )
        return int(estimator.best_iteration) + 1

    def category_options(
        self, estimator: Any, columns: Sequence[int], width: int
    ) -> Mapping[str, Any]:
        types = ["c" if column in columns else "q" for column in range(width)]
        estimator.set_params(enable_categorical=True, feature_types=types)
        return {}


LIBRARY = XGBoost()
