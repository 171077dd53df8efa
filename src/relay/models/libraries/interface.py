"""The interface of the adapters for libraries of models."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from relay.models.metric_names import Task
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

Progress = Callable[[Mapping[str, float]], None]
"""Takes the losses after a round."""


def no_progress(losses: Mapping[str, float]) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class FitInputs:
    """The inputs of a fit: numbers, the target, and keyword arguments of `fit`."""

    x: Any
    y: Any
    options: Mapping[str, Any] = field(default_factory=dict)


class ModelLibrary(ABC):
    """The adapter of one library. It has no state, and imports the library only in its methods."""

    package: ClassVar[str]
    """The name that the library is imported by."""
    example: ClassVar[str]
    """The full name of a class of it, for messages."""
    rounds_parameter: ClassVar[str] = ""
    """The parameter with the number of boosting rounds."""
    default_params: ClassVar[Mapping[str, Any]] = {}
    """Parameters for each of its classes, unless the configuration sets them."""
    requirements: ClassVar[tuple[str, ...]] = ()
    """The packages that a saved model needs besides Relay's own, with `{version}` to fill in."""
    trusted_types: ClassVar[frozenset[str]] = frozenset()
    """The exact types that a saved model of it may hold, besides those that skops trusts.

    Classes only, whose construction and methods call nothing that they are given: a function here
    could be called with arguments of the file's choice.
    """
    takes_categories: ClassVar[bool] = False
    """Whether its estimators can treat a number as the code of a category."""
    most_parts: ClassVar[int | None] = None
    """The most held-out parts that the number of rounds is chosen on; None: as the rows need."""
    repeatable: ClassVar[str] = ""
    """What the model card states if another machine can fit another model."""
    needs_numbered_classes: ClassVar[bool] = False
    """Whether its classifiers take classes only as the numbers 0, 1, 2, ..."""

    def is_installed(self) -> bool:
        """Return whether the library can be imported here."""
        return find_spec(self.package) is not None

    @abstractmethod
    def class_paths(self, task: Task) -> Sequence[str]:
        """Return the full names of the estimators for `task`."""

    @abstractmethod
    def require_path(self, path: str) -> None:
        """Check the full name of a class, as far as possible without importing the library.

        Raises ConfigError if there can be no such class.
        """

    @abstractmethod
    def import_class(self, path: str) -> type:
        """Return the class with the full name `path`.

        Raises ConfigError if there is no such class, or if the library cannot be imported.
        """

    @abstractmethod
    def parameters(self, class_: type) -> Mapping[str, bool]:
        """Return for each parameter of `class_` whether it is required."""

    @abstractmethod
    def can_stop_early(self, estimator: Any) -> bool:
        """Return whether `best_round` works for `estimator`."""

    @abstractmethod
    def best_round(
        self,
        estimator: Any,
        patience: int,
        train: FitInputs,
        held_out: FitInputs,
        progress: Progress = no_progress,
    ) -> int:
        """Fit `estimator` on `train`; return the round after which it predicts `held_out` best.

        Fitting ends after `patience` rounds in a row without improvement. A library whose rounds
        take long reports the losses after each to `progress`.
        """

    def category_options(
        self, estimator: Any, columns: Sequence[int], width: int
    ) -> Mapping[str, Any]:
        """Declare `columns`, of `width` in all, as codes of categories.

        Sets parameters of `estimator`, or returns keyword arguments for its `fit`.
        """
        raise NotImplementedError(f"{self.package} does not take categories.")

    def is_data_error(self, error: Exception) -> bool:
        """Return whether `error`, raised by `fit`, is about the data, and not a bug."""
        return isinstance(error, ValueError | TypeError)

    def predict_with_one_thread(self, estimator: Any) -> None:  # noqa: B027
        """Make a fitted `estimator` predict the same to the last digit each time."""

    @property
    def code_files(self) -> tuple[str, ...]:
        """The files of Relay's that a saved model carries with it: its class is in them."""
        return ()

    @property
    def distributions(self) -> tuple[str, ...]:
        """The packages that `requirements` name."""
        return tuple(re.split(r"[^\w-]", line, maxsplit=1)[0] for line in self.requirements)

    def pinned_requirements(self) -> list[str]:
        """Return `requirements` with the version that is installed."""
        if not self.requirements:
            return []
        version = import_module(self.package).__version__
        return [line.format(version=version) for line in self.requirements]


class BoostingLibrary(ModelLibrary):
    """A library whose few estimators lie in its top module and follow scikit-learn's interface."""

    regressors: ClassVar[tuple[str, ...]]
    classifiers: ClassVar[tuple[str, ...]]
    """The names of its classes."""
    more_parameters: ClassVar[tuple[str, ...]] = ()
    """Parameters that its classes accept and do not list."""

    def class_paths(self, task: Task) -> Sequence[str]:
        names = self.regressors if task == "regression" else self.classifiers
        return [f"{self.package}.{name}" for name in names]

    def require_path(self, path: str) -> None:
        choices = [*self.class_paths("regression"), *self.class_paths("classification")]
        if path not in choices:
            raise ConfigError(
                f"model._target_: not an estimator of {self.package} (got '{path}')."
                + did_you_mean(path, choices)
            )

    def import_class(self, path: str) -> type:
        self.require_path(path)
        try:
            class_: type = getattr(import_module(self.package), path.rpartition(".")[2])
        except (ImportError, OSError) as error:  # OSError: a library of the system is missing
            raise ConfigError(
                f"model._target_: {self.package} cannot be used here: {error}. (On Linux it may "
                "need the package libgomp1, on macOS libomp.)"
            ) from error
        return class_

    def parameters(self, class_: type) -> Mapping[str, bool]:
        names = [*class_().get_params(), *self.more_parameters]  # signatures leave out base classes
        return dict.fromkeys(names, False)

    def can_stop_early(self, estimator: Any) -> bool:
        return True
