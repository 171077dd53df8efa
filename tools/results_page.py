"""The page of results: a table for each data set, and one beside the plain libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

from relay.models.metric_names import PRIMARY
from tools import plain

if TYPE_CHECKING:
    from tools.results import DataSet

Measured = Mapping[str, Mapping[str, Any]]
"""By the title of a line, what its run gave."""

METRICS = ("r2", "mae", "f1", "accuracy", "log_loss")

INTRODUCTION = """# Results

Made by `make results` (tools/results.py). Each line is one run of the pipeline. A model's line
sets only `data=table`, a URL, a target and the model. A line in bold is an experiment of
[config/experiment](../../config/experiment), chosen by cross-validation on the training set. `cv`
is the mean and the standard deviation over five folds of the training set. `test` is the score on
the test set, a fifth of the rows. The baseline is a constant prediction. Seconds are those of the
step `train`: five folds and the final fit. On the larger tables, `elastic_net` and `extra_trees`
are left out. Measured on two cores of a shared machine: seconds are only a rough comparison, and
those of the three boosting models, measured under the highest load, are up to ten times too high.
"""

BESIDE = "Beside the plain libraries"
BESIDE_TEXT = """Relay's models of three libraries, compared with the same libraries at their
default settings, on the same training and test rows: the columns of the clean table, with texts
as pandas categories (tools/plain.py). Each cell has the plain library's score, then Relay's. The
ratio is Relay's error divided by that of the plain library (for r2 and f1, the error is 1 minus
the score): below 1, Relay is better. The last line has the geometric means over the data sets.
Empty cells were not measured.
"""
REPEATED = "Ten splits"
"""The section on repeated splits, which is written by hand and stays as it is."""
ERRORS = ("mae", "log_loss")
"""The metric that stands in this table besides the task's primary one."""


def page(everything: Mapping[DataSet, Measured], before: str) -> str:
    """The page of all that was measured; of the page `before` what was not measured since."""
    old = dict(part.split("\n", 1) for part in before.split("\n## ")[1:])
    parts = [INTRODUCTION]
    for data, measured in everything.items():
        there = {title: one for title, one in measured.items() if not title.startswith("plain ")}
        if there:
            parts.append(section(data, there, old.get(data.name, "")))
        elif data.name in old:
            parts.append(f"## {data.name}\n{old[data.name]}".rstrip() + "\n")
    parts.append(beside({data.name: one for data, one in everything.items()}))
    if REPEATED in old:
        parts.append(f"## {REPEATED}\n{old[REPEATED]}".rstrip() + "\n")
    return "\n".join(parts)


def beside(everything: Mapping[str, Measured]) -> str:
    """The table of Relay's models beside the plain libraries."""
    header = ["data set", "metric"]
    for library in plain.LIBRARIES:
        header += [library, "ratio"]
    ratios: dict[str, list[float]] = {library: [] for library in plain.LIBRARIES}
    rows = []
    for name, measured in everything.items():
        pairs = {
            library: (measured[f"plain {library}"]["test"], measured[library]["test"])
            for library in plain.LIBRARIES
            if library in measured and f"plain {library}" in measured
        }
        for metric in (*PRIMARY.values(), *ERRORS):
            cells, is_there = [name, metric], False
            for library in plain.LIBRARIES:
                theirs, ours = (one.get(metric) for one in pairs.get(library, ({}, {})))
                if theirs is None or ours is None:
                    cells += ["", ""]
                    continue
                is_there = True
                ratio = _error_ratio(metric, theirs, ours)
                ratios[library].append(ratio)
                cells += [f"{_number(theirs)}, {_number(ours)}", f"{ratio:.2f}"]
            rows += [_row(cells)] if is_there else []
    mean = ["geometric mean", ""]
    for values in ratios.values():
        mean += ["", f"{geometric_mean(values):.2f}" if values else ""]
    lines_of_table = [_row(header), _row(["---", "---", *["---:"] * (len(header) - 2)]), *rows]
    return "\n".join([f"## {BESIDE}", "", BESIDE_TEXT, *lines_of_table, _row(mean), ""])


def _error_ratio(metric: str, theirs: float, ours: float) -> float:
    """The ratio of errors, bounded: two that are next to nothing are alike."""
    errors = (ours, theirs) if metric in ERRORS else (1 - ours, 1 - theirs)
    above, below = (max(error, 1e-3) for error in errors)
    return above / below


def section(data: DataSet, measured: Measured, before: str = "") -> str:
    """The table of one data set; with the lines of the section `before` that are not in it."""
    rows: Mapping[str, float] = next((one["rows"] for one in measured.values() if one["rows"]), {})
    size = f": {rows['train_rows']:,.0f} training rows, {rows['test_rows']:,.0f} test rows"
    test = next(iter(measured.values()))["test"]
    metrics = [name for name in (*METRICS, *data.more) if name in test]
    header = ["model"]
    for metric in metrics:
        header += [f"{metric}, cv", f"{metric}, test"]
    text = [f"## {data.name}", "", f"Target `{data.target}`{size if rows else ''}.", ""]
    text += [data.note, ""] if data.note else []
    text += [_row([*header, "seconds"]), _row(["---", *["---:"] * len(header)])]
    old = {line.split(" | ")[0].strip("|* "): line for line in before.splitlines()}
    for title in data.titles:
        one = measured.get(title)
        if one is None:
            text += [old[title]] if title in old else []
            continue
        cells = [f"**{title}**" if title.startswith("experiment=") else title]
        for metric in metrics:
            mean, spread = (one["cv"].get(f"cv_{metric}_{what}") for what in ("mean", "std"))
            cells += [f"{_number(mean)} ± {_number(spread)}", _number(one["test"].get(metric))]
        text.append(_row([*cells, f"{one['seconds']:.0f}"]))
    baseline = ["baseline"]
    for metric in metrics:
        baseline += ["", _number(test.get(f"baseline_{metric}"))]
    return "\n".join([*text, _row([*baseline, ""]), ""])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    if value is None:
        return "undefined"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"
    return "0.000" if text == "-0.000" else text
