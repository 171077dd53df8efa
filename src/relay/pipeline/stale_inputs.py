"""Warnings about inputs from the store that were made with other settings."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from relay.config.composed import Config
from relay.pipeline.cache import StepCache
from relay.pipeline.plan import Plan, Source
from relay.pipeline.planned_step import PlannedStep, make_planned_step
from relay.runtime.component import load_component
from relay.tracking import ArtifactVersion
from relay.tracking.lineage import recorded_inputs
from relay.util.errors import ConfigError

_SHOWN = 3
_LONGEST = 60  # characters of a value
_NAME = "name"
_NOTHING = object()

Difference = tuple[str, Any, Any]
"""A setting, its value when the version was made, and its present one."""


@dataclass
class StaleInputs:
    """Compares versions with the present settings of the steps that make them."""

    components: Path
    config: Config
    plan: Plan
    cache: StepCache
    _planned_steps: dict[str, PlannedStep | None] = field(default_factory=dict)

    def warnings(self, taken: Sequence[tuple[Source, ArtifactVersion]]) -> list[str]:
        """Return a line for each step whose output was made with other settings.

        The outputs are those in `taken` and those that they were made from. Versions without
        recorded settings, and steps whose present settings are incomplete, are left out.
        """
        stale: dict[tuple[str, str], tuple[list[str], str, list[Difference]]] = {}
        for source, version in taken:
            for step, upstream, below in self._chain(source, version):
                differences = self._differences(step, upstream)
                if differences:
                    key = (step, repr(differences))
                    names = stale.setdefault(key, ([], below, differences))[0]
                    if str(upstream) not in names:
                        names.append(str(upstream))
        order = {name: place for place, name in enumerate(self.plan.names)}
        lines = sorted(stale.items(), key=lambda item: order[item[0][0]])
        return [_line(step, *about) for (step, _), about in lines]

    def _chain(
        self, source: Source, version: ArtifactVersion, below: str = ""
    ) -> Iterator[tuple[str, ArtifactVersion, str]]:
        """Yield `version` and its ancestors, each with its step and the version made from it."""
        if source.step is None:
            return
        yield source.step, version, below
        records = recorded_inputs(version)
        for key, upper in self.plan[source.step].inputs.items():
            record = records.get(key)
            stored = None if record is None else self.cache.version(record.artifact)
            if record is not None and stored is not None and stored.digest == record.digest:
                yield from self._chain(upper, stored, str(version))

    def _differences(self, step: str, version: ArtifactVersion) -> list[Difference]:
        planned, recorded = self._planned_step(step), version.metadata.get("params")
        if planned is None or not isinstance(recorded, Mapping):
            return []
        if version.metadata.get("component") != planned.component.name:
            return []
        differences = [
            difference
            for param, value in planned.content_params.items()
            if param in recorded  # else it was made before there was such a parameter
            for difference in _compare(self.config.key_of(step, param), recorded[param], value)
        ]
        return [] if differences and self._makes(planned, version) else differences

    def _makes(self, planned: PlannedStep, version: ArtifactVersion) -> bool:
        """Return whether `version` is an output of the present settings, too."""
        inputs = {key: record.artifact for key, record in recorded_inputs(version).items()}
        inputs = {key: inputs[key] for key in planned.step.inputs if key in inputs}
        fingerprint = self.cache.compute_fingerprint(planned, inputs)
        return fingerprint is not None and fingerprint.alias in version.aliases

    def _planned_step(self, step: str) -> PlannedStep | None:
        if step not in self._planned_steps:
            self._planned_steps[step] = None
            component = load_component(self.components, self.plan[step].component)
            # The settings of a step that does not run may be incomplete.
            with contextlib.suppress(ConfigError, ValidationError):
                self._planned_steps[step] = make_planned_step(
                    self.config, self.plan[step], component
                )
        return self._planned_steps[step]


def _compare(key: str, then: Any, now: Any) -> Iterator[Difference]:
    """Yield the differences between two values, of mappings key by key."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        if then.get(_NAME) != now.get(_NAME):  # another choice: its keys do not compare
            yield key, then.get(_NAME), now.get(_NAME)
            return
        for name in dict.fromkeys([*then, *now]):
            yield from _compare(f"{key}.{name}", then.get(name, _NOTHING), now.get(name, _NOTHING))
    elif then != now:
        yield key, then, now


def _line(step: str, names: Sequence[str], below: str, differences: Sequence[Difference]) -> str:
    shown = differences[:_SHOWN]
    then = ", ".join(f"{key}={_text(value)}" for key, value, _ in shown)
    now = ", ".join(_text(value) for _, _, value in shown)
    more = f" (and {len(differences) - _SHOWN} more)" if len(differences) > _SHOWN else ""
    where = f" ({below} was made of it)" if below else ""
    were, them = ("were", "them") if len(names) > 1 else ("was", "it")
    return (
        f"{' and '.join(names)}{where} {were} made with {then}{more}, the present settings have "
        f"{now}. To remake {them}: steps={step}+"
    )


def _text(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
