"""Measure every model on every data set, and write docs/reference/results.md (`make results`).

    make results ARGS=path/to/data                      # the folder with the files; an hour or two
    make results ARGS="path/to/data diabetes pokemon"   # these data sets only; the others stay
    make results ARGS="path/to/data --models lightgbm"  # these lines only; the others stay

Each line of the table is a run of the pipeline with `data=table`, a URL and a target and nothing
else, or with an experiment of config/experiment. Results of runs are kept in .relay/results, so a
session that was stopped continues.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.util.names import column_name
from tools import plain_libraries
from tools.results_page import page

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".relay" / "results"
PAGE = ROOT / "docs" / "reference" / "results.md"

MODELS = (
    "linear", "elastic_net", "random_forest", "extra_trees", "hist_gradient_boosting", "xgboost",
    "lightgbm", "mlp",
)  # fmt: skip
# On tables of some ten thousand rows, those with a better relative among the others are left out.
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

    @property
    def titles(self) -> list[str]:
        """Return the titles of the lines in its table."""
        return [*self.models, *(f"experiment={name}" for name in self.tuned)]

    def location(self, folder: Path) -> str:
        return self.url if "://" in self.url else str((folder / self.url).resolve())


DATA_SETS = (
    DataSet("diabetes", "sklearn://diabetes", "target"),
    DataSet("pokemon", "pokemon.csv", "Legendary"),
    DataSet(
        "house_prices", "house_prices/train.csv", "SalePrice", ("log_mae",), ("house_prices",)
    ),
    DataSet(
        "nyc_airbnb", "nyc_airbnb/sample1.csv", "price", tuned=("nyc_airbnb",), models=FEWER,
        note="The experiment leaves out prices below 10 and above 350, as the course that the file "
        "comes from does. Its metrics are therefore on other rows than those of the models and the "
        "baseline.",
    ),
    DataSet(
        "housing", "tabular/housing.csv", "median_house_value", ("rmse",), ("housing",), FEWER
    ),
    DataSet("diamonds", "tabular/diamonds.csv", "price", tuned=("diamonds",), models=FEWER),
    DataSet("diamonds_cut", "tabular/diamonds.csv", "cut", models=FEWER),
    DataSet("wine_red", "messy/winequality-red.csv", "quality"),
    DataSet("wine_white", "messy/winequality-white.csv", "quality"),
    DataSet("gapminder", "tabular/gapminder.csv", "lifeExp", models=FEWER),
    DataSet("german_credit", "tabular/german.csv", "column_21", models=FEWER),
)  # fmt: skip


def main() -> int:
    """Measure what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="the folder with the files of the data sets")
    parser.add_argument("names", nargs="*", help="data sets; without one, all")
    parser.add_argument("--models", nargs="+", help="lines to measure; without one, all")
    parser.add_argument("--set", action="append", default=[], help="a setting for each run")
    arguments = parser.parse_args()
    by_name = {data_set.name: data_set for data_set in DATA_SETS}
    for name in arguments.names:
        if name not in by_name:
            parser.error(f"no data set '{name}'. Data sets: {', '.join(by_name)}")
    for name in arguments.names or by_name:
        for title, settings in lines(by_name[name], arguments.folder):
            if not arguments.models or title in arguments.models:
                measure(by_name[name], title, [*settings, *arguments.set])
        for library in plain_libraries.LIBRARIES:
            if not arguments.models or library in arguments.models:
                measure_plain(by_name[name], library)
    everything = {data_set: measured(data_set) for data_set in DATA_SETS}
    PAGE.write_text(page(everything, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 0


def lines(data_set: DataSet, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the title of each line of a data set's table, and the settings of its run."""
    url = f"data.url={data_set.location(folder)}"
    for model in data_set.models:
        yield model, ["data=table", url, f"data.target={data_set.target}", f"model={model}"]
    for experiment in data_set.tuned:
        yield f"experiment={experiment}", [f"experiment={experiment}", url]


def measure(data_set: DataSet, title: str, settings: Sequence[str]) -> None:
    """Run the pipeline up to `evaluate`, unless that was done, and store its metrics."""
    kept = STORE / data_set.name / f"{title}.json"
    if kept.is_file():
        return
    print(f"{data_set.name}: {title} ...", flush=True)
    command = [sys.executable, "main.py", "steps=+evaluate", "force=train,evaluate"]
    command += ["tracking=local", f"data.name=results_{data_set.name}", *settings]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    summaries = re.findall(r"outputs/\S+/summary\.json", done.stdout)
    if done.returncode or not summaries:
        print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)
        raise SystemExit(f"{data_set.name}: {title} failed.")
    summary = json.loads((ROOT / summaries[-1]).read_text(encoding="utf-8"))
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


def measure_plain(data_set: DataSet, library: str) -> None:
    """Measure the plain `library` on the rows of the data set's runs, and store its metrics."""
    kept = STORE / data_set.name / f"plain {library}.json"
    if kept.is_file() or library not in data_set.models:
        return
    print(f"{data_set.name}: plain {library} ...", flush=True)
    os.environ.update(environment())
    metrics = plain_libraries.measure(
        f"results_{data_set.name}", column_name(data_set.target), library, ROOT
    )
    kept.write_text(json.dumps(metrics, indent=1), encoding="utf-8")


def environment() -> dict[str, str]:
    """Return an environment with stores of its own: these are not runs of the project."""
    STORE.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "TRACKIO_DIR": str(STORE / "trackio"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{STORE}/mlflow.db",
    }


def measured(data_set: DataSet) -> dict[str, Any]:
    """Return the stored metrics of each line of a data set, and of the plain libraries."""
    titles = data_set.titles + [f"plain {library}" for library in plain_libraries.LIBRARIES]
    files = {title: STORE / data_set.name / f"{title}.json" for title in titles}
    return {
        title: json.loads(path.read_text(encoding="utf-8"))
        for title, path in files.items()
        if path.is_file()
    }


if __name__ == "__main__":
    sys.exit(main())
