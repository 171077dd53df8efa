"""Measures every model on every data set and writes docs/results.md (`make results`).

    make results ARGS=path/to/data                      # the folder with the files; an hour or two
    make results ARGS="path/to/data diabetes pokemon"   # these data sets only; the others stay

Each line of the table is a run of the pipeline with `data=table`, a URL and a target and nothing
else, or with an experiment of config/experiment. What a run gave is kept in .relay/results, so
that one that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".relay" / "results"
PAGE = ROOT / "docs" / "results.md"

MODELS = (
    "linear", "elastic_net", "random_forest", "extra_trees", "hist_gradient_boosting", "xgboost",
    "lightgbm",
)  # fmt: skip
# On tables of some ten thousand rows, those of which the others are the better kin are left out.
FEWER = tuple(name for name in MODELS if name not in ("elastic_net", "extra_trees"))


@dataclass(frozen=True)
class DataSet:
    """A file of the folder, or a URL, its target, and the experiments that are tuned for it."""

    name: str
    url: str
    target: str
    more: tuple[str, ...] = ()  # metrics besides those of the task
    tuned: tuple[str, ...] = ()
    models: tuple[str, ...] = MODELS
    note: str = ""

    def location(self, folder: Path) -> str:
        return self.url if "://" in self.url else str((folder / self.url).resolve())


METRICS = ("r2", "mae", "f1", "accuracy", "log_loss")

DATA_SETS = (
    DataSet("diabetes", "sklearn://diabetes", "target"),
    DataSet("pokemon", "pokemon.csv", "Legendary"),
    DataSet(
        "house_prices", "house_prices/train.csv", "SalePrice", ("log_mae",), ("house_prices",)
    ),
    DataSet(
        "nyc_airbnb", "nyc_airbnb/sample1.csv", "price", tuned=("nyc_airbnb",), models=FEWER,
        note="The experiment leaves out offers below 10 and above 350, as the course does that the "
        "file is from: its metrics are of other rows than the models' and the baseline's.",
    ),
    DataSet(
        "housing", "tabular/housing.csv", "median_house_value", ("rmse",), ("housing",), FEWER
    ),
    DataSet("diamonds", "tabular/diamonds.csv", "price", tuned=("diamonds",), models=FEWER),
    DataSet("diamonds_cut", "tabular/diamonds.csv", "cut", models=FEWER),
    DataSet("wine_red", "messy/winequality-red.csv", "quality"),
    DataSet("wine_white", "messy/winequality-white.csv", "quality"),
)  # fmt: skip

INTRODUCTION = """# Results

Made by `make results` (tools/results.py): each line is one run of the pipeline. Lines of a model
have `data=table`, a URL and a target, and nothing else; lines in bold have an experiment of
[config/experiment](../config/experiment), which was chosen by cross-validation on the train set.
`cv` is the mean of five folds of the train set with their standard deviation, `test` the fifth of
the rows that no model has seen; the baseline predicts the same for each row. Seconds are those of
the step `train`: five folds and the last fit. On the larger tables `elastic_net` and `extra_trees`
are left out. Measured on two cores that had other work besides: seconds compare roughly.
"""


def main() -> int:
    """Measure what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="the folder with the files of the data sets")
    parser.add_argument("names", nargs="*", help="data sets; all where none is named")
    parser.add_argument("--set", action="append", default=[], help="a setting for each run")
    arguments = parser.parse_args()
    known = {one.name: one for one in DATA_SETS}
    for name in arguments.names:
        if name not in known:
            parser.error(f"no data set '{name}'; there is {', '.join(known)}")
    for name in arguments.names or known:
        for title, settings in lines(known[name], arguments.folder):
            measure(known[name], title, [*settings, *arguments.set])
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 0


def lines(data: DataSet, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """For each line of a data set's table: its title, and the settings of its run."""
    url = f"data.url={data.location(folder)}"
    for model in data.models:
        yield model, ["data=table", url, f"data.target={data.target}", f"model={model}"]
    for experiment in data.tuned:
        yield f"experiment={experiment}", [f"experiment={experiment}", url]


def measure(data: DataSet, title: str, settings: Sequence[str]) -> None:
    """Run the pipeline up to `evaluate`, unless that was done, and keep what it measured."""
    kept = STORE / data.name / f"{title}.json"
    if kept.is_file():
        return
    print(f"{data.name}: {title} ...", flush=True)
    command = [sys.executable, "main.py", "steps=+evaluate", "force=train,evaluate"]
    command += ["tracking=local", f"data.name=results_{data.name}", *settings]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    found = re.findall(r"outputs/\S+/summary\.json", done.stdout)
    if done.returncode or not found:
        print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)
        raise SystemExit(f"{data.name}: {title} failed.")
    summary = json.loads((ROOT / found[-1]).read_text(encoding="utf-8"))
    steps = {step["name"]: step for step in summary["steps"]}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(
        json.dumps(
            {
                "seconds": steps["train"]["seconds"],
                "commit": summary["git_commit"],
                "cv": steps["train"]["metrics"],
                "test": steps["evaluate"]["metrics"],
                "rows": steps["split"]["metrics"],
            },
            indent=1,
        ),
        encoding="utf-8",
    )


def environment() -> dict[str, str]:
    """Stores of their own: results are none of the project's runs."""
    STORE.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "TRACKIO_DIR": str(STORE / "trackio"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{STORE}/mlflow.db",
    }


def page() -> str:
    """The page of all that was measured so far."""
    parts = [INTRODUCTION]
    for data in DATA_SETS:
        titles = [title for title, _ in lines(data, ROOT)]
        measured = {
            title: json.loads((STORE / data.name / f"{title}.json").read_text(encoding="utf-8"))
            for title in titles
            if (STORE / data.name / f"{title}.json").is_file()
        }
        if measured:
            parts.append(section(data, measured))
    return "\n".join(parts)


def section(data: DataSet, measured: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of one data set."""
    rows: Mapping[str, float] = next((one["rows"] for one in measured.values() if one["rows"]), {})
    size = f": {rows['train_rows']:,.0f} rows to learn from, {rows['test_rows']:,.0f} to test"
    test = next(iter(measured.values()))["test"]
    metrics = [name for name in (*METRICS, *data.more) if name in test]
    header = ["model"]
    for metric in metrics:
        header += [f"{metric}, cv", f"{metric}, test"]
    text = [f"## {data.name}", "", f"Target `{data.target}`{size if rows else ''}.", ""]
    text += [data.note, ""] if data.note else []
    text += [_row([*header, "seconds"]), _row(["---", *["---:"] * len(header)])]
    for title, one in measured.items():
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


if __name__ == "__main__":
    sys.exit(main())
