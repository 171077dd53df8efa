"""scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from relay.models.libraries.interface import FitInputs, ModelLibrary, Progress, no_progress
from relay.models.metric_names import Task
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean


class ScikitLearn(ModelLibrary):
    """The adapter of scikit-learn: any estimator of its public modules."""

    package = "sklearn"
    example = "sklearn.ensemble.RandomForestRegressor"
    rounds_parameter = "max_iter"
    trusted_types = frozenset(
        {
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
    # Its boosting takes categories too, but then holds a function with arguments, which no saved
    # model of Relay may.
    takes_categories = False

    def class_paths(self, task: Task) -> Sequence[str]:
        kind = {"regression": "regressor", "classification": "classifier"}[task]
        discovery = import_module("sklearn.utils.discovery")
        return [_public_path(class_) for _, class_ in discovery.all_estimators(type_filter=kind)]

    def require_path(self, path: str) -> None:
        pass

    def import_class(self, path: str) -> type:
        module_name, _, class_name = path.rpartition(".")
        try:
            class_ = getattr(import_module(module_name), class_name, None)
        except ModuleNotFoundError:
            class_ = None
        if not inspect.isclass(class_) or not class_.__module__.startswith("sklearn."):
            choices = [*self.class_paths("regression"), *self.class_paths("classification")]
            raise ConfigError(
                f"model._target_: not a class of scikit-learn (got '{path}')."
                + did_you_mean(path, choices)
            )
        return class_

    def parameters(self, class_: type) -> Mapping[str, bool]:
        parameters = inspect.signature(class_).parameters
        return {name: value.default is value.empty for name, value in parameters.items()}

    def can_stop_early(self, estimator: Any) -> bool:
        return "X_val" in inspect.signature(estimator.fit).parameters

    def best_round(
        self,
        estimator: Any,
        patience: int,
        train: FitInputs,
        held_out: FitInputs,
        progress: Progress = no_progress,
    ) -> int:
        estimator.set_params(early_stopping=True, n_iter_no_change=patience)
        estimator.fit(train.x, train.y, X_val=held_out.x, y_val=held_out.y, **train.options)
        return max(1, int(estimator.validation_score_.argmax()))

    def predict_with_one_thread(self, estimator: Any) -> None:
        # Several threads add up the parts of an ensemble in any order. The last digits would differ
        # each time, and with them ranks, digests and what is cached.
        if hasattr(estimator, "estimators_") and "n_jobs" in estimator.get_params(deep=False):
            estimator.set_params(n_jobs=None)


def _public_path(class_: type) -> str:
    """Return the full name of `class_` in the public module that offers it."""
    public: list[str] = []
    for part in class_.__module__.split("."):
        if part.startswith("_"):
            break
        public.append(part)
    return ".".join([*public, class_.__name__])


LIBRARY = ScikitLearn()
