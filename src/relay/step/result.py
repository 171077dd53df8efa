"""The report of a component to the orchestrator when it ends."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from relay.tracking.interface import RunStatus
from relay.util.files import write_text


@dataclass(frozen=True)
class StepResult:
    """The end of a step. Artifacts are exact references (`name:v3`) by the step's own keys."""

    status: RunStatus
    error: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    """The type of each output."""
    metrics: dict[str, float] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    """The path of each picture."""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences for the end of the pipeline's console output."""
    phases: dict[str, float] = field(default_factory=dict)
    """The seconds of each phase that the step names, such as fit."""
    url: str | None = None
    """The run's page in the backend."""
    cpu_seconds: float = 0.0
    max_rss_mb: float = 0.0
    """The most memory of the step's process, as its system measured it."""


def write_result(path: Path, report: StepResult) -> None:
    """Write `report` to `path`, whole or not at all, and copy its pictures beside it."""
    kept = {}
    for name, image in report.images.items():
        target = path.with_name(f"{path.stem}-{name}.png")
        shutil.copyfile(image, target)
        kept[name] = str(target)
    write_text(path, json.dumps(asdict(replace(report, images=kept)), indent=2))


def stored_path(path: Path) -> Path:
    """Return the file, beside the report `path`, for a step whose outputs are stored already."""
    return path.with_suffix(".stored.json")


def read_result(path: Path) -> StepResult | None:
    """Return the report at `path`, or None if the step ended before it could write one."""
    if not path.is_file():
        return None
    return StepResult(**json.loads(path.read_text(encoding="utf-8")))
