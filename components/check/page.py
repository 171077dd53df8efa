"""The report as an HTML page: problems first, then each column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from charts import draw_histogram, make_bars

from relay.pages.render import render
from relay.tables.io import is_categorical

TEMPLATE = Path(__file__).with_name("report.html")
MOST_COLUMNS = 200
MOST_MISSING = 30
MOST_ROWS = 100_000
"""Pictures of more rows look the same, and take a second for each million."""


def render_page(
    report: Mapping[str, Any], table: pd.DataFrame, reference: pd.DataFrame | None
) -> str:
    """Return the page about `table`; `found` is the content of report.json.

    `reference` is the champion's training set, if the table was compared with it.
    """
    columns = report["columns"]
    missing = {
        name: column["missing"] / max(1, len(table))
        for name, column in columns.items()
        if column["missing"]
    }
    drift = report["drift"] or {"columns": {}}
    shown, every = _some(table)
    before = None if reference is None else _some(reference)[0]
    return render(
        TEMPLATE,
        {
            "title": f"Data report of {report['input']}",
            "report": report,
            "cells_missing": sum(column["missing"] for column in columns.values())
            / max(1, table.size),
            "missing": sorted(missing.items(), key=lambda item: -item[1])[:MOST_MISSING],
            "more_missing": max(0, len(missing) - MOST_MISSING),
            "drifted": [name for name, measured in drift["columns"].items() if measured["drifted"]],
            "by_index": sorted(drift["columns"].items(), key=lambda item: -item[1]["psi"]),
            "facts": _facts(report),
            "cards": [
                _card(name, report, shown[name], before) for name in list(columns)[:MOST_COLUMNS]
            ],
            "every": every,
            "more_columns": max(0, len(columns) - MOST_COLUMNS),
        },
    )


def _some(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return every n-th row, so that at most MOST_ROWS remain, and n."""
    every = max(1, -(-len(table) // MOST_ROWS))
    return table.iloc[::every], every


def _card(
    name: str, report: Mapping[str, Any], values: pd.Series, reference: pd.DataFrame | None
) -> dict[str, Any]:
    """Return the values that the template shows of one column."""
    before = reference[name] if reference is not None and name in reference else None
    classes = is_categorical(values)
    if before is not None and is_categorical(before) != classes:
        before = None
    drift = (report["drift"] or {"columns": {}})["columns"].get(name)
    facts = report["inferred"].get("columns", {}).get(name, {})
    return {
        "name": name,
        "is_target": name == report["target"],
        "summary": report["columns"][name],
        "kind": facts.get("kind", ""),
        "notes": [*_read_as(facts), *(facts[key] for key in ("note", "warning") if key in facts)],
        "missing": report["columns"][name]["missing"] / max(1, report["rows"]),
        "histogram": None if classes else draw_histogram(values, before),
        "bars": make_bars(values, before) if classes else [],
        "leak": name in report["leakage"] or name in (report["formula"] or {}).get("columns", ()),
        "broken": [rule["check"] for rule in report["violations"] if rule["column"] == name],
        "drifted": drift is not None and drift["drifted"],
    }


def _facts(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return lines on the source, the file, and the columns that were left out, by heading."""
    of_file = dict(report["inferred"].get("file", {}))
    of_file["kind of file"] = of_file.pop("kind", None)
    of_columns = report["inferred"].get("columns", {})
    left_out = {
        name: _inline(list(column.values()))
        for name, column in of_columns.items()
        if name not in report["columns"]
    }
    facts = {
        **{key: report.get(key) for key in ("original_url", "target", "task")},
        **of_file,
        "columns left out": left_out,
    }
    return {
        name.replace("_", " "): _fact(value)
        for name, value in facts.items()
        if value not in (None, {}, [], "")
    }


def _fact(value: Any) -> list[str]:
    """Return a fact as lines of text."""
    if isinstance(value, Mapping):
        return [f"{name}: {_inline(item)}" for name, item in value.items()]
    if isinstance(value, list | tuple):
        return [_inline(item) for item in value]
    return [str(value) if str(value).strip() else repr(value)]


def _read_as(facts: Mapping[str, str]) -> list[str]:
    return [f"read as {facts['read_as']}"] if facts.get("read_as") else []


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_inline(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_inline, value))
    return str(value)
