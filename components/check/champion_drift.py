"""The comparison of a table with the data that the present champion was trained on."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import pandas as pd
from drift import Drift, compare
from params import DriftRule, Params, compared_with
from rule_violations import Violation

from relay import (
    ArtifactVersion,
    Find,
    Input,
    StepRun,
    ancestry,
    is_another_source,
    lasting_url,
    source_url,
)
from relay.tables.io import read_artifact
from relay.util.setting_text import setting

log = logging.getLogger("relay")


def measure_drift(
    run: StepRun[Params], source: Input, table: pd.DataFrame
) -> tuple[Drift | None, Input | None]:
    """Return the drift of `table` from the champion's training set, and that training set.

    Both are None if there is no champion, or if its training set is a part of this table.
    """
    version = compared_with(run.params, source.version.digest, run.find)
    if version is None:
        return None, None
    trained_on = run.use("champion_train", str(version))
    rule = run.params.drift
    drift = compare(
        table,
        read_artifact(trained_on),
        psi=rule.psi or 0,
        p_value=rule.p_value,
        ignore=rule.ignore,
    )
    other = other_source(source.version, trained_on.version, run.find)
    _warn_of_another_source(run, source, trained_on, other)
    reference = f"{version} ({other})" if other else str(version)
    for name in drift.drifted:
        log.warning("data.check.drift: %s", _drift_message(drift, name, reference))
    for name in drift.gone:
        log.warning(
            "data.check.drift: column %s is missing; %s, which the champion was trained on, has "
            "it. Restore the column, or train again without it.",
            name, reference,
        )  # fmt: skip
    if not (drift.drifted or drift.gone):
        log.info("No column drifted from %s, which the champion was trained on.", reference)
    return drift, trained_on


def other_source(table: ArtifactVersion, train_set: ArtifactVersion, find: Find) -> str | None:
    """Return the URL, or else the raw artifact, that `train_set` was made from.

    None if `table` was made from the same, or if either is not recorded.
    """
    own, other = source_url(table, find), source_url(train_set, find)
    if own is not None and other is not None:
        return None if lasting_url(own) == lasting_url(other) else other
    own, other = _raw_artifact(table, find), _raw_artifact(train_set, find)
    return None if own is None or own == other else other


def _raw_artifact(version: ArtifactVersion, find: Find) -> str | None:
    """Return the name of the first artifact that `version` was made from, if it is recorded."""
    first = next(iter(ancestry(version, find)), None)
    return None if first is None else first.rpartition(":")[0]


def _warn_of_another_source(
    run: StepRun[Params], source: Input, trained_on: Input, other: str | None
) -> None:
    """Warn if the tables have the same name because their files, which differ, have."""
    own = source_url(source.version, run.find)
    if own is None or other is None or not is_another_source(source.version.name, own, other):
        return
    log.warning(
        "data.name: the champion %s was trained on %s, which was made from %s; %s was made from "
        "%s. If these are different tables, set data.name=NAME for one of them.",
        run.params.champion, trained_on.version, other, source.version, own,
    )  # fmt: skip


def drift_violations(drift: Drift, rule: DriftRule, train_set: str) -> list[Violation]:
    """Return a violation for each column that drifted or is gone, if `rule` fails the check."""
    if not rule.fail:
        return []
    return [
        Violation(name, f"drifted from {train_set}: {_measures(drift, name)}", 1, [])
        for name in drift.drifted
    ] + [
        Violation(name, f"the table has no such column, but {train_set} has", 1, [])
        for name in drift.gone
    ]


def describe_drift(
    drift: Drift, trained_on: Input, source: str | None, params: Params
) -> dict[str, Any]:
    """Return the drift as plain values for report.json.

    `source` is that of the training set if it is another.
    """
    return {
        "champion": params.champion,
        "train_set": str(trained_on.version),
        "source": source,
        "rows": trained_on.metadata.get("rows"),
        "psi": params.drift.psi,
        "p_value": params.drift.p_value,
        **dataclasses.asdict(drift),
    }


def _drift_message(drift: Drift, name: str, train_set: object) -> str:
    return (
        f"column {name} drifted from {train_set}, which the champion was trained on "
        f"({_measures(drift, name)}). Train again if the change is real; if the column may drift: "
        f"{setting('data.check.drift.ignore', [name])}"
    )


def _measures(drift: Drift, name: str) -> str:
    column = drift.columns[name]
    return f"PSI {column.psi:.2f}, p-value {column.p_value:.2g} ({column.test})"
