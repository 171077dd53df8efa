"""What the store's artifacts say of themselves, held against the settings before a step begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.config.compose import Config
from relay.models.metric_names import Task
from relay.pipeline.planned_step import Job, require_task
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError
from relay.util.names import column_name, did_you_mean

TARGET = "data.target"
_NUMBERS = ("int", "uint", "float")
_CLASSES = ("bool", "category", "object", "str")


@dataclass(frozen=True)
class InputCheck:
    """Looks at the inputs of `jobs`, those of a run."""

    config: Config
    jobs: Sequence[Job]

    def look(self, job: Job, inputs: Sequence[ArtifactVersion]) -> None:
        """ConfigError where `inputs`, those of `job`, say that the settings cannot work.

        What they do not say is left to the steps, as is a step that has nothing to do with
        `data.target`.
        """
        if TARGET not in job.settings.values():
            return
        target = str(self.config.tree.data.target)
        _require_column(job.name, inputs, target)
        _require_target(job.name, inputs, target)
        for version in inputs:
            task = task_in(version.metadata, target)
            if task is not None:
                require_task(self.jobs, task)


def task_in(metadata: Mapping[str, Any], target: str) -> Task | None:
    """The task of predicting `target`, where an artifact says it: by itself or by a dtype."""
    if column_name(metadata.get("target") or "") == target:
        said: Task | None = metadata.get("task")
        if said is not None:
            return said
    dtype = str((metadata.get("dtypes") or {}).get(target) or "").lower()
    if dtype.startswith(_NUMBERS):
        return "regression"
    return "classification" if dtype.startswith(_CLASSES) else None


def _require_column(step: str, inputs: Sequence[ArtifactVersion], target: str) -> None:
    """ConfigError where some of `inputs` are tables, and none has a column `target`."""
    tables = {str(one): one.metadata["columns"] for one in inputs if one.metadata.get("columns")}
    if tables and not any(target in columns for columns in tables.values()):
        table, columns = next(iter(tables.items()))
        raise ConfigError(
            f"{TARGET}: step '{step}' would use {table}, which has no column '{target}'."
            + did_you_mean(target, columns)
        )


def _require_target(step: str, inputs: Sequence[ArtifactVersion], target: str) -> None:
    """ConfigError where some of `inputs` say what they are for, and none is for `target`."""
    said = {str(one): one.metadata["target"] for one in inputs if one.metadata.get("target")}
    if said and target not in map(column_name, said.values()):
        artifact, other = next(iter(said.items()))
        raise ConfigError(
            f"{TARGET}: step '{step}' would use {artifact}, which is for the target '{other}', "
            f"not '{target}'. Run what leads to the step as well: steps=+{step}"
        )
