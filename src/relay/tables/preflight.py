"""Checks that steps on tables make before a run: what the hooks in their params.py share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relay.tables.reading.columns import find_column
from relay.util.errors import ConfigError, RelayError
from relay.util.names import column_name, did_you_mean
from relay.util.paths import find_local_path, shown

if TYPE_CHECKING:
    from relay import ArtifactVersion, Facts

SOURCE, COLUMNS, TASK = "source", "columns", "task"
"""Facts: the file's URL or path; a function that returns its columns, or None if they are not
to be seen; regression or classification."""

_NUMBERS = ("int", "uint", "float")
_CLASSES = ("bool", "category", "object", "str")


def check_inputs(step: str, target: str, inputs: Mapping[str, ArtifactVersion]) -> dict[str, Any]:
    """Check that the metadata of `inputs`, those of `step`, suit `target`; return the task.

    What they do not contain is left to the steps. Raises ConfigError.
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
    tables = {str(one): one.metadata["columns"] for one in inputs if one.metadata.get("columns")}
    if tables and not any(target in columns for columns in tables.values()):
        table, columns = next(iter(tables.items()))
        raise ConfigError(
            f"data.target: step '{step}' would use {table}, which has no column '{target}'."
            + did_you_mean(target, columns)
        )


def _require_target(step: str, inputs: Iterable[ArtifactVersion], target: str) -> None:
    """Check that one of `inputs` is for `target`, if some of them record a target."""
    targets = {str(one): one.metadata["target"] for one in inputs if one.metadata.get("target")}
    if targets and target not in map(column_name, targets.values()):
        artifact, other = next(iter(targets.items()))
        raise ConfigError(
            f"data.target: step '{step}' would use {artifact}, which is for the target '{other}', "
            f"not '{target}'. Run what leads to the step as well: steps=+{step}"
        )


def find_source(url: str, *, must_exist: bool) -> dict[str, Any]:
    """Return the fact of the file at `url`; nothing if it need not exist and does not.

    Raises ConfigError if it must exist and does not, or is on another machine.
    """
    path = find_local_path(url, Path())
    if path is None or path.exists():
        return {SOURCE: url}
    if must_exist:
        raise ConfigError(f"data.url: there is no file {shown(path)}.")
    return {}


def require_columns(facts: Facts, settings: Mapping[str, str]) -> None:
    """Check that the file has the columns of `settings`, which maps a column to its setting.

    Raises ConfigError with all that it has not. Without a file to be seen nothing is checked.
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
