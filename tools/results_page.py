"""The page of results: a table for each data set, and one beside the plain libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

from relay.models.metric_names import PRIMARY
from tools import plain_libraries

if TYPE_CHECKING:
    from tools.results import DataSet

Measured = Mapping[str, Mapping[str, Any]]
"""The metrics of runs, by the titles of lines."""

METRICS = ("r2", "mae", "f1", "accuracy", "log_loss")

INTRODUCTION = """# Results

Made by `make results` (tools/results.py). Each line is one run of the pipeline. A model's line
sets only `data=table`, a URL, a target and the model. A line in bold is an experiment of
[config/experiment](../../config/experiment), chosen by cross-validation on the training set. `cv`
is the mean and the standard deviation over five folds of the training set. `test` is the score on
the test set, a fifth of the rows. The baseline is a constant prediction. Seconds are those of the
step `train`: five folds and the final fit. On the larger tables, `elastic_net` and `extra_trees`
are left out. Measured on two cores of a shared machine: seconds are only a rough comparison, and
those of the three boosting models and of `mlp`, measured beside other work, are up to ten times too
high.
"""

BESIDE = "Beside the plain libraries"
BESIDE_TEXT = """Relay's models of three libraries, compared with the same libraries at their
default settings, on the same training and test rows: the columns of the clean table, with texts
as pandas categories (tools/plain_libraries.py). Each cell has the plain library's score, then
Relay's. The ratio is Relay's error divided by that of the plain library (for r2 and f1, the error
is 1 minus the score): below 1, Relay is better. The last line has the geometric means over the
data sets. Empty cells were not measured.
"""
BY_HAND = ("Ten splits", "Sweeps beside FLAML", "Forecasts")
"""The sections that are written by hand and stay as they are."""
ERRORS = ("mae", "log_loss")
"""The metrics in this table besides the primary one of the task."""


def page(everything: Mapping[DataSet, Measured], before: str) -> str:
    """Return the page of all measurements, with those of the page `before` that are not newer."""
    old = dict(part.split("\n", 1) for part in before.split("\n## ")[1:])
    parts = [INTRODUCTION]
    for data_set, measured in everything.items():
        there = {title: run for title, run in measured.items() if not title.startswith("plain ")}
        if there:
            parts.append(section(data_set, there, old.get(data_set.name, "")))
        elif data_set.name in old:
            parts.append(f"## {data_set.name}\n{old[data_set.name]}".rstrip() + "\n")
    by_name = {data_set.name: measured for data_set, measured in everything.items()}
    parts.append(beside(by_name, old.get(BESIDE, "")))
    for title in BY_HAND:
        if title in old:
            parts.append(f"## {title}\n{old[title]}".rstrip() + "\n")
    return "\n".join(parts)


def beside(everything: Mapping[str, Measured], before: str = "") -> str:
    """Return the section on Relay's models beside the plain libraries.

    Cells that were not measured are those of the section `before`.
    """
    header = ["data set", "metric"]
    for library in plain_libraries.LIBRARIES:
        header += [library, "ratio"]
    ratios: dict[str, list[float]] = {library: [] for library in plain_libraries.LIBRARIES}
    old = _read_rows(before)
    rows = []
    for name, measured in everything.items():
        for metric in (*PRIMARY.values(), *ERRORS):
            cells = old.get((name, metric), ["", ""] * len(plain_libraries.LIBRARIES))
            for number, library in enumerate(plain_libraries.LIBRARIES):
                theirs, ours = (
                    measured.get(title, {}).get("test", {}).get(metric)
                    for title in (f"plain {library}", library)
                )
                if theirs is not None and ours is not None:
                    ratio = _error_ratio(metric, theirs, ours)
                    both = f"{_number(theirs)}, {_number(ours)}"
                    cells[2 * number : 2 * number + 2] = both, f"{ratio:.2f}"
                if cells[2 * number + 1]:
                    ratios[library].append(float(cells[2 * number + 1]))
            rows += [_row([name, metric, *cells])] if any(cells) else []
    mean = ["geometric mean", ""]
    for values in ratios.values():
        mean += ["", f"{geometric_mean(values):.2f}" if values else ""]
    lines_of_table = [_row(header), _row(["---", "---", *["---:"] * (len(header) - 2)]), *rows]
    return "\n".join([f"## {BESIDE}", "", BESIDE_TEXT, *lines_of_table, _row(mean), ""])


def _read_rows(section: str) -> dict[tuple[str, str], list[str]]:
    """Return the cells of a table of `beside` by data set and metric."""
    rows = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 + 2 * len(plain_libraries.LIBRARIES):
            rows[cells[0], cells[1]] = cells[2:]
    return rows


def _error_ratio(metric: str, theirs: float, ours: float) -> float:
    """Return the ratio of errors, each at least 0.001, so that two tiny ones are equal."""
    errors = (ours, theirs) if metric in ERRORS else (1 - ours, 1 - theirs)
    above, below = (max(error, 1e-3) for error in errors)
    return above / below


def section(data_set: DataSet, measured: Measured, before: str = "") -> str:
    """Return the section of a data set, with lines of the section `before` that are not newer."""
    rows: Mapping[str, float] = next((run["rows"] for run in measured.values() if run["rows"]), {})
    size = f": {rows['train_rows']:,.0f} training rows, {rows['test_rows']:,.0f} test rows"
    test = next(iter(measured.values()))["test"]
    metrics = [name for name in (*METRICS, *data_set.more) if name in test]
    header = ["model"]
    for metric in metrics:
        header += [f"{metric}, cv", f"{metric}, test"]
    text = [f"## {data_set.name}", "", f"Target `{data_set.target}`{size if rows else ''}.", ""]
    text += [data_set.note, ""] if data_set.note else []
    text += [_row([*header, "seconds"]), _row(["---", *["---:"] * len(header)])]
    old = {line.split(" | ")[0].strip("|* "): line for line in before.splitlines()}
    for title in data_set.titles:
        run = measured.get(title)
        if run is None:
            text += [old[title]] if title in old else []
            continue
        cells = [f"**{title}**" if title.startswith("experiment=") else title]
        for metric in metrics:
            mean, spread = (run["cv"].get(f"cv_{metric}_{what}") for what in ("mean", "std"))
            cells += [f"{_number(mean)} ± {_number(spread)}", _number(run["test"].get(metric))]
        text.append(_row([*cells, f"{run['seconds']:.0f}"]))
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
