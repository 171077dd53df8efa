"""The settings of a step's run, which the orchestrator passes to its component."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relay.tracking.settings import TrackingSettings

FINGERPRINT_KEY = "made_with"
"""Where an artifact's metadata keep what decided its content."""

COUNTS_AS = "counts_as"
"""Where they say what of it counts for the steps that use it, if that is not all of its content."""

WARNINGS_KEY = "warnings"
"""Where an artifact's metadata keep what the step that made it warned of."""

METRICS_KEY = "step_metrics"
"""Where they keep the numbers of the step that made it."""

PAGE = "page"
"""Where they name the file in it that people open."""


@dataclass(frozen=True)
class RunSettings:
    """Travels in RELAY_* variables; each has a default, so that a component runs alone."""

    tracking: TrackingSettings
    step: str
    run_id: str
    group: str | None = None
    fingerprint: Path | None = None
    """A JSON file with what decides the outputs, for their metadata."""
    result: Path | None = None
    """Where the component writes its StepResult; None when no orchestrator waits for it."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], default_step: str) -> RunSettings:
        def path(name: str) -> Path | None:
            return Path(environ[name]) if environ.get(name) else None

        return cls(
            tracking=TrackingSettings.from_environ(environ),
            step=environ.get("RELAY_STEP") or default_step,
            run_id=environ.get("RELAY_RUN_ID") or uuid.uuid4().hex[:16],
            group=environ.get("RELAY_GROUP") or None,
            fingerprint=path("RELAY_FINGERPRINT"),
            result=path("RELAY_RESULT"),
        )

    @property
    def run_name(self) -> str:
        return f"{self.step} {self.group}" if self.group else self.step

    def to_environ(self) -> dict[str, str]:
        return {
            **self.tracking.to_environ(),
            "RELAY_STEP": self.step,
            "RELAY_RUN_ID": self.run_id,
            "RELAY_GROUP": self.group or "",
            "RELAY_FINGERPRINT": str(self.fingerprint or ""),
            "RELAY_RESULT": str(self.result or ""),
        }
