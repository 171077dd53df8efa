"""LightGBM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

from relay.models.libraries.interface import BoostingLibrary, FitInputs, Progress, no_progress


class LightGBM(BoostingLibrary):
    """The adapter of LightGBM."""

    package = "lightgbm"
    example = "lightgbm.LGBMRegressor"
    regressors = ("LGBMRegressor",)
    classifiers = ("LGBMClassifier",)
    more_parameters = (
        "cat_l2", "cat_smooth", "deterministic", "extra_trees", "feature_fraction_bynode",
        "force_col_wise", "force_row_wise", "linear_tree", "max_bin", "max_cat_threshold",
        "max_cat_to_onehot", "max_delta_step", "min_data_in_bin", "min_data_per_group",
        "monotone_constraints", "path_smooth", "verbose",
    )  # fmt: skip
    rounds_parameter = "n_estimators"
    default_params: ClassVar[Mapping[str, Any]] = {"verbose": -1}  # else it prints its remarks
    requirements = ("lightgbm=={version}",)
    trusted_types = frozenset(
        {
            "lightgbm.basic.Booster",
            "lightgbm.sklearn.LGBMClassifier",
            "lightgbm.sklearn.LGBMRegressor",
        }
    )
    takes_categories = True

    def best_round(
        self,
        estimator: Any,
        patience: int,
        train: FitInputs,
        held_out: FitInputs,
        progress: Progress = no_progress,
    ) -> int:
        stop = import_module(self.package).early_stopping(patience, verbose=False)
        estimator.fit(
            train.x, train.y, eval_X=held_out.x, eval_y=held_out.y, callbacks=[stop],
            **train.options,
        )  # fmt: skip
        return int(estimator.best_iteration_)

    def category_options(
        self, estimator: Any, columns: Sequence[int], width: int
    ) -> Mapping[str, Any]:
        return {"categorical_feature": list(columns)}

    def is_data_error(self, error: Exception) -> bool:
        is_own = type(error).__module__.startswith(self.package)  # its errors share no base class
        return is_own or super().is_data_error(error)


LIBRARY = LightGBM()
