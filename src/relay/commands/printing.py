"""Rows and values as commands print them: a table for people, JSON for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from relay.util.number_text import number_text


def print_rows(
    console: Console, rows: Sequence[Mapping[str, Any]], as_json: bool, empty: str
) -> None:
    """Print `rows` as a table with their keys as columns, or as JSON; `empty` if there are none.

    A key that is a reference to an artifact is a heading as it is.
    """
    if as_json:
        print_json(console, list(rows))
    elif not rows:
        console.print(empty, markup=False, highlight=False, soft_wrap=True)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in rows[0]:
            title = name if ":" in name else name[:1].upper() + name[1:].replace("_", " ")
            table.add_column(Text(title), overflow="fold")
        for row in rows:
            table.add_row(*(Text(as_text(value)) for value in row.values()))
        console.print(table)


def print_json(console: Console, content: Any) -> None:
    """Print `content` as JSON, for other programs."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def as_text(value: Any) -> str:
    """Return a value of a row as people read it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Mapping):
        return "  ".join(f"{key}={as_text(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value)) or "-"
    return str(value)
