"""The same steps without Relay's orchestrator: one process each, one after another.

Each is the component's own command, so the step functions and the tracking calls are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkout import Checkout, Cost, measure
from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.runtime.environments import Environment, Manager
from relay.runtime.mlflow_environments import find_environment

MANAGER: Manager = "uv"


@dataclass(frozen=True)
class PlainStep:
    """A component's command with the arguments that the configuration gives it."""

    job: PlannedStep
    environment: Environment

    @property
    def arguments(self) -> dict[str, str]:
        """Return the arguments; inputs are named by `latest`, as no process passes on versions."""
        return self.job.arguments(self.job.references)

    def by_python(self, checkout: Checkout) -> Cost:
        """Run `python run.py ...` in the component's environment."""
        python = Path(str(self.environment.folder)) / "bin" / "python"
        words = [f"--{name}={value}" for name, value in self.arguments.items()]
        return measure(
            [str(python), "run.py", *words],
            self.job.component.folder,
            {"PYTHONPATH": str(checkout.root / "src")},
        )

    def by_mlflow(self, checkout: Checkout) -> Cost:
        """Run `mlflow run components/... -P ...`."""
        words = [
            word
            for name, value in self.arguments.items()
            if value != ""
            for word in ("-P", f"{name}={value}")
        ]
        folder = f"components/{self.job.component.name}"
        return measure(
            ["mlflow", "run", folder, "--env-manager", MANAGER, *words],
            checkout.root,
            {"MLFLOW_TRACKING_URI": f"sqlite:///{checkout.root}/mlflow.db"},
        )


def plain_steps(checkout: Checkout, arguments: Sequence[str]) -> list[PlainStep]:
    """Return the steps that `main.py` would run with `arguments`, in their order."""
    settings = config.load(checkout.root / "config", arguments, checkout.root)
    the_plan = plan.build(settings.settings.pipeline)
    jobs = make_planned_steps(checkout.root / "components", settings, the_plan)
    return [PlainStep(job, find_environment(MANAGER, job.component.folder)) for job in jobs]
