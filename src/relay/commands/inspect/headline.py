"""The metrics of a run that a table has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN_METRICS = 3


def headline(steps: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the first metrics of the last step that has any, but for the one that registers.

    It is the last of those that were to run.
    """
    ran = [step for step in steps if step["status"] != "not_selected"]
    named = [step for step in ran if step["metrics"]]
    if len(named) > 1 and named[-1] is ran[-1]:
        named.pop()
    return dict(list(named[-1]["metrics"].items())[:_SHOWN_METRICS]) if named else {}
