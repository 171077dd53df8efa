"""The settings of a step's run, which the orchestrator passes to its component."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relay.tracking.settings import TrackingSettings

FINGERPRINT_KEY = "made_with"
"""The key of an artifact's metadata with the fingerprint that decided its content."""

COUNTS_AS = "counts_as"
"""The key with the digest of what matters to steps that use it, if that is not all of it."""

WARNINGS_KEY = "warnings"
"""The key with the warnings of the step that made it."""

METRICS_KEY = "step_metrics"
"""The key with the metrics of the step that made it."""

ENVIRONMENT_KEY = "environment"
"""The key with the folder in environments/ that steps which use it need; see `run.output`."""

PAGE = "page"
"""The key with the name of its file that people open."""


@dataclass(frozen=True)
class RunSettings:
    """Settings in RELAY_* variables; each has a default, so that a component runs alone."""

    tracking: TrackingSettings
    step: str
    run_id: str
    group: str | None = None
    fingerprint: Path | None = None
    """A JSON file with what decides the outputs, for their metadata."""
    report: Path | None = None
    """The file for the component's StepResult; None if no orchestrator waits for it."""
    mlflow_run: Path | None = None
    """The file that gets the id of the step's MLflow run, if MLFLOW_RUN_ID does not have it."""
    execution: Path | None = None
    """A file that the orchestrator removes once it has given up this execution of the step."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], default_step: str) -> RunSettings:
        """Read the settings from the environment variables in `environ`."""

        def path(name: str) -> Path | None:
            return Path(environ[name]) if environ.get(name) else None

        return cls(
            tracking=TrackingSettings.from_environ(environ),
            step=environ.get("RELAY_STEP") or default_step,
            run_id=environ.get("RELAY_RUN_ID") or uuid.uuid4().hex[:16],
            group=environ.get("RELAY_GROUP") or None,
            fingerprint=path("RELAY_FINGERPRINT"),
            report=path("RELAY_RESULT"),
            mlflow_run=path("RELAY_MLFLOW_RUN"),
            execution=path("RELAY_EXECUTION"),
        )

    @property
    def run_name(self) -> str:
        """Return the name of the step's run, with its group if it has one."""
        return f"{self.step} {self.group}" if self.group else self.step

    def to_environ(self) -> dict[str, str]:
        """Return the environment variables that `from_environ` reads."""
        return {
            **self.tracking.to_environ(),
            "RELAY_STEP": self.step,
            "RELAY_RUN_ID": self.run_id,
            "RELAY_GROUP": self.group or "",
            "RELAY_FINGERPRINT": str(self.fingerprint or ""),
            "RELAY_RESULT": str(self.report or ""),
            "RELAY_MLFLOW_RUN": str(self.mlflow_run or ""),
            "RELAY_EXECUTION": str(self.execution or ""),
        }
