"""Small tables, and what `clean` makes of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.loading import load

cleaning = load("clean", "cleaning")


def clean(columns: dict[str, Any], target: str = "y", **rules: Any) -> Any:
    return cleaning.clean(pd.DataFrame(columns), cleaning.Rules(target=target, **rules))


def numbers(rows: int = 60) -> dict[str, Any]:
    return {"x": list(range(rows)), "y": [i + 0.5 for i in range(rows)]}
