"""The table held against the data that the present champion was trained on."""

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

log = logging.getLogger("relay")


def look_for_drift(
    run: StepRun[Params], source: Input, table: pd.DataFrame
) -> tuple[Drift | None, Input | None]:
    """Return the drift from the champion's training set, and that set; None if it has none."""
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
        log.warning("Column %s drifted from %s: %s", name, version, _measured(drift, name))
    for name in drift.gone:
        log.warning("Column %s is in %s, but not here any more.", name, version)
    if not (drift.drifted or drift.gone):
        log.info("No column drifted from %s, which the champion was trained on.", version)
    return drift, trained_on


def drift_violations(drift: Drift, rule: DriftRule, train_set: str) -> list[Violation]:
    """What `drift` breaks where it is to fail the check."""
    if not rule.fail:
        return []
    return [
        Violation(name, f"drifted from {train_set}: {_measured(drift, name)}", 1, [])
        for name in drift.drifted
    ] + [Violation(name, f"in {train_set}, but not here any more", 1, []) for name in drift.gone]


def told(drift: Drift, trained_on: Input, params: Params) -> dict[str, Any]:
    """The drift as report.json has it."""
    return {
        "champion": params.champion,
        "train_set": str(trained_on.version),
        "rows": trained_on.metadata.get("rows"),
        "psi": params.drift.psi,
        "p_value": params.drift.p_value,
        **dataclasses.asdict(drift),
    }


def _measured(drift: Drift, name: str) -> str:
    one = drift.columns[name]
    return f"PSI {one.psi:.2f}, p-value {one.p_value:.2g} ({one.test})"
