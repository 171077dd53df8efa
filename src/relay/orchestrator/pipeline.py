"""One run of the pipeline: what is there already is handed on, the rest is run, all summed up."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relay.errors import RelayError
from relay.orchestrator.ingredients import Ingredients
from relay.orchestrator.jobs import Job
from relay.orchestrator.plan import Plan, Source, Step
from relay.orchestrator.step_cache import StepCache
from relay.orchestrator.summary import StepSummary
from relay.tracking import ArtifactVersion, Backend, Reference, RunStatus

if TYPE_CHECKING:  # it brings MLflow along, which a run with nothing to do goes without
    from relay.orchestrator.step_runner import StepRunner


@dataclass
class Pipeline:
    """The selected steps of a plan, ready to be run once."""

    plan: Plan
    jobs: Sequence[Job]
    backend: Backend
    cache: StepCache
    steps: dict[str, StepSummary] = field(default_factory=dict)
    """What became of each step of the plan."""
    _ingredients: dict[str, Ingredients] = field(default_factory=dict)
    _spared: dict[str, Mapping[str, ArtifactVersion]] = field(default_factory=dict)
    """Outputs of steps that need not run, until they have been made the newest."""
    _made: dict[str, str] = field(default_factory=dict)
    """Exact references of what steps of this run have made, by `step.output`."""
    _found: dict[str, str] = field(default_factory=dict)
    """Exact references of what was there before, by the reference asked for."""

    def __post_init__(self) -> None:
        selected = {job.name for job in self.jobs}
        for name in self.plan.names:
            self.steps[name] = StepSummary(name, "skipped" if name in selected else "not_selected")

    def settle(self) -> None:
        """Fix the inputs, and hand on what steps need not be run for.

        RelayError where an input is not there. Steps behind one that has to run are settled only
        when it is done.
        """
        self._find_inputs()
        for job in self.jobs:
            if self._has_inputs(job):
                self._settle(job)

    def hand_on(self) -> None:
        """Make what was settled the newest of its name."""
        for outputs in self._spared.values():
            self.cache.hand_on(outputs)
        self._spared.clear()

    @property
    def waiting(self) -> list[Job]:
        """The steps that may have to run."""
        return [job for job in self.jobs if self.steps[job.name].status == "skipped"]

    def run(self, runner: StepRunner) -> RunStatus:
        """Run what has to be run, one step after another, until one does not succeed.

        Interrupted where a signal ended it.
        """
        display = runner.display
        for job in self.waiting:
            runner.signals.check()
            done = self.steps[job.name]
            if done.why is None:
                self._settle(job)
            if done.status == "cached":
                self.hand_on()
                display.ended(done)
                continue
            inputs = done.inputs  # a step may find more of its own, such as the champion
            display.started(job.name)
            try:
                progress = functools.partial(display.running, job.name)
                runner.run(job, inputs, done, progress, self._ingredients.get(job.name))
                if done.status == "ran":
                    self._made |= {f"{job.name}.{key}": ref for key, ref in done.outputs.items()}
                    self.cache.remember(job, inputs, done.outputs)
            finally:
                display.ended(done)
            if done.status != "ran":
                return "failed"
        return "succeeded"

    def _settle(self, job: Job) -> None:
        """Take the outputs of `job` from the cache, or say why it has to run."""
        done = self.steps[job.name]
        done.inputs = {key: self._exact(source) for key, source in job.step.inputs.items()}
        ingredients = self.cache.ingredients(job, done.inputs)
        if ingredients is not None:
            self._ingredients[job.name] = ingredients
        found = self.cache.find(job, ingredients)
        if found is None:
            done.why = self.cache.why(job, ingredients)
            return
        done.status = "cached"
        done.outputs = {key: str(version) for key, version in found.items()}
        self._spared[job.name] = found
        self._made |= {f"{job.name}.{key}": ref for key, ref in done.outputs.items()}

    def _has_inputs(self, job: Job) -> bool:
        needed = {step for step in job.step.needs if step in {one.name for one in self.jobs}}
        return all(self.steps[step].status == "cached" for step in needed)

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
                    raise RelayError(self._missing(job.step, source))
                self._found[source.reference] = str(version)

    def _missing(self, step: Step, source: Source) -> str:
        place = self.backend.url() or "the local store"
        text = f"Step '{step.name}' needs artifact '{source.reference}', which is not in the store"
        text += f" ({place})."
        if source.step is not None:
            return f"{text} Step '{source.step}' makes it: run steps=+{source.step} first."
        newest = self.backend.find(Reference.parse(source.reference).path)
        if newest is not None:
            shown = ", ".join(sorted(newest.aliases))
            return f"{text} There is {newest} ({shown}): check the alias."
        return f"{text} Check its name, or run the steps that make it first, such as steps=all."
