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
    """Checks the `steps` of a run against facts about their settings, inputs and source.

    The steps' hooks collect the facts, and each step's settings are checked against all of them.
    """

    steps: Sequence[PlannedStep]
    facts: dict[str, Any] = field(default_factory=dict)

    def check_settings(self) -> None:
        """Check the settings alone.

        Raises ConfigError if they do not suit each other.
        """
        problems = _Problems()
        for step in self.steps:
            with problems.collected():
                self.facts |= step.component.check_input_metadata(step.name, step.valid, {})
        problems.raise_all()
        self._check_facts()

    def check_inputs(self, step: PlannedStep, inputs: Mapping[str, ArtifactVersion]) -> None:
        """Check the settings against the metadata of the `inputs` of `step`, by key.

        Raises ConfigError if the metadata do not suit the settings of a step.
        """
        before = dict(self.facts)
        self.facts |= step.component.check_input_metadata(step.name, step.valid, inputs)
        if self.facts != before:
            self._check_facts()

    def inspect_sources(self, waiting: Sequence[PlannedStep]) -> None:
        """Do the checks that take a second, if steps are `waiting` to run.

        The source is looked at even if the step that reads it does not run. Raises ConfigError if
        a check fails.
        """
        if not waiting:
            return
        problems = _Problems()
        for step in self.steps:
            with problems.collected():
                self.facts |= step.component.inspect_source(step.valid, self.facts)
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
        """Collect the RelayError of the block, if it raises one."""
        try:
            yield
        except RelayError as error:
            for line in str(error).splitlines():
                self._lines.setdefault(line.partition(": ")[2] or line, line)

    def raise_all(self) -> None:
        """Raise ConfigError with the collected lines, if there are any."""
        if self._lines:
            raise ConfigError("\n".join(self._lines.values()))
