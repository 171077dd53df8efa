"""Parameters of `train`."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from relay import ConfigError
from relay import Params as BaseParams
from relay.models.estimators import ModelSpec, check_spec
from relay.models.metric_names import Task
from relay.models.trusted import TRUSTED_TYPES_ARE, TrustedTypes
from relay.util.names import column_name


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
    group_column: str | None = Field(
        None, description="rows with the same value in it are in one fold; not learnt from"
    )
    time_column: str | None = Field(
        None, description="each fold is of rows that are newer than those learnt from"
    )
    folds: int = Field(5, ge=0, le=100, description="of the cross-validation; 0 or 1: none")
    seed: int = Field(42, ge=0, lt=2**32, description="seed of the folds and of the model")
    trusted_types: TrustedTypes = Field([], description=TRUSTED_TYPES_ARE)

    @field_validator("text", "group_column", "time_column")
    @classmethod
    def _as_in_the_table(cls, name: str | None) -> str | None:
        return name if name is None else column_name(name)

    @model_validator(mode="after")
    def _one_of_both(self) -> Params:
        if self.group_column and self.time_column:
            raise ValueError("train.group_column and train.time_column: give one, not both")
        return self


def check(params: Params) -> None:
    """ConfigError where the model's class or one of its parameters is wrong.

    For the orchestrator, before anything runs.
    """
    check_spec(params.model)


def check_task(params: Params, task: Task) -> None:
    """ConfigError where a setting of the model is not for `task`.

    For the orchestrator, as soon as it knows the task.
    """
    require_task(params.model, task)


def require_task(spec: ModelSpec, task: Task) -> None:
    """ConfigError where a setting of `spec` is not for `task`."""
    if task == "classification" and spec.target_transform is not None:
        raise ConfigError("model.target_transform: the target holds classes; set it to null.")
    if task == "regression" and spec.class_weight is not None:
        raise ConfigError("model.class_weight: the target holds numbers; set it to null.")
