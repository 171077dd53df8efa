"""The report as a page: what is wrong first, then each column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from charts import bars, histogram

from relay.pages.render import render
from relay.tables.io import is_categorical

TEMPLATE = Path(__file__).with_name("report.html")
MOST_COLUMNS = 200
MOST_MISSING = 30
MOST_ROWS = 100_000
"""Pictures of more rows look the same, and take a second for each million."""


def page(found: Mapping[str, Any], table: pd.DataFrame, reference: pd.DataFrame | None) -> str:
    """Return the page about `table`; `found` is the content of report.json.

    `reference` is the champion's training set, if the table was compared with it.
    """
    columns = found["columns"]
    missing = {
        name: one["missing"] / max(1, len(table)) for name, one in columns.items() if one["missing"]
    }
    drift = found["drift"] or {"columns": {}}
    shown, every = _some(table)
    before = None if reference is None else _some(reference)[0]
    return render(
        TEMPLATE,
        {
            "title": f"Data report of {found['input']}",
            "found": found,
            "cells_missing": sum(one["missing"] for one in columns.values()) / max(1, table.size),
            "missing": sorted(missing.items(), key=lambda one: -one[1])[:MOST_MISSING],
            "more_missing": max(0, len(missing) - MOST_MISSING),
            "drifted": [name for name, one in drift["columns"].items() if one["drifted"]],
            "by_index": sorted(drift["columns"].items(), key=lambda one: -one[1]["psi"]),
            "facts": _facts(found),
            "cards": [
                _card(name, found, shown[name], before) for name in list(columns)[:MOST_COLUMNS]
            ],
            "every": every,
            "more_columns": max(0, len(columns) - MOST_COLUMNS),
        },
    )


def _some(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Every n-th row, so that there are not too many, and n."""
    every = max(1, -(-len(table) // MOST_ROWS))
    return table.iloc[::every], every


def _card(
    name: str, found: Mapping[str, Any], values: pd.Series, reference: pd.DataFrame | None
) -> dict[str, Any]:
    """What the template shows of one column."""
    before = reference[name] if reference is not None and name in reference else None
    classes = is_categorical(values)
    if before is not None and is_categorical(before) != classes:
        before = None
    drift = (found["drift"] or {"columns": {}})["columns"].get(name)
    facts = found["inferred"].get("columns", {}).get(name, {})
    return {
        "name": name,
        "is_target": name == found["target"],
        "summary": found["columns"][name],
        "kind": facts.get("kind", ""),
        "notes": [*_read_as(facts), *(facts[key] for key in ("note", "warning") if key in facts)],
        "missing": found["columns"][name]["missing"] / max(1, found["rows"]),
        "histogram": None if classes else histogram(values, before),
        "bars": bars(values, before) if classes else [],
        "leak": name in found["leakage"] or name in (found["formula"] or {}).get("columns", ()),
        "broken": [one["check"] for one in found["violations"] if one["column"] == name],
        "drifted": drift is not None and drift["drifted"],
    }


def _facts(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Where the table is from, what its file is like, and which columns are not in it."""
    of_file = dict(found["inferred"].get("file", {}))
    of_file["kind of file"] = of_file.pop("kind", None)
    of_columns = found["inferred"].get("columns", {})
    left_out = {
        name: _inline(list(one.values()))
        for name, one in of_columns.items()
        if name not in found["columns"]
    }
    facts = {
        **{key: found.get(key) for key in ("original_url", "target", "task")},
        **of_file,
        "columns left out": left_out,
    }
    return {
        name.replace("_", " "): _fact(value)
        for name, value in facts.items()
        if value not in (None, {}, [], "")
    }


def _fact(value: Any) -> list[str]:
    """A fact as lines of text."""
    if isinstance(value, Mapping):
        return [f"{name}: {_inline(one)}" for name, one in value.items()]
    if isinstance(value, list | tuple):
        return [_inline(one) for one in value]
    return [str(value) if str(value).strip() else repr(value)]


def _read_as(facts: Mapping[str, str]) -> list[str]:
    return [f"read as {facts['read_as']}"] if facts.get("read_as") else []


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_inline(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_inline, value))
    return str(value)
