"""Check a clean table against the rules of its data set, and report on it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
from champion_drift import describe_drift, drift_violations, measure_drift, other_source
from column_summaries import summarise
from leakage import find_leaks
from page import render_page
from params import Params
from rule_violations import Violation, check
from target_formulas import Formula, find_formula

from relay import WARNINGS_KEY, GateFailed, StepRun, main
from relay.tables.io import read_artifact
from relay.util.names import column_name
from relay.util.setting_text import setting

log = logging.getLogger("relay")

SHOWN = ("dtype", "missing", "distinct", "min", "max", "mean")
"""The columns of the logged table about columns."""


def name_in(table: pd.DataFrame, target: str) -> str:
    """Return the name of the target's column in `table`, where it can be in snake_case."""
    return target if target in table.columns else column_name(target)


def report(
    table: pd.DataFrame,
    target: str,
    violations: list[Violation],
    leakage: Mapping[str, float],
    formula: Formula | None,
    inferred: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the facts of the table itself, as plain values for report.json."""
    return {
        "passed": not violations,
        "rows": len(table),
        "target": target,
        "violations": [dataclasses.asdict(violation) for violation in violations],
        "leakage": dict(leakage),
        "formula": formula and dataclasses.asdict(formula),
        "inferred": dict(inferred),
        "columns": summarise(table),
    }


def digest_result(report: Mapping[str, Any]) -> str:
    """Return a digest of the gate's result: other changes of the report train no model again."""
    words = ("input_digest", "target", "passed", "violations")
    text = json.dumps({word: report[word] for word in words}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def step(run: StepRun[Params]) -> None:
    """Check a clean table against the rules of its data set, and store a report.

    Raises GateFailed if a rule does not hold; the report is stored before.
    """
    params = run.params
    source = run.input("input", type="clean_data")
    table = read_artifact(source)
    target = name_in(table, params.target)
    violations = check(table, params.target, min_rows=params.min_rows, columns=params.columns)
    drift, trained_on = measure_drift(run, source, table)
    if drift is not None and trained_on is not None:
        violations += drift_violations(drift, params.drift, str(trained_on.version))
    hints = find_leaks(table, target, at_least=params.leakage) if target in table else {}
    formula = None
    if target in table and params.leakage <= 1:
        formula = find_formula(table, target, without=hints)
    for name, power in hints.items():
        log.warning(
            "data.check.leakage: column %s alone predicts %s almost perfectly (%.3f of 1). If its "
            "value is not known before the target is: %s",
            name, target, power, setting("data.drop", [name]),
        )  # fmt: skip
    if formula is not None:
        log.warning(
            "data.check.leakage: columns %s together yield %s by the formula %s (R2 %.4f). If "
            "their values are not known before the target is: %s",
            ", ".join(formula.columns), target, formula.words, formula.exactness,
            setting("data.drop", list(formula.columns)),
        )  # fmt: skip

    inferred = source.metadata.get("inferred") or {}
    # The table's name makes the report a version of its own, even if another looks the same.
    content = {
        "input": str(source.version),
        "input_digest": source.version.digest,
        "original_url": source.metadata.get("original_url"),
        "task": source.metadata.get("task"),
        **report(table, target, violations, hints, formula, inferred),
        "warnings": list(source.metadata.get(WARNINGS_KEY) or ()),
        "drift": drift
        and trained_on
        and describe_drift(
            drift, trained_on, other_source(source.version, trained_on.version, run.find), params
        ),
    }
    folder = run.workspace / "report"
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps(content, indent=2), "utf-8")
    reference = None if trained_on is None else read_artifact(trained_on)
    (folder / "report.html").write_text(render_page(content, table, reference), "utf-8")
    run.output(
        "report",
        folder,
        type="data_report",
        description=f"The columns of {source.version}, and the rules that do not hold for it.",
        metadata={
            "passed": not violations,
            "violations": len(violations),
            "target": params.target,
            "rows": len(table),
            "columns": [str(name) for name in table.columns],
        },
        page="report.html",
        counts_as=digest_result(content),
    )
    run.log_metrics({"rows": len(table), "violations": len(violations)})
    count = len(hints) + (formula is not None)
    run.log_metrics({"leakage_hints": count} if count else {})
    run.log_metrics({} if drift is None else {"drifted_columns": len(drift.drifted)})
    shown = [(name, *map(facts.get, SHOWN)) for name, facts in content["columns"].items()]
    run.log_table("columns", ("column", *SHOWN), shown)
    if violations:
        rows = [(item.column, item.check, item.count, str(item.examples)) for item in violations]
        run.log_table("violations", ("column", "rule", "rows", "examples"), rows)
        lines = "\n".join(f"  {violation}" for violation in violations)
        rules = f"{len(violations)} rule{'' if len(violations) == 1 else 's'}"
        raise GateFailed(
            f"data.check: {source.version} breaks {rules}. Correct the data, or the rules:\n{lines}"
        )


if __name__ == "__main__":
    sys.exit(main(Params, step))
