"""The state of a pipeline run: which steps are done, which are ready, and their exact inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from relay.pipeline.cache import StepCache
from relay.pipeline.plan import Plan, Source, Step
from relay.pipeline.planned_step import PlannedStep
from relay.pipeline.preflight import Preflight
from relay.pipeline.run_summary import StepSummary
from relay.runtime.component import ENVIRONMENTS
from relay.runtime.package_locks import includes
from relay.step.context import ENVIRONMENT_KEY, METRICS_KEY, WARNINGS_KEY
from relay.step.fingerprint import Fingerprint
from relay.tracking import ArtifactVersion, Backend
from relay.tracking.not_found import hint_on_missing
from relay.util.errors import RelayError

_DONE = ("ran", "cached")
_NOT_DONE = ("failed", "killed")


@dataclass
class RunState:
    """The selected steps of a plan in one run."""

    plan: Plan
    planned_steps: Sequence[PlannedStep]
    backend: Backend
    cache: StepCache
    preflight: Preflight
    steps: dict[str, StepSummary] = field(default_factory=dict)
    """The summary of each step of the plan, with its status."""
    fingerprints: dict[str, Fingerprint] = field(default_factory=dict)
    """The fingerprint of each settled step."""
    taken: list[tuple[Source, ArtifactVersion]] = field(default_factory=list)
    """The inputs from the store, which no step of this run makes."""
    _cached: dict[str, Mapping[str, ArtifactVersion]] = field(default_factory=dict)
    """Outputs of cached steps that are not `latest` yet."""
    _exact_references: dict[str, str] = field(default_factory=dict)
    """Exact references of inputs from the store, by the reference in the plan."""

    def __post_init__(self) -> None:
        selected = {planned.name for planned in self.planned_steps}
        for name in self.plan.names:
            self.steps[name] = StepSummary(
                name, "not_started" if name in selected else "not_selected"
            )

    def settle(self) -> None:
        """Determine the exact inputs, and look up which steps are cached.

        Steps downstream of one that must run can be settled only when it is done.

        Raises RelayError if an input does not exist, ConfigError if one does not fit the settings.
        """
        self._find_store_inputs()
        for planned in self.planned_steps:
            if self.has_inputs(planned):
                self.settle_step(planned)

    def settle_step(self, planned: PlannedStep) -> None:
        """Look up the outputs of a step, whose inputs exist, in the cache, or record why it runs.

        Raises ConfigError if an input does not fit the settings.
        """
        done = self.steps[planned.name]
        done.inputs = {key: self._exact(source) for key, source in planned.step.inputs.items()}
        versions = {key: self.cache.version(name) for key, name in done.inputs.items()}
        self.preflight.check_inputs(
            planned, {key: version for key, version in versions.items() if version}
        )
        fingerprint = self.cache.compute_fingerprint(planned, done.inputs)
        if fingerprint is not None:
            self.fingerprints[planned.name] = fingerprint
        outputs = self.cache.find(planned, fingerprint)
        if outputs is None:
            done.why = self.cache.why(planned, fingerprint)
            return
        done.status = "cached"
        done.outputs = {key: str(version) for key, version in outputs.items()}
        metrics = (version.metadata.get(METRICS_KEY) for version in outputs.values())
        done.metrics = dict(next(filter(None, metrics), {}))
        # A warning about cached outputs holds as it did when they were made.
        warnings = (version.metadata.get(WARNINGS_KEY) for version in outputs.values())
        done.warnings = list(next(filter(None, warnings), []))
        self._cached[planned.name] = outputs

    def move_latest(self) -> None:
        """Make the outputs of cached steps the latest versions of their artifacts."""
        for outputs in self._cached.values():
            self.cache.move_latest(outputs)
        self._cached.clear()

    @property
    def waiting(self) -> list[PlannedStep]:
        """Return the steps that are not done and can still run, in the plan's order."""
        return [
            planned
            for planned in self.planned_steps
            if self.steps[planned.name].status == "not_started"
        ]

    @property
    def has_failed(self) -> bool:
        """Return whether a step failed or was killed."""
        return any(step.status in _NOT_DONE for step in self.steps.values())

    def has_inputs(self, planned: PlannedStep) -> bool:
        """Return whether each selected step that `planned` waits for is done."""
        return all(
            self.steps[step].status in (*_DONE, "not_selected") for step in planned.step.needs
        )

    def is_cut_off(self, planned: PlannedStep) -> bool:
        """Return whether a step upstream of `planned` failed or was killed."""
        return any(
            self.steps[step].status in _NOT_DONE for step in self.plan.upstream(planned.name)
        )

    def _exact(self, source: Source) -> str:
        if source.step is not None and self.steps[source.step].status in _DONE:
            return self.steps[source.step].outputs[str(source.output)]
        return self._exact_references[source.reference]

    def _find_store_inputs(self) -> None:
        """Find the exact version of every input from the store."""
        selected = {planned.name for planned in self.planned_steps}
        missing: dict[str, str] = {}
        makers: set[str] = set()
        for planned in self.planned_steps:
            for source in planned.step.inputs.values():
                if source.step in selected or source.reference in {
                    **self._exact_references,
                    **missing,
                }:
                    continue
                version = self.backend.find(source.reference)
                damage = None if version is None else self.backend.find_damage(version)
                if version is not None and damage is None:
                    self._exact_references[source.reference] = str(version)
                    self.taken.append((source, version))
                    continue
                missing[source.reference] = (
                    self._missing(planned.step, source)
                    if version is None
                    else f"{planned.name}: its input {version} cannot be used: {damage}."
                )
                makers |= set() if source.step is None else {source.step}
        if missing:
            raise RelayError("\n".join([*missing.values(), *self._advice(makers)]))
        self.planned_steps = [self._in_environment(planned) for planned in self.planned_steps]

    def _in_environment(self, planned: PlannedStep) -> PlannedStep:
        """Return a step in the environment that the artifacts which it uses need.

        A stored model names the environment that can load it, so that `predict` needs no setting
        for that. Inputs count most, then the pipeline's setting, then what the step looks up; an
        environment that includes the one so chosen takes its place.

        Raises ConfigError if the environment does not exist.
        """
        inputs = [
            self.cache.version(self._exact_references[source.reference])
            for source in planned.step.inputs.values()
            if source.reference in self._exact_references
        ]
        looked_up = map(self.backend.find, planned.step.state)
        names = [*_environments_of(inputs), planned.step.environment, *_environments_of(looked_up)]
        chosen: str | None = None
        for name in filter(None, names):
            if chosen is None or includes(self.cache.root / ENVIRONMENTS / name, chosen):
                chosen = name
        return planned if chosen is None else planned.within(chosen)

    def _advice(self, makers: Set[str]) -> list[str]:
        """Return the shortest setting that runs the steps `makers`, as advice."""
        before = set().union(*map(self.plan.upstream, makers))
        last = [f"+{name}" for name in self.plan.names if name in makers - before]
        return [f"Run steps={','.join(last)} first."] if last else []

    def _missing(self, step: Step, source: Source) -> str:
        place = self.backend.url() or "the local store"
        text = f"{step.name}: its input '{source.reference}' is not in {place}."
        if source.step is not None:
            return f"{text} Step '{source.step}' makes it."
        hint = hint_on_missing(self.backend, source.reference)
        if hint:
            return text + hint
        return f"{text} Check its name, or run the steps that make it first, such as steps=all."


def _environments_of(versions: Iterable[ArtifactVersion | None]) -> list[str]:
    """Return the environments that `versions` need."""
    names = (version.metadata.get(ENVIRONMENT_KEY) for version in versions if version is not None)
    return [str(name) for name in names if name]
