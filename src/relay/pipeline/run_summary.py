"""The content of outputs/<time>/summary.json: how a pipeline run and each of its steps ended."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from relay.tracking.interface import RunStatus
from relay.util.files import point_link, write_text

SUMMARY = "summary.json"
"""The file in a run's folder that is written at its end."""
SETTINGS = "config.yaml"
"""The file in a run's folder with all settings of the run."""

StepStatus = Literal["ran", "cached", "failed", "killed", "not_started", "not_selected"]
"""`not_started`: it was to run, but the run ended, or a step upstream failed, before."""


def in_words(status: str) -> str:
    """Return a status as people read it: `not started`."""
    return status.replace("_", " ")


@dataclass
class StepSummary:
    """One step of a run; artifacts are exact references by the step's keys."""

    name: str
    status: StepStatus
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    max_rss_mb: float = 0.0
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    """The metrics; those of a cached step are from when it ran."""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    """The seconds of each phase that the step names, such as fit."""
    log: str | None = None
    """The log file, relative to the project's folder."""
    why: str | None = None
    """The reason if it is not a cache hit."""
    url: str | None = None
    """The page of its run, if the backend has one."""
    error: str | None = None


@dataclass
class Summary:
    """A whole run."""

    status: RunStatus
    backend: str
    started: str
    """ISO 8601, UTC."""
    git_commit: str | None
    git_dirty: bool | None
    """Whether there were uncommitted changes; None without a commit."""
    steps: list[StepSummary] = field(default_factory=list)
    seconds: float = 0.0
    environments_seconds: float = 0.0
    """The part of `seconds` that building environments took."""
    libraries_cpu_seconds: float = 0.0
    """The time to load libraries that steps share; no step's `cpu_seconds` contain it."""
    mlflow_run_id: str | None = None
    url: str | None = None
    """The page of the project, if the backend has one."""
    taken: list[str] = field(default_factory=list)
    """The exact inputs from the store, which no step of the run made."""
    warnings: list[str] = field(default_factory=list)
    """Warnings about the run as a whole; each step has its own."""
    error: str | None = None
    signal: int | None = None
    """The signal that ended the run."""
    git_problem: str | None = None
    """The reason if there is no commit."""
    command: str = ""
    """The command line that makes the run again."""

    def __getitem__(self, name: str) -> StepSummary:
        return next(step for step in self.steps if step.name == name)

    @property
    def exit_code(self) -> int:
        """Return 0 if the run succeeded, 128 + n if signal n ended it, else 1."""
        if self.signal is not None:
            return 128 + self.signal
        return 0 if self.status == "succeeded" else 1


def new_folder(outputs: Path) -> Path:
    """Make a folder for a run in `outputs`, named by the time, and return it."""
    outputs.mkdir(exist_ok=True)
    stamp = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    number = 1
    while True:
        folder = outputs / (stamp if number == 1 else f"{stamp}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
        number += 1


def write_settings(folder: Path, command: str, settings: str) -> Path:
    """Write the settings of a run, YAML, below a comment with its command; return the path."""
    path = folder / SETTINGS
    # A value may hold line ends; a comment may not.
    comment = " ".join(command.splitlines())
    write_text(path, f"# {comment}\n{settings}")
    return path


def write_summary(folder: Path, summary: Summary) -> Path:
    """Write `summary.json` into `folder` and point `latest` at the folder; return the path."""
    content = asdict(summary)
    for step in content["steps"]:
        for key in ("seconds", "cpu_seconds", "max_rss_mb"):
            step[key] = round(step[key], 3)
        for key in ("error", "url", "why", "warnings", "notes"):
            if not step[key]:
                del step[key]
    for key in ("seconds", "environments_seconds", "libraries_cpu_seconds"):
        content[key] = round(content[key], 3)
    path = folder / SUMMARY
    write_text(path, json.dumps(content, indent=2) + "\n")
    point_link(folder.parent / "latest", folder.name)
    return path
