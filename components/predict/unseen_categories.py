"""Warnings of categories that are not in the training set."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from relay.models.loading import Model, coerce
from relay.util.names import list_columns

log = logging.getLogger("relay")

SHOWN = 5
"""How many values of a column are named, and how many columns are named one by one."""


def known_categories(model: Model) -> dict[str, frozenset[Any]]:
    """Return the values that category columns had in training; {} if Relay did not make `model`."""
    features = getattr(model.pipeline, "named_steps", {}).get("features")
    for name, steps, columns in getattr(features, "transformers_", ()):
        if name == "category":
            by_column = zip(columns, steps[-1].categories_, strict=True)
            return {str(column): frozenset(values) for column, values in by_column}
    return {}


@dataclass
class Unseen:
    """Counts the rows whose values are not among `known`, by column and value."""

    known: Mapping[str, frozenset[Any]]
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, features: pd.DataFrame) -> None:
        """Count the rows of `features`, the columns that the model takes."""
        texts = coerce(features, dict.fromkeys(self.known, "string"))
        for name, categories in self.known.items():
            values = texts[name].dropna()
            new = values[~values.isin(categories)]
            if len(new):
                self.counts.setdefault(name, Counter()).update(new)

    def warn(self) -> None:
        """Log a warning for each column with unseen values; of many, the others in one line."""
        for name, values in list(self.counts.items())[:SHOWN]:
            shown = ", ".join(f"'{value}'" for value, _ in values.most_common(SHOWN))
            log.warning(
                "Column %s: %s with a value that is not in the training set: %s%s. The model "
                "treats it as unknown.",
                name, _rows(values.total()), shown, ", ..." if len(values) > SHOWN else "",
            )  # fmt: skip
        more = list(self.counts)[SHOWN:]
        if more:
            log.warning(
                "Also with values that are not in the training set: %s.", list_columns(more)
            )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
