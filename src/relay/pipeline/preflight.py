"""The checks before a run: hooks of the components, called for the steps that were selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from relay.pipeline.planned_step import PlannedStep
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError, RelayError


@dataclass
class Preflight:
    """Checks the `steps` of a run against facts: what their settings, inputs and source show.

    Facts are gathered from the steps' hooks, and each step's settings are checked against all.
    """

    steps: Sequence[PlannedStep]
    facts: dict[str, Any] = field(default_factory=dict)

    def check_settings(self) -> None:
        """Check what the settings alone show. Raises ConfigError."""
        problems = _Problems()
        for step in self.steps:
            with problems.collected():
                self.facts |= step.component.read_inputs(step.name, step.valid, {})
        problems.raise_all()
        self._check_facts()

    def check_inputs(self, step: PlannedStep, inputs: Mapping[str, ArtifactVersion]) -> None:
        """Check what the metadata of `inputs`, those of `step` by key, show.

        Raises ConfigError if they do not suit its settings, or those of another step.
        """
        before = dict(self.facts)
        self.facts |= step.component.read_inputs(step.name, step.valid, inputs)
        if self.facts != before:
            self._check_facts()

    def look_ahead(self, waiting: Sequence[PlannedStep]) -> None:
        """Check what takes a second to check, if steps are `waiting` to run. Raises ConfigError.

        What the source shows concerns them also if the step that reads it need not run.
        """
        if not waiting:
            return
        problems = _Problems()
        for step in self.steps:
            with problems.collected():
                self.facts |= step.component.look_ahead(step.valid, self.facts)
        problems.raise_all()
        self._check_facts()
        for step in waiting:
            with problems.collected():
                step.component.check(step.valid)
        problems.raise_all()

    def _check_facts(self) -> None:
        problems = _Problems()
        for step in self.steps:
            with problems.collected():
                step.component.check_facts(step.valid, self.facts)
        problems.raise_all()


class _Problems:
    """Error messages, one line for each problem.

    A setting can be read by several steps, or follow another, as train.time_column does.
    """

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Collect the RelayError of the block."""
        try:
            yield
        except RelayError as error:
            for line in str(error).splitlines():
                self._lines.setdefault(line.partition(": ")[2] or line, line)

    def raise_all(self) -> None:
        """Raise ConfigError with all that was collected."""
        if self._lines:
            raise ConfigError("\n".join(self._lines.values()))
