"""Seconds per trial of a sweep, beside the bare search, two jobs, a command and an agent."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.agent_trials import measure_agent
from benchmarks.checkout import Checkout
from benchmarks.plain import MANAGER
from benchmarks.tables import markdown
from relay.config.overrides import override_for
from relay.runtime.component import load_component
from relay.runtime.mlflow_environments import find_environment
from relay.sweep.journal import Ended, Journal, quiet_optuna
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.search import Settings
from relay.util.project import Project

_NAME = "bench"
_SWEEP: dict[str, Any] = {
    "method": "bayes",
    "metric": {"name": "cv_score", "goal": "maximize"},
    "parameters": {
        "model": {"value": "random_forest"},
        "model.params.max_features": {"min": 0.1, "max": 1.0},
        "model.params.min_samples_leaf": {
            "distribution": "q_log_uniform_values",
            "min": 1,
            "max": 40,
        },
    },
}
_LOCAL = ("tracking=local", f"env_manager={MANAGER}")
_COMMANDS = 3
"""So many trials are measured as a command each, and with an agent."""


@dataclass(frozen=True)
class Timing:
    """What a number of trials took, from the start of the first one to the end of the last one."""

    trials: int
    seconds: float
    cpu_each: float
    """CPU seconds per trial, without the start of the command."""
    whole_command: float | None = None

    @property
    def each(self) -> float:
        """Return the seconds per trial."""
        return self.seconds / self.trials


def measure_sweeps(folder: Path, trials: int, repeat: int) -> dict[str, list[Timing]]:
    """Measure each way `repeat` times in turn, and return the timings by way."""
    checkout = Checkout(folder)
    file = folder / "config" / "sweep" / f"{_NAME}.yaml"
    file.write_text(yaml.safe_dump(_SWEEP), encoding="utf-8")
    checkout.relay(*_LOCAL, "exclude=register")  # the steps before are cached from now on
    timings: dict[str, list[Timing]] = {}
    for _ in range(repeat):
        one, settings = _sweep(checkout, trials, jobs=1)
        two, _ = _sweep(checkout, trials, jobs=2)
        timings.setdefault("cross_val_score in a loop", []).append(_bare(checkout, settings))
        timings.setdefault("relay sweep", []).append(one)
        timings.setdefault("relay sweep --jobs 2", []).append(two)
        commands = _by_command(checkout, settings[:_COMMANDS])
        timings.setdefault("a command per trial", []).append(commands)
        seconds, cpu = measure_agent(checkout, _SWEEP, _COMMANDS)
        timings.setdefault("wandb agent", []).append(Timing(_COMMANDS, seconds, cpu / _COMMANDS))
    return timings


def sweeps_table(timings: Mapping[str, Sequence[Timing]]) -> str:
    """Return a table of seconds per trial, medians."""
    bare = statistics.median(one.each for one in next(iter(timings.values())))
    rows = []
    for name, own in timings.items():
        each = statistics.median(one.each for one in own)
        cpu = statistics.median(one.cpu_each for one in own)
        whole = [one.whole_command for one in own if one.whole_command is not None]
        rows.append(
            (
                name,
                f"{each:.3f} s",
                f"{each - bare:+.3f} s",
                f"{bare / each:.2f}",
                f"{cpu:.3f} s",
                f"{statistics.median(whole):.1f} s" if whole else "",
            )
        )
    columns = (
        "",
        "seconds per trial",
        "above the loop",
        "trials per time",
        "CPU time",
        "whole command",
    )
    return markdown(columns, rows)


def _sweep(checkout: Checkout, trials: int, jobs: int) -> tuple[Timing, list[Settings]]:
    """Run the sweep in two commands, and return the timing of the second and its trials.

    The first one tries a tenth: what its command took without trials is left out of the CPU time.
    """
    shutil.rmtree(checkout.root / ".relay" / "sweeps", ignore_errors=True)
    few = max(1, trials // 10)
    options = ("--jobs", str(jobs), "--no-register", *_LOCAL)
    first = checkout.relay("sweep", _NAME, "--trials", str(few), *options)
    cost = checkout.relay("sweep", _NAME, "--trials", str(trials), *options)
    (folder,) = (checkout.root / ".relay" / "sweeps").iterdir()
    with quiet_optuna():
        ended = Journal(folder, _NAME, _SWEEP["metric"]["goal"], 4).ended()[few:]
    cpu_each = (cost.cpu_seconds - first.cpu_seconds) / (len(ended) - few)
    timing = Timing(len(ended), _span(ended), cpu_each, cost.seconds)
    return timing, [one.settings for one in ended]


def _span(ended: Sequence[Ended]) -> float:
    return (max(one.ended for one in ended) - min(one.started for one in ended)) / 1000


def _bare(checkout: Checkout, settings: Sequence[Settings]) -> Timing:
    """Score the same trials by scikit-learn alone."""
    scoring_step = ScoringStep(Project(checkout.root), _LOCAL, checkout.root)
    inputs = {"train": "diabetes_train:latest", "report": "diabetes_report:latest"}
    trials = [
        scoring_step.plan_step(scoring_step.config(values)).arguments(inputs) for values in settings
    ]
    path = checkout.root / "trials.json"
    path.write_text(json.dumps(trials), encoding="utf-8")
    component = load_component(checkout.root / "components", "train")
    python = Path(str(find_environment(MANAGER, component.folder).folder)) / "bin" / "python"
    script = Path(__file__).with_name("bare_search.py")
    done = subprocess.run(
        [str(python), str(script), str(checkout.root), str(path)],
        cwd=component.folder,
        env={key: value for key, value in os.environ.items() if not key.startswith("TRACKIO_")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    return Timing(len(trials), measured["seconds"], measured["cpu_seconds"] / len(trials))


def _by_command(checkout: Checkout, settings: Sequence[Settings]) -> Timing:
    """Run `main.py steps=train` for each of some trials, as a sweeper of Hydra's does."""
    costs = []
    for values in settings:
        overrides = [override_for(*item) for item in values.items()]
        costs.append(checkout.relay("steps=train", "cache=false", *overrides, *_LOCAL))
    seconds = sum(cost.seconds for cost in costs)
    return Timing(len(costs), seconds, sum(cost.cpu_seconds for cost in costs) / len(costs))
