"""Runs of a server, for `relay runs` and `relay diff`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from relay.commands.inspect.headline import headline
from relay.models.metric_names import HIGHER_IS_BETTER
from relay.pipeline.run_comparison import compare_settings
from relay.pipeline.run_folders import RunFolder, name_of_group
from relay.step.run_metadata import MLFLOW_RUN, PHASES
from relay.tracking import TrackingSettings, remote
from relay.tracking.remote import SETTING, TITLE
from relay.tracking.server_runs import ServerRun, ServerStep
from relay.util.errors import ConfigError

_OF_ONE_RUN = (MLFLOW_RUN, PHASES)
_EXECUTED = {"succeeded": "ran"}


def list_server_runs(
    settings: TrackingSettings, limit: int, *, whole: bool
) -> list[tuple[datetime, dict[str, Any]]]:
    """Return the newest runs of a server's project, each as the time it began and its row."""
    found = remote.list_runs(settings, limit)
    return [(datetime.fromisoformat(run.created), _row(run, whole)) for run in found]


def _row(run: ServerRun, whole: bool) -> dict[str, Any]:
    steps = [
        {"status": _EXECUTED.get(step.status, step.status), "metrics": _in_order(step.metrics)}
        for step in run.steps
    ]
    counts = Counter(str(step["status"]) for step in steps)
    row = {
        "run": name_of_group(run.group),
        "status": run.status,
        "seconds": None,
        "steps": ", ".join(f"{count} {status}" for status, count in counts.items()),
        "command": "-",
    }
    if whole:
        metrics = {name: value for step in run.steps for name, value in step.metrics.items()}
        return {**row, "metrics": metrics, "error": None}
    return {**row, "metrics": headline(steps)}


def find_server_run(settings: TrackingSettings, word: str) -> ServerRun | None:
    """Return the run of the server's project that `word` names, or None if there is none.

    It is the name of the run's folder or its beginning, a group that was set, or `latest`.

    Raises ConfigError if there are several.
    """
    if word == "latest":
        return next(iter(remote.list_runs(settings, 1)), None)
    named = {run.group: run for run in remote.find_runs(settings, word)}
    matching = [run for group, run in named.items() if name_of_group(group).startswith(word)]
    exact = [run for run in matching if name_of_group(run.group) == word]
    if len(exact or matching) > 1:
        names = ", ".join(name_of_group(run.group) for run in (exact or matching)[:5])
        raise ConfigError(f"diff: {word}: several runs begin so ({names}). Write more of it.")
    return next(iter(exact or matching), None)


def run_of_folder(folder: Path) -> ServerRun:
    """Return the run in `folder` as a server has one.

    Its settings are left out, which have other names there, and its versions, as each store has
    numbers of its own.
    """
    summary = RunFolder(folder).summary or {}
    steps = [
        ServerStep(
            step["name"],
            "failed" if step["status"] == "failed" else "succeeded",
            str(summary.get("started", "")),
            summary.get("git_commit"),
            metrics=step["metrics"],
        )
        for step in summary.get("steps", [])
        if step["status"] in ("ran", "cached", "failed")
    ]
    return ServerRun(folder.name, tuple(steps))


def differences(
    first: ServerRun, last: ServerRun, *, only_common: bool
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each setting, input, output and metric of the steps of both that differs.

    With `only_common`, all that one of the two does not have is left out.
    """
    before, after = ({step.name: step for step in run.steps} for run in (first, last))
    for name in (name for name in after if name in before):
        one, other = before[name], after[name]
        if not only_common:
            yield from compare_settings({name: _config(one)}, {name: _config(other)})
        pairs = [
            ("git_commit", one.commit, other.commit),
            ("status", one.status, other.status),
            *_paired(_by_name(one.outputs), _by_name(other.outputs)),
            *_paired(_in_order(one.metrics), _in_order(other.metrics)),
        ]
        for key, x, y in pairs:
            is_missing = x is None or y is None
            if x != y and not (only_common and is_missing) and key != "fit_seconds":
                yield f"{name}.{key}", x, y


def not_in_both(first: ServerRun, last: ServerRun) -> list[str]:
    """Return the steps that only one of the runs has."""
    return sorted({step.name for step in first.steps} ^ {step.name for step in last.steps})


def missing(word: str) -> ConfigError:
    """Return the error for a run that is neither in outputs/ nor on the server."""
    return ConfigError(
        f"diff: {word}: there is no such run in outputs/ or on {TITLE}. See ./relay runs {SETTING}."
    )


def _config(step: ServerStep) -> dict[str, Any]:
    return {key: value for key, value in step.config.items() if key not in _OF_ONE_RUN}


def _in_order(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return `metrics`, which a server has in no order, with those of models first."""
    first = [name for name in HIGHER_IS_BETTER if name in metrics]
    return {name: metrics[name] for name in dict.fromkeys([*first, *sorted(metrics)])}


def _paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys([*after, *before]):
        yield key, before.get(key), after.get(key)


def _by_name(artifacts: Sequence[str]) -> dict[str, str]:
    return {artifact.partition(":")[0]: artifact for artifact in artifacts}
