"""Warnings of libraries in the words of Relay's users: each kind once, with what to do."""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("relay")

NOT_FOR_USERS = (
    "DeprecationWarning", "PendingDeprecationWarning", "FutureWarning", "PerformanceWarning",
    "Pandas4Warning", "ResourceWarning",
)  # fmt: skip
"""Categories that are meant for programmers."""

DEALT_WITH = (
    "UndefinedMetricWarning",  # such metrics are left out
    "valid feature names",  # columns are checked by name before
    "least populated class",  # folds and splits are made without strata then
    "Found unknown categories",  # values that are new are reported by row and column
    "No further splits with positive gain",
    "Skipping features without any observed values",
    "y_pred contains classes not in y_true",
    "A single label was found",
)
"""Pieces of categories or messages that Relay deals with itself."""

IN_WORDS = {
    r"^ConvergenceWarning|failed to converge|did not converge": (
        "The model's fit stopped before it converged, so it may be poorer than it could be. Raise "
        "its max_iter (model.params.max_iter; of model=linear and elastic_net "
        "model.task_params.TASK.max_iter), or standardise its columns: model.scale=true."
    ),
    r"^LinAlgWarning|[Ii]ll-conditioned|[Ss]ingular matrix": (
        "Some columns follow from others almost exactly, so that a linear fit is not exact. Leave "
        "such columns out (data.drop), or raise the regularisation, such as "
        "model.task_params.regression.alpha."
    ),
    r"^RuntimeWarning: overflow": (
        "Some numbers are too large to compute with. The data report has the least "
        "and the largest value of each column; data.ranges drops rows outside of bounds."
    ),
    r"^InconsistentVersionWarning": (
        "The model was saved with another version of its library, and may predict otherwise: "
        "train it again (steps=train+)."
    ),
}
"""Patterns of `Category: message`, and the text that is reported instead."""


@contextmanager
def translated() -> Iterator[None]:
    """Hold back the warnings of libraries; at the end, log each kind in one line.

    A kind with a translation is logged as a warning, with its number; others as information only.
    """
    lines: Counter[str] = Counter()

    def count(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        lines[_line(message, category)] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = count
        try:
            yield
        finally:
            _report(lines)


def _report(lines: Counter[str]) -> None:
    translations: Counter[str] = Counter()
    for line, count in lines.items():
        words = next((text for rule, text in IN_WORDS.items() if re.search(rule, line)), None)
        if words is not None:
            translations[words] += count
        elif not line.startswith(NOT_FOR_USERS) and not any(part in line for part in DEALT_WITH):
            log.info("A library's remark: %s%s", line, _times(count))
    for words, count in translations.items():
        log.warning("%s%s", words, _times(count))


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""


def _line(message: Warning | str, category: type[Warning]) -> str:
    text = str(message).strip().split("\n")[0]
    line = f"{category.__name__}: {' '.join(text.split())}"
    return line if len(line) <= 160 else f"{line[:159]}…"
