"""Estimators of scikit-learn, XGBoost and LightGBM: what the config says of one, and making it.

No library is imported before an estimator of it is made.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from relay.models.metric_names import Task
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

TASKS: tuple[Task, ...] = ("regression", "classification")
MIXINS: Mapping[Task, str] = {"regression": "RegressorMixin", "classification": "ClassifierMixin"}
KINDS: Mapping[Task, str] = {"regression": "a regressor", "classification": "a classifier"}

SKLEARN = "sklearn"
BOOSTERS: Mapping[str, tuple[str, ...]] = {
    "xgboost": ("XGBRegressor", "XGBClassifier", "XGBRFRegressor", "XGBRFClassifier"),
    "lightgbm": ("LGBMRegressor", "LGBMClassifier"),
}
"""The other libraries, and their estimators."""

# LightGBM takes these besides those that its classes name.
LIGHTGBM_PARAMS = (
    "cat_l2", "cat_smooth", "deterministic", "extra_trees", "feature_fraction_bynode",
    "force_col_wise", "force_row_wise", "linear_tree", "max_bin", "max_cat_threshold",
    "max_cat_to_onehot", "max_delta_step", "min_data_in_bin", "min_data_per_group",
    "monotone_constraints", "path_smooth", "verbose",
)  # fmt: skip


class ModelSpec(BaseModel):
    """An estimator and what it is given: a file of the config group `model`."""

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
    categories: Literal["one_hot", "ordinal", "native"] = Field(
        "one_hot", description="ordinal: a number each; native: a number, told to be a category"
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

    def class_path(self, task: Task) -> str | None:
        """The class for `task`, or None where none is given for it."""
        return self.target if isinstance(self.target, str) else self.target.get(task)

    def params_for(self, task: Task) -> dict[str, Any]:
        """The parameters for `task`."""
        return {**self.params, **self.task_params.get(task, {})}


def check_spec(spec: ModelSpec) -> None:
    """ConfigError where the class of `spec`, a parameter or a setting of it is wrong.

    Says nothing where the library is not installed: the step that needs it has it.
    """
    if find_spec(SKLEARN) is None:
        return
    tasks = [task for task in TASKS if spec.class_path(task)]
    if not tasks:
        raise ConfigError("model._target_: name a class for regression or for classification.")
    paths = {str(spec.class_path(task)) for task in tasks}
    if any(_is_elsewhere(path) for path in paths):
        return
    if isinstance(spec.target, str):
        tasks = [task for task in tasks if _is_of_kind(_imported(spec.target), task)]
        if not tasks:
            raise ConfigError(
                f"model._target_: {spec.target} is neither a regressor nor a classifier."
            )
    for task in tasks:
        make_estimator(spec, task)


def _is_elsewhere(path: str) -> bool:
    """Whether the class at `path` is an estimator of a library that is not installed here."""
    library, _, class_name = path.rpartition(".")
    if library not in BOOSTERS or find_spec(library) is not None:
        return False
    _require_booster(library, class_name)
    return True


def make_estimator(spec: ModelSpec, task: Task, seed: int | None = None) -> Any:
    """An unfitted estimator for `task`, with `seed` as its random_state where it takes one.

    ConfigError where the class is none for this task, does not know a parameter, does not take
    its value, or cannot do what `spec` asks for besides.
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
    known = _parameters(class_)
    for name in params:
        if name not in known:
            raise ConfigError(
                f"{_place(spec, task, name)}: {class_.__name__} has no such parameter."
                + did_you_mean(name, known)
            )
    for name, is_required in known.items():
        if is_required and name not in params:
            raise ConfigError(f"model.params.{name}: {class_.__name__} needs this parameter.")
    if seed is not None and "random_state" in known:
        params = {"random_state": seed, **params}
    if class_.__module__.split(".")[0] == "lightgbm":  # else it prints what it remarks itself
        params = {"verbose": -1, **params}
    estimator = class_(**params)
    # Not public, but what every estimator's fit begins with; without it, fit itself complains.
    if hasattr(estimator, "_parameter_constraints"):
        try:
            estimator._validate_params()
        except ValueError as error:
            raise ConfigError(_invalid(spec, task, str(error))) from error
    _require_abilities(spec, estimator)
    return estimator


