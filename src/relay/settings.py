"""What the orchestrator tells a component about the run it is part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunSettings:
    """Travels in RELAY_* variables; each has a default, so that a component runs alone."""

    backend: str
    project: str
    step: str
    group: str | None = None
    result: Path | None = None
    """Where the component writes its StepResult; None when no orchestrator waits for it."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], default_step: str) -> RunSettings:
        result = environ.get("RELAY_RESULT")
        return cls(
            backend=environ.get("RELAY_BACKEND") or "local",
            project=environ.get("RELAY_PROJECT") or "relay",
            step=environ.get("RELAY_STEP") or default_step,
            group=environ.get("RELAY_GROUP") or None,
            result=Path(result) if result else None,
        )

    def to_environ(self) -> dict[str, str]:
        return {
            "RELAY_BACKEND": self.backend,
            "RELAY_PROJECT": self.project,
            "RELAY_STEP": self.step,
            "RELAY_GROUP": self.group or "",
            "RELAY_RESULT": str(self.result) if self.result else "",
        }
