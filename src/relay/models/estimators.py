"""The settings of a model, and the estimator that they describe.

A library is imported only when an estimator of it is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relay.models.keras_backend import BACKENDS, Backend
from relay.models.libraries import library_at, library_of
from relay.models.metric_names import TableTask
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.setting_text import setting

TASKS: tuple[TableTask, ...] = ("regression", "classification")
MIXINS: Mapping[TableTask, str] = {
    "regression": "RegressorMixin",
    "classification": "ClassifierMixin",
}
KINDS: Mapping[TableTask, str] = {"regression": "a regressor", "classification": "a classifier"}


class ModelSpec(BaseModel):
    """An estimator and its settings: a file of the config group `model`."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    name: str = Field("custom", description="name of the model, for people")
    target: str | dict[TableTask, str] = Field(
        alias="_target_", description="the class, as sklearn.module.Class, or one for each task"
    )
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of the class")
    task_params: dict[TableTask, dict[str, Any]] = Field(
        default_factory=dict,
        description="parameters for one task only, that `params` does not have",
    )
    scale: bool = Field(False, description="standardise numeric columns")
    categories: Literal["one_hot", "ordinal", "native"] = Field(
        "one_hot",
        description="ordinal: a number each; native: a number that is declared a category",
    )
    missing: Literal["impute", "native"] = Field(
        "impute", description="native: hand missing numbers over as such"
    )
    target_transform: Literal["log", "log1p", "sqrt"] | None = Field(
        None, description="what is learnt is this of the target; predictions are turned back"
    )
    class_weight: Literal["balanced"] | dict[str | bool | int, float] | None = Field(
        None, description="what a row of each class counts; balanced: each class the same"
    )
    early_stopping: int | None = Field(
        None, ge=1, description="boosting ends after so many rounds without gain"
    )
    environment: str | None = Field(
        None, description="the folder in environments/ that fitting needs; null: that of the step"
    )
    backend: Backend | None = Field(None, description="the engine of Keras, for mlp")

    @model_validator(mode="before")
    @classmethod
    def _is_for_tables(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and "method" in values and "_target_" not in values:
            raise ValueError(
                f"'{values.get('name')}' forecasts series, and this pipeline is for tables. Add "
                "pipeline=forecast, or choose another model, such as model=random_forest"
            )
        return values

    @model_validator(mode="after")
    def _is_set_once(self) -> ModelSpec:
        for task, params in self.task_params.items():
            for name in sorted(self.params.keys() & params.keys()):
                raise ValueError(
                    f"params.{name} has no effect on {task}, as task_params.{task}.{name} is set "
                    f"(got {self.params[name]} and {params[name]}). "
                    f"Set {setting(f'model.task_params.{task}.{name}', self.params[name])} instead"
                )
        return self

    @model_validator(mode="after")
    def _has_an_engine_if_it_needs_one(self) -> ModelSpec:
        params = [self.params, *self.task_params.values()]
        engines = [values["backend"] for values in params if "backend" in values]
        if self.backend is None and None in engines:
            raise ValueError(f"backend: a network needs one of {', '.join(BACKENDS)} (got null)")
        for engine in engines:
            if engine != self.backend:
                raise ValueError(
                    f"params.backend: set model.backend={engine} instead, which chooses the "
                    f"environment as well (got '{engine}', and model.backend={self.backend})"
                )
        if self.backend is not None and not engines:
            raise ValueError(
                f"backend: it is for networks, and has no effect on '{self.name}' (got "
                f"'{self.backend}'). Set it to null, or choose model=mlp"
            )
        return self

    def class_path(self, task: TableTask) -> str | None:
        """Return the full name of the class for `task`; None if none is set."""
        return self.target if isinstance(self.target, str) else self.target.get(task)

    def params_for(self, task: TableTask) -> dict[str, Any]:
        """Return the parameters for `task`."""
        return {**self.params, **self.task_params.get(task, {})}


def check_spec(spec: ModelSpec) -> None:
    """Check the class of `spec`, its parameters and its settings.

    What needs a library that is not installed here is left to the step that has it. Raises
    ConfigError if one of them is wrong.
    """
    paths = {task: path for task in TASKS if (path := spec.class_path(task))}
    if not paths:
        raise ConfigError(
            "model._target_: there is no class. Name one for regression or for classification."
        )
    libraries = [library_at(path) for path in paths.values()]
    for library, path in zip(libraries, paths.values(), strict=True):
        library.require_path(path)
    if not all(library.is_installed() for library in libraries):
        return
    tasks = list(paths)
    if isinstance(spec.target, str):
        class_ = library_at(spec.target).import_class(spec.target)
        tasks = [task for task in tasks if _is_of_kind(class_, task)]
        if not tasks:
            raise ConfigError(
                f"model._target_: neither a regressor nor a classifier (got '{spec.target}')."
            )
    for task in tasks:
        make_estimator(spec, task)


def check_task(spec: ModelSpec, task: TableTask) -> None:
    """Check that the class of `spec` is for `task`, if its library is installed here.

    Raises ConfigError if it is not.
    """
    path = spec.class_path(task)
    if path is None or library_at(path).is_installed():
        make_estimator(spec, task)


def make_estimator(spec: ModelSpec, task: TableTask, seed: int | None = None) -> Any:
    """Return an unfitted estimator for `task`, with `seed` as its random_state if it takes one.

    Raises ConfigError if the class is not for this task, does not have a parameter, does not accept
    its value, or cannot do what the other settings need.
    """
    path = spec.class_path(task)
    if path is None:
        raise ConfigError(
            f"model._target_: there is no class for {task}. Name one, or choose another model."
        )
    library = library_at(path)
    class_ = library.import_class(path)
    if not _is_of_kind(class_, task):
        raise ConfigError(
            f"model._target_: {path} is not {KINDS[task]}, and the task is {task}."
            + did_you_mean(path, library.class_paths(task))
        )
    params = spec.params_for(task)
    accepted = library.parameters(class_)
    for name in params:
        if name not in accepted:
            raise ConfigError(
                f"{_place(spec, task, name)}: {class_.__name__} has no such parameter."
                + did_you_mean(name, accepted)
            )
    for name, is_required in accepted.items():
        if is_required and name not in params:
            raise ConfigError(
                f"model.params.{name}: {class_.__name__} needs this parameter. Set it."
            )
    if seed is not None and "random_state" in accepted:
        params = {"random_state": seed, **params}
    estimator = class_(**{**library.default_params, **params})
    # Not public, but the first call in each estimator's `fit`, which would raise the error later.
    if hasattr(estimator, "_parameter_constraints"):
        try:
            estimator._validate_params()
        except ValueError as error:
            raise ConfigError(_invalid(spec, task, str(error))) from error
    _require_abilities(spec, estimator)
    return estimator


def _require_abilities(spec: ModelSpec, estimator: Any) -> None:
    """Check that `estimator` can do what the settings need. Raises ConfigError if it cannot."""
    utils = import_module("sklearn.utils")
    takes_missing = utils.get_tags(estimator).input_tags.allow_nan
    takes_weights = utils.validation.has_fit_parameter(estimator, "sample_weight")
    library = library_of(estimator)
    name = type(estimator).__name__
    problems = {
        f"categories: native is not for {name}; set it to ordinal or one_hot": (
            spec.categories == "native" and not library.takes_categories
        ),
        f"categories: {name} takes no missing values, as unknown ones are; set it to one_hot": (
            spec.categories == "ordinal" and not takes_missing
        ),
        f"missing: {name} takes no missing values; set it to impute": (
            spec.missing == "native" and not takes_missing
        ),
        f"class_weight: {name} cannot weigh rows; set it to null": (
            spec.class_weight is not None and not takes_weights
        ),
        f"early_stopping: {name} has none; set it to null": (
            spec.early_stopping is not None and not library.can_stop_early(estimator)
        ),
    }
    for problem, is_there in problems.items():
        if is_there:
            raise ConfigError(f"model.{problem}.")


def _is_of_kind(class_: type, task: TableTask) -> bool:
    return issubclass(class_, getattr(import_module("sklearn.base"), MIXINS[task]))


def _place(spec: ModelSpec, task: TableTask, name: str) -> str:
    """Return the setting with the parameter `name`."""
    if name in spec.task_params.get(task, {}):
        return f"model.task_params.{task}.{name}"
    return f"model.params.{name}"


def _invalid(spec: ModelSpec, task: TableTask, message: str) -> str:
    """Return scikit-learn's message on a wrong value as a line that begins with the setting."""
    line = " ".join(message.split())
    parts = re.match(r"The '(\w+)' parameter of (\w+) (.*)", line)
    if not parts:
        return f"model.params: {line}"
    name, class_name, problem = parts.groups()
    return f"{_place(spec, task, name)}: {problem} ({class_name})"