def library_of(estimator: Any) -> str:
    """The package that the class of `estimator` comes from."""
    return type(estimator).__module__.split(".")[0]


def takes_categories(estimator: Any) -> bool:
    """Whether `estimator` can be told that a number stands for a category.

    scikit-learn's boosting can, but then holds a function with arguments, which no saved model
    here may.
    """
    return library_of(estimator) in BOOSTERS


def stops_early(estimator: Any) -> bool:
    """Whether fitting `estimator` can end where held out rows are predicted no better."""
    if library_of(estimator) in BOOSTERS:
        return not type(estimator).__name__.startswith("XGBRF")
    return "X_val" in inspect.signature(estimator.fit).parameters


def _require_abilities(spec: ModelSpec, estimator: Any) -> None:
    """ConfigError where `spec` asks for what `estimator` cannot do."""
    utils = import_module("sklearn.utils")
    takes_missing = utils.get_tags(estimator).input_tags.allow_nan
    takes_weights = utils.validation.has_fit_parameter(estimator, "sample_weight")
    name = type(estimator).__name__
    problems = {
        f"categories: native is not for {name}; set it to ordinal or one_hot": (
            spec.categories == "native" and not takes_categories(estimator)
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
            spec.early_stopping is not None and not stops_early(estimator)
        ),
    }
    for problem, there in problems.items():
        if there:
            raise ConfigError(f"model.{problem}.")


def _parameters(class_: type) -> dict[str, bool]:
    """Each parameter of `class_`, and whether it has to be given."""
    library = class_.__module__.split(".")[0]
    if library in BOOSTERS:  # their signatures leave out what base classes take
        names = [*class_().get_params(), *(LIGHTGBM_PARAMS if library == "lightgbm" else ())]
        return dict.fromkeys(names, False)
    parameters = inspect.signature(class_).parameters
    return {name: one.default is one.empty for name, one in parameters.items()}


def _imported(path: str) -> type:
    """The class at the dotted `path`, from known libraries only: a config text must run no code."""
    module_name, _, class_name = path.rpartition(".")
    parts = module_name.split(".")
    if module_name in BOOSTERS:
        return _booster(module_name, class_name)
    if parts[0] != SKLEARN or not all(part.isidentifier() for part in [*parts, class_name]):
        raise ConfigError(
            f"model._target_: '{path}' is not a class of scikit-learn, such as "
            "sklearn.ensemble.RandomForestRegressor, nor of xgboost or lightgbm, such as "
            "xgboost.XGBRegressor."
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


def _require_booster(library: str, class_name: str) -> None:
    if class_name not in BOOSTERS[library]:
        raise ConfigError(
            f"model._target_: {library} has no estimator '{class_name}'."
            + did_you_mean(class_name, BOOSTERS[library])
        )


def _booster(library: str, class_name: str) -> type:
    _require_booster(library, class_name)
    try:
        found: type = getattr(import_module(library), class_name)
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        raise ConfigError(
            f"model._target_: {library} cannot be used here: {error}. (On Linux it may need the "
            "package libgomp1, on macOS libomp.)"
        ) from error
    return found


def _is_of_kind(class_: type, task: Task) -> bool:
    return issubclass(class_, getattr(import_module("sklearn.base"), MIXINS[task]))


def _estimators(module_name: str, task: Task) -> list[str]:
    """Names of the estimators for `task` in a module of scikit-learn."""
    if module_name in BOOSTERS:
        suffix = "Regressor" if task == "regression" else "Classifier"
        return [name for name in BOOSTERS[module_name] if name.endswith(suffix)]
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
