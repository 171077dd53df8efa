"""Checks before a run that the hooks of several components on tables share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relay.tables.missing_column import describe_missing_column
from relay.tables.reading.settings.column_names import find_column
from relay.util.errors import ConfigError, RelayError
from relay.util.names import column_name
from relay.util.paths import describe_missing_file, find_local_path

if TYPE_CHECKING:
    from relay import ArtifactVersion, Facts

SOURCE, COLUMNS, TASK = "source", "columns", "task"
"""Facts: the file's URL or path; a function that returns its columns, or None if they cannot be
read; regression or classification."""

_NUMBERS = ("int", "uint", "float")
_CLASSES = ("bool", "category", "object", "str")


def check_inputs(step: str, target: str, inputs: Mapping[str, ArtifactVersion]) -> dict[str, Any]:
    """Check that the metadata of `inputs`, those of `step`, suit `target`, and return the task.

    Facts that they do not have are left to the steps. Raises ConfigError if they do not suit it.
    """
    target = column_name(target)
    _require_column(step, inputs.values(), target)
    _require_target(step, inputs.values(), target)
    tasks = [task_in(version.metadata, target) for version in inputs.values()]
    return next(({TASK: task} for task in tasks if task is not None), {})


def task_in(metadata: Mapping[str, Any], target: str) -> str | None:
    """Return the task of predicting `target`, if an artifact records it, or the column's dtype."""
    if column_name(metadata.get("target") or "") == target and metadata.get("task"):
        return str(metadata["task"])
    dtype = str((metadata.get("dtypes") or {}).get(target) or "").lower()
    if dtype.startswith(_NUMBERS):
        return "regression"
    return "classification" if dtype.startswith(_CLASSES) else None


def _require_column(step: str, inputs: Iterable[ArtifactVersion], target: str) -> None:
    """Check that one of `inputs` has a column `target`, if some of them are tables."""
    tables = {
        str(version): version.metadata["columns"]
        for version in inputs
        if version.metadata.get("columns")
    }
    if tables and not any(target in columns for columns in tables.values()):
        table, columns = next(iter(tables.items()))
        raise ConfigError(
            f"data.target: step '{step}' would use {table}, and "
            + describe_missing_column(target, columns)
        )


def _require_target(step: str, inputs: Iterable[ArtifactVersion], target: str) -> None:
    """Check that one of `inputs` is for `target`, if some of them record a target."""
    targets = {
        str(version): version.metadata["target"]
        for version in inputs
        if version.metadata.get("target")
    }
    if targets and target not in map(column_name, targets.values()):
        artifact, other = next(iter(targets.items()))
        raise ConfigError(
            f"data.target: step '{step}' would use {artifact}, which is for the target '{other}', "
            f"not '{target}'. Run the steps before it as well: steps=+{step}"
        )


def find_source(url: str, *, must_exist: bool) -> dict[str, Any]:
    """Return the fact of the file at `url`; nothing if it need not exist and does not.

    Raises ConfigError if it must exist and does not, or is on another machine.
    """
    path = find_local_path(url, Path())
    if path is None or path.exists():
        return {SOURCE: url}
    if must_exist:
        raise ConfigError(f"data.url: {describe_missing_file(path)}")
    return {}


def require_columns(facts: Facts, settings: Mapping[str, str]) -> None:
    """Check that the file has the columns of `settings`, which maps a column to its setting.

    Raises ConfigError with all that it does not have. Nothing is checked if they cannot be read.
    """
    read: Callable[[], list[str] | None] | None = facts.get(COLUMNS)
    columns = read() if read is not None and settings else None
    problems = []
    for name, setting in settings.items() if columns is not None else ():
        try:
            find_column(name, columns or (), setting)
        except RelayError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
