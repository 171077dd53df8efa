"""One run of the pipeline: which steps are done, which can begin, and on which exact inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from relay.pipeline.cache import StepCache
from relay.pipeline.plan import Plan, Source, Step
from relay.pipeline.planned_step import Job
from relay.pipeline.preflight import Preflight
from relay.pipeline.summary import StepSummary
from relay.step.context import METRICS_KEY, WARNINGS_KEY
from relay.step.fingerprint import Fingerprint
from relay.tracking import ArtifactVersion, Backend
from relay.tracking.missing import hint_on_missing
from relay.util.errors import RelayError

_DONE = ("ran", "cached")
_NOT_WELL = ("failed", "killed")


@dataclass
class Pipeline:
    """The selected steps of a plan, ready to be run once."""

    plan: Plan
    jobs: Sequence[Job]
    backend: Backend
    cache: StepCache
    preflight: Preflight
    steps: dict[str, StepSummary] = field(default_factory=dict)
    """What became of each step of the plan."""
    fingerprints: dict[str, Fingerprint] = field(default_factory=dict)
    """What decides the outputs of each step that has been settled."""
    taken: list[tuple[Source, ArtifactVersion]] = field(default_factory=list)
    """The inputs that no step of this run makes, as they are in the store."""
    _spared: dict[str, Mapping[str, ArtifactVersion]] = field(default_factory=dict)
    """Outputs of steps that need not run, until they have been made the newest."""
    _found: dict[str, str] = field(default_factory=dict)
    """Exact references of what was there before, by the reference asked for."""

    def __post_init__(self) -> None:
        selected = {job.name for job in self.jobs}
        for name in self.plan.names:
            self.steps[name] = StepSummary(name, "skipped" if name in selected else "not_selected")

    def settle(self) -> None:
        """Fix the inputs, and take from the cache what need not run.

        RelayError where an input is not there, ConfigError where one is not what the settings
        are for. Steps behind one that has to run can be settled only when it is done.
        """
        self._find_inputs()
        for job in self.jobs:
            if self.has_inputs(job):
                self.settle_step(job)

    def settle_step(self, job: Job) -> None:
        """Take the outputs of `job`, whose inputs are there, from the cache; or say why it runs.

        ConfigError where the inputs say that the settings cannot work.
        """
        done = self.steps[job.name]
        done.inputs = {key: self._exact(source) for key, source in job.step.inputs.items()}
        versions = {key: self.cache.version(name) for key, name in done.inputs.items()}
        self.preflight.check_inputs(job, {key: one for key, one in versions.items() if one})
        fingerprint = self.cache.compute_fingerprint(job, done.inputs)
        if fingerprint is not None:
            self.fingerprints[job.name] = fingerprint
        found = self.cache.find(job, fingerprint)
        if found is None:
            done.why = self.cache.why(job, fingerprint)
            return
        done.status = "cached"
        done.outputs = {key: str(version) for key, version in found.items()}
        said = (version.metadata.get(METRICS_KEY) for version in found.values())
        done.metrics = dict(next(filter(None, said), {}))
        # They hold for what is handed on as much as on the day when it was made.
        warned = (version.metadata.get(WARNINGS_KEY) for version in found.values())
        done.warnings = list(next(filter(None, warned), []))
        self._spared[job.name] = found

    def hand_on(self) -> None:
        """Make what was taken from the cache the newest of its name."""
        for outputs in self._spared.values():
            self.cache.hand_on(outputs)
        self._spared.clear()

    @property
    def waiting(self) -> list[Job]:
        """The steps that may have to run, in the plan's order."""
        return [job for job in self.jobs if self.steps[job.name].status == "skipped"]

    @property
    def has_failed(self) -> bool:
        """True where a step did not succeed."""
        return any(one.status in _NOT_WELL for one in self.steps.values())

    def has_inputs(self, job: Job) -> bool:
        """True where each selected step that `job` waits for is done."""
        return all(self.steps[step].status in (*_DONE, "not_selected") for step in job.step.needs)

    def is_cut_off(self, job: Job) -> bool:
        """True where a step that leads to `job` did not succeed."""
        return any(self.steps[step].status in _NOT_WELL for step in self.plan.upstream(job.name))

    def _exact(self, source: Source) -> str:
        if source.step is not None and self.steps[source.step].status in _DONE:
            return self.steps[source.step].outputs[str(source.output)]
        return self._found[source.reference]

    def _find_inputs(self) -> None:
        """Fix the version of every input that no step of this run makes."""
        selected = {job.name for job in self.jobs}
        missing: dict[str, str] = {}
        makers: set[str] = set()
        for job in self.jobs:
            for source in job.step.inputs.values():
                if source.step in selected or source.reference in {**self._found, **missing}:
                    continue
                version = self.backend.find(source.reference)
                damage = None if version is None else self.backend.find_damage(version)
                if version is not None and damage is None:
                    self._found[source.reference] = str(version)
                    self.taken.append((source, version))
                    continue
                missing[source.reference] = (
                    self._missing(job.step, source)
                    if version is None
                    else f"Step '{job.name}' needs artifact {version}: {damage}."
                )
                makers |= set() if source.step is None else {source.step}
        if missing:
            raise RelayError("\n".join([*missing.values(), *self._advice(makers)]))

    def _advice(self, makers: Set[str]) -> list[str]:
        """How the steps `makers` are run, in as few words as possible."""
        before = set().union(*map(self.plan.upstream, makers))
        last = [f"+{name}" for name in self.plan.names if name in makers - before]
        return [f"Run steps={','.join(last)} first."] if last else []

    def _missing(self, step: Step, source: Source) -> str:
        place = self.backend.url() or "the local store"
        text = f"Step '{step.name}' needs artifact '{source.reference}', which is not in the store"
        text += f" ({place})."
        if source.step is not None:
            return f"{text} Step '{source.step}' makes it."
        hint = hint_on_missing(self.backend, source.reference)
        if hint:
            return text + hint
        return f"{text} Check its name, or run the steps that make it first, such as steps=all."
