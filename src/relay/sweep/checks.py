"""The checks of a sweep before its first trial: the ends of each range, and what they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.sweep.distributions import Constant
from relay.sweep.format import SweepFile
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.search import Settings, all_options
from relay.sweep.space import Dimension, Space
from relay.util.errors import ConfigError


def check_space(sweep: SweepFile, space: Space, scoring_step: ScoringStep) -> list[Settings]:
    """Check that each parameter is a setting of the scoring step, and takes the sweep's values.

    Returns the values that the parameters have without the sweep, for each choice of options.
    Raises ConfigError with a line for each mistake.
    """
    checks = _Checks(sweep, space, scoring_step)
    problems: dict[str, None] = {}
    defaults = []
    first: list[_Plans] = []
    for options in all_options(space):
        found = list(checks.problems(options, first))
        problems |= dict.fromkeys(found)
        if not found:
            keys = [one.key for one in space.active(options)]
            defaults.append({**options, **scoring_step.values(options, keys)})
    if problems:
        raise ConfigError("\n".join(problems))
    return defaults


@dataclass(frozen=True)
class _Plans:
    """The parameters of the scoring step and the steps upstream of it, and its environment."""

    scoring: Mapping[str, Any]
    upstream: Sequence[Mapping[str, Any]]
    environment: str | None


@dataclass(frozen=True)
class _Checks:
    """The checks of the parameters of one sweep."""

    sweep: SweepFile
    space: Space
    scoring_step: ScoringStep

    def problems(self, options: Settings, first: list[_Plans]) -> Iterator[str]:
        """Yield a line for each mistake in the parameters of trials with these `options`.

        `first` gets the plans with the first options; with others, the upstream steps and the
        environment must be the same.
        """
        active = self.space.active(options)
        base = dict(options)
        base |= {
            one.key: one.distribution.value
            for one in active
            if isinstance(one.distribution, Constant)
        }
        try:
            self.scoring_step.require_keys(options, [one.key for one in active])
            plans = self._plan(base)
        except ConfigError as error:
            yield from map(self._located, str(error).splitlines())
            return
        first.append(plans)
        if plans.upstream != first[0].upstream:
            yield self._changes_rows(self.space.groups[-1])
            return
        if plans.environment != first[0].environment:
            yield self._changes_environment(self.space.groups[-1], [first[0], plans])
            return
        for dimension in active:
            if not isinstance(dimension.distribution, Constant):
                yield from self._problems_of(dimension, base)

    def _problems_of(self, dimension: Dimension, base: Settings) -> Iterator[str]:
        """Yield what is wrong with a parameter, whose other settings are `base`."""
        made: list[_Plans] = []
        for value in dimension.distribution.to_check():
            try:
                made.append(self._plan({**base, dimension.key: value}))
            except ConfigError as error:
                for line in str(error).splitlines():
                    yield self.sweep.at(dimension.place, line)
                return
        step = self.scoring_step.spec.step
        if _differ([plans.upstream for plans in made]):
            yield self._changes_rows(dimension)
        elif _differ([plans.environment for plans in made]):
            yield self._changes_environment(dimension, made)
        elif len(made) > 1 and not _differ([plans.scoring for plans in made]):
            yield self.sweep.at(
                dimension.place,
                f"{dimension.key} has no effect on {step}, which scores the trials. Remove it.",
            )

    def _changes_rows(self, dimension: Dimension) -> str:
        step = self.scoring_step.spec.step
        return self.sweep.at(
            dimension.place,
            f"{dimension.key} changes steps before {step}, so that trials would be scored on "
            f"different rows. Search settings of {step} only.",
        )

    def _changes_environment(self, dimension: Dimension, made: Sequence[_Plans]) -> str:
        names = dict.fromkeys(plans.environment or "the component's own" for plans in made)
        return self.sweep.at(
            dimension.place,
            f"{dimension.key} changes the environment of {self.scoring_step.spec.step} "
            f"({', '.join(names)}), and all trials run in one. Make a sweep for each.",
        )

    def _plan(self, settings: Settings) -> _Plans:
        """Return what the scoring step and the steps upstream of it are with `settings`.

        Raises ConfigError if a parameter is wrong.
        """
        config = self.scoring_step.config(settings)
        planned = self.scoring_step.plan_step(config)
        planned.component.check(planned.valid)
        upstream = [one.plain_params for one in self.scoring_step.plan_upstream(config)]
        return _Plans(planned.plain_params, upstream, planned.component.environment)

    def _located(self, line: str) -> str:
        """Return `line` after the place of the parameter whose setting it begins with."""
        key = line.partition(":")[0]
        dimensions = self.space.dimensions
        places = [one.place for one in dimensions if f"{key}.".startswith(f"{one.key}.")]
        return self.sweep.at(places[-1] if places else "parameters", line)


def _differ(values: Sequence[Any]) -> bool:
    return any(value != values[0] for value in values[1:])
