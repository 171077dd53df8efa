"""Checks a clean table against its data set's rules, and reports on it."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import pandas as pd
from checking import Violation, check
from params import Params
from summary import summarise

from relay import component
from relay.component import StepRun
from relay.errors import GateFailed
from relay.tables import read_artifact

SHOWN = ("dtype", "missing", "distinct", "min", "max", "mean")
"""What the table of columns says of each."""


def report(table: pd.DataFrame, target: str, violations: list[Violation]) -> dict[str, Any]:
    """All that was found, as it stands in report.json."""
    return {
        "passed": not violations,
        "rows": len(table),
        "target": target,
        "violations": [dataclasses.asdict(one) for one in violations],
        "columns": summarise(table),
    }


def step(run: StepRun[Params]) -> None:
    """Check a clean table against its data set's rules; the report is stored either way."""
    params = run.params
    source = run.input("input", type="clean_data")
    table = read_artifact(source)
    violations = check(table, params.target, min_rows=params.min_rows, columns=params.columns)
    path = run.workspace / "report.json"
    # Of which table it is makes it a version of its own, even where another looks just alike.
    about = {"input": str(source.version), "input_digest": source.version.digest}
    inferred = source.metadata.get("inferred") or {}
    found = {**about, **report(table, params.target, violations), "inferred": inferred}
    path.write_text(json.dumps(found, indent=2), "utf-8")
    run.output(
        "report",
        path,
        type="data_report",
        description=f"What {source.version} holds, and which rules do not hold for it.",
        metadata={
            "passed": not violations,
            "violations": len(violations),
            "target": params.target,
            "rows": len(table),
            "columns": [str(name) for name in table.columns],
        },
    )
    run.log_metrics({"rows": len(table), "violations": len(violations)})
    shown = [(name, *map(one.get, SHOWN)) for name, one in found["columns"].items()]
    run.log_table("columns", ("column", *SHOWN), shown)
    if violations:
        rows = [(one.column, one.check, one.count, str(one.examples)) for one in violations]
        run.log_table("violations", ("column", "rule", "rows", "examples"), rows)
        lines = "\n".join(f"  {one}" for one in violations)
        raise GateFailed(f"{source.version} breaks {len(violations)} rules of data.check:\n{lines}")


if __name__ == "__main__":
    sys.exit(component.main(Params, step))
