"""Relay's neural networks, which Keras fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from relay.models.libraries.interface import BoostingLibrary, FitInputs, Progress, no_progress
from relay.util.errors import ConfigError


class Nets(BoostingLibrary):
    """The adapter of the module relay_nets. Only fitting needs Keras."""

    package = "relay_nets"
    example = "relay_nets.MLPRegressor"
    regressors = ("MLPRegressor",)
    classifiers = ("MLPClassifier",)
    rounds_parameter = "epochs"
    trusted_types = frozenset({"relay_nets.MLPClassifier", "relay_nets.MLPRegressor"})
    takes_categories = True
    most_parts = 3  # each takes seconds
    repeatable = (
        "The same seed gives the same net on the same machine and versions; on another processor, "
        "or with another number of threads, the last digits can differ."
    )

    @property
    def code_files(self) -> tuple[str, ...]:
        return (str(import_module(self.package).__file__),)

    def is_installed(self) -> bool:
        return find_spec("keras") is not None

    def import_class(self, path: str) -> type:
        if not self.is_installed():
            raise ConfigError(
                "model._target_: a network is fitted by Keras, which this environment does not "
                "have. Set model.environment=keras_jax, and do not run the step with "
                "env_manager=local."
            )
        return super().import_class(path)

    def best_round(
        self,
        estimator: Any,
        patience: int,
        train: FitInputs,
        held_out: FitInputs,
        progress: Progress = no_progress,
    ) -> int:
        watched = (held_out.x, held_out.y)
        return int(
            estimator.best_epoch(train.x, train.y, watched, patience, progress, **train.options)
        )

    def category_options(
        self, estimator: Any, columns: Sequence[int], width: int
    ) -> Mapping[str, Any]:
        return {"categories": list(columns)}


LIBRARY = Nets()
