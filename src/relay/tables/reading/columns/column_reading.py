"""What a column of texts is read as."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Reading:
    """The values of a column, and the dtype word by which its texts were read, if it has one.

    A note has other facts, a warning what was lost or can be misread.
    """

    values: pd.Series
    word: str | None = None
    note: str = ""
    warning: str = ""
