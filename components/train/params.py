"""Parameters of `train`, and which estimator of scikit-learn they name."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from relay.errors import ConfigError
from relay.names import column_name, did_you_mean
from relay.params import Params as BaseParams

Task = Literal["regression", "classification"]

TASKS: tuple[Task, ...] = ("regression", "classification")
MIXINS: Mapping[Task, str] = {"regression": "RegressorMixin", "classification": "ClassifierMixin"}
KINDS: Mapping[Task, str] = {"regression": "a regressor", "classification": "a classifier"}


class ModelSpec(BaseModel):
    """An estimator of scikit-learn and what it is given: a file of the config group `model`."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    name: str = Field("custom", description="name of the model, for people")
    target: str | dict[Task, str] = Field(
        alias="_target_", description="the class, as sklearn.module.Class, or one for each task"
    )
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of the class")
    task_params: dict[Task, dict[str, Any]] = Field(
        default_factory=dict, description="parameters for one task only, on top of params"
    )
    scale: bool = Field(False, description="standardise numeric columns")

    def class_path(self, task: Task) -> str | None:
        """The class for `task`, or None where none is given for it."""
        return self.target if isinstance(self.target, str) else self.target.get(task)

    def params_for(self, task: Task) -> dict[str, Any]:
        """The parameters for `task`."""
        return {**self.params, **self.task_params.get(task, {})}


class Params(BaseParams):
    train_artifact: str = Field(description="the train set")
    report_artifact: str = Field(
        "", description="report of the check of the table that the train set was split from"
    )
    model_artifact: str = Field("model", description="name of the trained model")
    target: str = Field(description="column to predict")
    model: ModelSpec = Field(
        description="the estimator: {_target_: sklearn.module.Class, params: {...}, scale: false}"
    )
    text: str | None = Field(None, description="a column of free text, to be read by TF-IDF")
    folds: int = Field(5, ge=0, le=100, description="of the cross-validation; 0 or 1: none")
    seed: int = Field(42, ge=0, lt=2**32, description="seed of the folds and of the model")

    @field_validator("text")
    @classmethod
    def _as_in_the_table(cls, name: str | None) -> str | None:
        return name if name is None else column_name(name)


def check(params: Params) -> None:
    """ConfigError where the model's class or one of its parameters is wrong.

    For the orchestrator, before anything runs. Says nothing where scikit-learn is not installed.
    """
    try:
        import_module("sklearn")
    except ImportError:
        return
    spec = params.model
    tasks = [task for task in TASKS if spec.class_path(task)]
    if not tasks:
        raise ConfigError("model._target_: name a class for regression or for classification.")
    if isinstance(spec.target, str):
        tasks = [task for task in tasks if _is_of_kind(_imported(spec.target), task)]
        if not tasks:
            raise ConfigError(
                f"model._target_: {spec.target} is neither a regressor nor a classifier."
            )
    for task in tasks:
        make_estimator(spec, task)


def make_estimator(spec: ModelSpec, task: Task, seed: int | None = None) -> Any:
    """An unfitted estimator for `task`, with `seed` as its random_state where it takes one.

    ConfigError where the class is not one of scikit-learn's for this task, does not know a
    parameter, or does not take its value.
    """
    path = spec.class_path(task)
    if path is None:
        raise ConfigError(f"model._target_: there is no class for {task}.")
    class_ = _imported(path)
    if not _is_of_kind(class_, task):
        raise ConfigError(
            f"model._target_: {path} is not {KINDS[task]}, and the task is {task}."
            + did_you_mean(path.rpartition(".")[2], _estimators(path.rpartition(".")[0], task))
        )
    params = spec.params_for(task)
    known = inspect.signature(class_).parameters
    for name in params:
        if name not in known:
            raise ConfigError(
                f"{_place(spec, task, name)}: {class_.__name__} has no such parameter."
                + did_you_mean(name, known)
            )
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in params:
            raise ConfigError(f"model.params.{name}: {class_.__name__} needs this parameter.")
    if seed is not None and "random_state" in known:
        params = {"random_state": seed, **params}
    estimator = class_(**params)
    # Not public, but what every estimator's fit begins with; without it, fit itself complains.
    if hasattr(estimator, "_validate_params"):
        try:
            estimator._validate_params()
        except ValueError as error:
            raise ConfigError(_invalid(spec, task, str(error))) from error
    return estimator


def _imported(path: str) -> type:
    """The class at the dotted `path`, from scikit-learn only: a config text must run no code."""
    module_name, _, class_name = path.rpartition(".")
    parts = module_name.split(".")
    if parts[0] != "sklearn" or not all(part.isidentifier() for part in [*parts, class_name]):
        raise ConfigError(
            f"model._target_: '{path}' is not a class of scikit-learn, such as "
            "sklearn.ensemble.RandomForestRegressor."
        )
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        names = [f"sklearn.{found.name}" for found in _submodules()]
        raise ConfigError(
            f"model._target_: there is no module '{module_name}'.{did_you_mean(module_name, names)}"
        ) from error
    class_ = getattr(module, class_name, None)
    if not inspect.isclass(class_) or not class_.__module__.startswith("sklearn."):
        names = sorted({name for task in TASKS for name in _estimators(module_name, task)})
        raise ConfigError(
            f"model._target_: {module_name} has no class '{class_name}'."
            + did_you_mean(class_name, names)
        )
    return class_


def _is_of_kind(class_: type, task: Task) -> bool:
    return issubclass(class_, getattr(import_module("sklearn.base"), MIXINS[task]))


def _estimators(module_name: str, task: Task) -> list[str]:
    """Names of the estimators for `task` in a module of scikit-learn."""
    members = vars(import_module(module_name)).items()
    return [
        name
        for name, member in members
        if inspect.isclass(member) and not name.startswith("_") and _is_of_kind(member, task)
    ]


def _submodules() -> list[pkgutil.ModuleInfo]:
    found = pkgutil.iter_modules(import_module("sklearn").__path__)
    return [module for module in found if module.ispkg and not module.name.startswith("_")]


def _place(spec: ModelSpec, task: Task, name: str) -> str:
    """The setting that gave parameter `name`."""
    if name in spec.task_params.get(task, {}):
        return f"model.task_params.{task}.{name}"
    return f"model.params.{name}"


def _invalid(spec: ModelSpec, task: Task, message: str) -> str:
    """scikit-learn's message on a value that is wrong, as a line that names the setting."""
    line = " ".join(message.split())
    found = re.match(r"The '(\w+)' parameter of (\w+) (.*)", line)
    if not found:
        return f"model.params: {line}"
    name, class_name, what = found.groups()
    return f"{_place(spec, task, name)}: {what} ({class_name})"
