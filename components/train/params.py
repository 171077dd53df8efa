"""Parameters of `train`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from relay import ArtifactVersion, ConfigError, Facts
from relay import Params as BaseParams
from relay.models.estimators import ModelSpec, check_spec, check_task
from relay.models.metric_names import Task
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.tables.reading.settings.column_names import Column
from relay.tables.setting_checks import TASK, check_inputs, require_columns


class Params(BaseParams):
    train_artifact: str = Field(description="the training set")
    report_artifact: str = Field(
        "", description="report of the check of the table that the training set was split from"
    )
    model_artifact: str = Field("model", description="name of the trained model")
    target: Column = Field(min_length=1, description="column to predict")
    model: ModelSpec = Field(
        description="the estimator: {_target_: sklearn.module.Class, params: {...}, scale: false}"
    )
    text: Column | None = Field(None, description="a column of free text, encoded with TF-IDF")
    group_column: Column | None = Field(
        None,
        description="column of groups: each is in one fold, and the model does not use the column",
    )
    time_column: Column | None = Field(
        None, description="column of times: each fold is newer than its training rows"
    )
    folds: int = Field(
        5, ge=0, le=100, description="number of cross-validation folds; 0 or 1: none"
    )
    seed: int = Field(42, ge=0, lt=2**32, description="seed of the folds and of the model")
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)

    @model_validator(mode="after")
    def _one_of_both(self) -> Params:
        if self.group_column and self.time_column:
            raise ValueError("train.group_column and train.time_column: give one, not both")
        return self


def check(params: Params) -> None:
    """Check the model's class and its parameters, before a run. Raises ConfigError."""
    check_spec(params.model)


def check_facts(params: Params, facts: Facts) -> None:
    """Check the model against the task, and the columns of the settings against the file's.

    Raises ConfigError.
    """
    if TASK in facts:
        require_task(params.model, facts[TASK])
    named = {
        params.text: "data.text",
        params.time_column: "train.time_column",
        params.group_column: "train.group_column",
    }
    require_columns(facts, {name: key for name, key in named.items() if name})


def require_task(spec: ModelSpec, task: Task) -> None:
    """Check that the class and the settings of `spec` suit `task`.

    Raises ConfigError if one does not.
    """
    if task != "forecast":
        check_task(spec, task)
    if task == "classification" and spec.target_transform is not None:
        raise ConfigError(
            "model.target_transform: it is for numbers, but the target has classes. Set it to null."
        )
    if task == "regression" and spec.class_weight is not None:
        raise ConfigError(
            "model.class_weight: it is for classes, but the target has numbers. Set it to null."
        )


def check_input_metadata(step: str, params: Params, inputs: Mapping[str, ArtifactVersion]) -> Facts:
    """Return the task that the inputs show. Raises ConfigError if they are for another target."""
    return check_inputs(step, params.target, inputs)
