"""One run of the pipeline: inputs are fixed, environments built, steps run, all summed up."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from relay.errors import RelayError
from relay.orchestrator import environments
from relay.orchestrator.display import Display
from relay.orchestrator.environments import Environment
from relay.orchestrator.jobs import Job
from relay.orchestrator.mlproject import Component
from relay.orchestrator.plan import Plan, Source, Step
from relay.orchestrator.processes import Process
from relay.orchestrator.step_runner import StepRunner, wait
from relay.orchestrator.summary import StepSummary, Summary
from relay.project import Project
from relay.tracking import Backend, RunStatus


@dataclass
class Pipeline:
    """The selected steps of a plan, ready to be run once."""

    project: Project
    plan: Plan
    jobs: Sequence[Job]
    backend: Backend
    runner: StepRunner
    display: Display
    _made: dict[str, str] = field(default_factory=dict)
    """Exact references of what steps of this run have made, by `step.output`."""
    _found: dict[str, str] = field(default_factory=dict)
    """Exact references of what was there before, by the reference asked for."""

    def run(self, summary: Summary) -> None:
        """Run the steps, one after another, until one does not succeed, and fill in `summary`.

        RelayError where no step could be started, Interrupted where a signal ended it.
        """
        summary.steps = [self._not_yet(name) for name in self.plan.names]
        folder = self.runner.folder
        self.display.open([job.name for job in self.jobs], self.runner.manager, folder)
        try:
            self._find_inputs()
            built = self._prepare_environments(summary)
            summary.status = self._run_steps(summary, built)
        finally:
            self.display.close()
            shutil.rmtree(folder / "tmp", ignore_errors=True)

    def _not_yet(self, name: str) -> StepSummary:
        selected = any(job.name == name for job in self.jobs)
        return StepSummary(name, "skipped" if selected else "not_selected")

    def _run_steps(self, summary: Summary, built: Mapping[str, Environment]) -> RunStatus:
        for job in self.jobs:
            self.runner.signals.check()
            name = job.name
            done = summary[name]
            done.log = str(
                (self.runner.folder / "logs" / f"{name}.log").relative_to(self.project.root)
            )
            done.inputs = {key: self._exact(source) for key, source in job.step.inputs.items()}
            self.display.started(name)
            try:
                self.runner.run(
                    job,
                    built[job.component.name],
                    done.inputs,
                    done,
                    functools.partial(self.display.running, name),
                )
            finally:
                self.display.ended(done)
            if done.status != "ran":
                return "failed"
            self._made |= {f"{name}.{key}": made for key, made in done.outputs.items()}
        return "succeeded"

    def _exact(self, source: Source) -> str:
        return self._made.get(f"{source.step}.{source.output}") or self._found[source.reference]

    def _find_inputs(self) -> None:
        """Fix the version of every input that no step of this run makes."""
        selected = {job.name for job in self.jobs}
        for job in self.jobs:
            for source in job.step.inputs.values():
                if source.step in selected or source.reference in self._found:
                    continue
                version = self.backend.find(source.reference)
                if version is None:
                    raise RelayError(_missing(job.step, source))
                self._found[source.reference] = str(version)

    def _prepare_environments(self, summary: Summary) -> dict[str, Environment]:
        """Each component's environment, built where it is not there yet; equal ones once."""
        started = time.monotonic()
        components = {job.component.name: job.component for job in self.jobs}
        found = {name: self._environment(one) for name, one in components.items()}
        sharing: dict[tuple[str, ...], list[str]] = {}
        for name, environment in found.items():
            sharing.setdefault(environment.activate, []).append(name)
        for names in sharing.values():
            first = components[names[0]]
            if not found[first.name].is_complete(first.folder / "requirements.txt"):
                self._build(first, names)
                found |= {name: self._environment(components[name]) for name in names}
        summary.environments_seconds = time.monotonic() - started
        return found

    def _environment(self, component: Component) -> Environment:
        return environments.find(self.runner.manager, component.folder)

    def _build(self, component: Component, names: Sequence[str]) -> None:
        manager = self.runner.manager
        process = Process(
            [
                sys.executable,
                "-m",
                "relay.orchestrator.environments",
                manager,
                str(component.folder),
            ],
            cwd=self.project.root,
            env={**os.environ, "PYTHONPATH": str(self.project.root / "src")},
            log=self.runner.folder / "logs" / "environments.log",
        )
        code = wait(
            process,
            lambda usage, line: self.display.building(names, usage, line),
            self.runner.signals,
        )
        if code != 0:
            python = environments.python_version(component.folder)
            raise RelayError(
                f"{manager} did not build the environment of components/{component.name}:\n"
                f"{_without_mlflow(process.tail(12))}\n"
                f"The whole log is {process.log.relative_to(self.project.root)}. Install Python "
                f"{python} if it is not there, set up the package index for {manager}, or run in "
                "the present environment with env_manager=local."
            )
        environments.forget()
        self.display.built(names, process.usage.seconds)


def new_folder(outputs: Path) -> Path:
    """Make a folder for a run in `outputs`, named by the time."""
    outputs.mkdir(exist_ok=True)
    stamp = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    number = 1
    while True:
        folder = outputs / (stamp if number == 1 else f"{stamp}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
        number += 1


def _without_mlflow(lines: Sequence[str]) -> str:
    """What the manager itself said, indented."""
    own = [line for line in lines if " mlflow." not in line and not line.startswith("Command:")]
    return "\n".join(f"  {line}" for line in own)


def _missing(step: Step, source: Source) -> str:
    text = f"Step '{step.name}' needs artifact '{source.reference}', which is not in the store."
    if source.step is None:
        return f"{text} Run the steps that make it first, such as steps=all."
    return f"{text} Step '{source.step}' makes it: run steps=+{source.step} first."
