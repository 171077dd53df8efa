"""The comparison of a table with the data that the present champion was trained on."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import pandas as pd
from checking import Violation
from drift import Drift, compare
from params import DriftRule, Params, compared_with

from relay import Input, StepRun
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
    for name in drift.drifted:
        log.warning("data.check.drift: %s", _drift_message(drift, name, version))
    for name in drift.gone:
        log.warning(
            "data.check.drift: column %s is missing; %s, which the champion was trained on, has "
            "it. Restore the column, or train again without it.",
            name, version,
        )  # fmt: skip
    if not (drift.drifted or drift.gone):
        log.info("No column drifted from %s, which the champion was trained on.", version)
    return drift, trained_on


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


def describe_drift(drift: Drift, trained_on: Input, params: Params) -> dict[str, Any]:
    """Return the drift as plain values for report.json."""
    return {
        "champion": params.champion,
        "train_set": str(trained_on.version),
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
