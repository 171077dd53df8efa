"""Which values the trials of a sweep try: Optuna proposes them.

The values of trial `n` depend on the seed, on `n`, and on the trials up to `n - lag` with their
results, never on which of the later ones have ended by chance. So a sweep tries the same values
with one process or with several, and goes on with the same after it was interrupted.
"""

from __future__ import annotations

import hashlib
import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from relay.sweep.distributions import Choice, Constant, Distribution, Range
from relay.sweep.format import Method
from relay.sweep.space import Dimension, Space

STARTUP = 10
"""The number of trials, with the defaults first and then random values, before their results guide
the search."""

INCOMPLETE = "incomplete"
"""The attribute of a trial that lacks values of its space, as its settings are the defaults."""

Direction = Literal["maximize", "minimize"]

Settings = dict[str, Any]
"""The value of each setting of a trial."""


@dataclass(frozen=True)
class Proposal:
    """The values of a trial: as settings, and as Optuna keeps them, by name of the parameter."""

    settings: Settings
    params: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, BaseDistribution] = field(default_factory=dict)
    is_complete: bool = True
    """Whether each parameter that is tried has a value; defaults may lack some."""


@dataclass(frozen=True)
class Search:
    """Proposes the trials of a sweep over `space`."""

    space: Space
    method: Method
    direction: Direction
    seed: int
    lag: int
    defaults: Sequence[Settings] = ()
    """The values that the settings have without the sweep, for each choice of options; they are
    tried first."""

    def size(self) -> int | None:
        """Return the number of trials of a grid; None for other methods, which have no end."""
        return len(list(self._grid())) if self.method == "grid" else None

    def propose(self, number: int, trials: Sequence[FrozenTrial]) -> Proposal:
        """Return the values of trial `number`; `trials` are those before it.

        Those up to `number - lag` must have ended.
        """
        if self.method == "grid":
            return next(itertools.islice(self._grid(), number, None))
        if number < len(self.defaults):
            return self._default(self.defaults[number])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(direction=self.direction, sampler=self._sampler(number))
        if self.method == "bayes":
            for trial in trials:
                if shown := _as_known(trial, number - self.lag):
                    study.add_trial(shown)
        return self._ask(study.ask())

    def _sampler(self, number: int) -> BaseSampler:
        text = f"{self.seed}/{number}".encode()
        seed = int.from_bytes(hashlib.sha256(text).digest()[:4], "big")
        if self.method == "bayes" and number >= STARTUP:
            # `group`: each set of parameters that are tried together is modelled together.
            return TPESampler(seed=seed, n_startup_trials=1, multivariate=True, group=True)
        return _WeightedSampler(seed, self.space)

    def _ask(self, trial: optuna.Trial) -> Proposal:
        """Return the values that `trial` suggests."""
        settings = _constants(self.space.groups)
        for dimension in self.space.groups:
            _suggest(trial, dimension, settings)
        active = self.space.active(settings)
        settings |= _constants(active)
        for dimension in active:
            _suggest(trial, dimension, settings)
        return Proposal(settings, trial.params, trial.distributions)

    def _default(self, values: Settings) -> Proposal:
        """Return the default `values` of settings, with the sweep's constants.

        A number outside of its range becomes the nearest in it.
        """
        settings = _constants(self.space.groups)
        settings |= {one.key: values[one.key] for one in self.space.groups if one.key in values}
        active = self.space.active(settings)
        params: dict[str, Any] = {}
        distributions: dict[str, BaseDistribution] = {}
        is_complete = True
        for dimension in (*self.space.groups, *active):
            distribution = dimension.distribution
            if isinstance(distribution, Constant):
                settings[dimension.key] = distribution.value
                continue
            try:
                value = values[dimension.key]
                if isinstance(distribution, Range):
                    value = distribution.nearest(value)
                params[dimension.name] = distribution.encode(value)
                settings[dimension.key] = value
                distributions[dimension.name] = optuna_distribution(distribution)
            except (KeyError, ValueError):  # not among the values: the trial leaves it as it is
                is_complete = False
        return Proposal(settings, params, distributions, is_complete)

    def _grid(self) -> Iterator[Proposal]:
        """Yield every combination of values, each once."""
        for chosen in _combinations(self.space.groups):
            for values in _combinations(self.space.active(chosen.settings)):
                yield Proposal(
                    {**chosen.settings, **values.settings},
                    {**chosen.params, **values.params},
                    {**chosen.distributions, **values.distributions},
                )


def optuna_distribution(distribution: Choice | Range) -> BaseDistribution:
    """Return `distribution` as Optuna's; multiples on a logarithmic scale are rounded later."""
    if isinstance(distribution, Choice):
        return CategoricalDistribution(distribution.labels)
    low, high, is_log = distribution.low, distribution.high, distribution.is_log
    step = None if is_log else distribution.q
    if distribution.is_whole:
        return IntDistribution(int(low), int(high), log=is_log, step=int(step or 1))
    return FloatDistribution(low, high, log=is_log, step=step)


def all_options(space: Space) -> Iterator[Settings]:
    """Yield each choice of options of groups; one without any if no group is searched."""
    for chosen in _combinations(space.groups):
        yield chosen.settings


def _combinations(dimensions: Sequence[Dimension]) -> Iterator[Proposal]:
    """Yield all combinations of the values of `dimensions`, which have an end."""
    values = [dimension.distribution.all_values() or [] for dimension in dimensions]
    for combination in itertools.product(*values):
        chosen = list(zip(dimensions, combination, strict=True))
        kept = {
            one.name: (one.distribution.encode(value), optuna_distribution(one.distribution))
            for one, value in chosen
            if not isinstance(one.distribution, Constant)
        }
        yield Proposal(
            {one.key: value for one, value in chosen},
            {name: label for name, (label, _) in kept.items()},
            {name: distribution for name, (_, distribution) in kept.items()},
        )


def _constants(dimensions: Sequence[Dimension]) -> Settings:
    return {
        one.key: one.distribution.value
        for one in dimensions
        if isinstance(one.distribution, Constant)
    }


def _suggest(trial: optuna.Trial, dimension: Dimension, settings: Settings) -> None:
    """Set the value that `trial` suggests for `dimension`; a constant is left out."""
    distribution: Distribution = dimension.distribution
    if isinstance(distribution, Constant):
        return
    kind = optuna_distribution(distribution)
    if isinstance(kind, CategoricalDistribution):
        label: Any = trial.suggest_categorical(dimension.name, kind.choices)
    elif isinstance(kind, IntDistribution):
        label = trial.suggest_int(dimension.name, kind.low, kind.high, step=kind.step, log=kind.log)
    elif isinstance(kind, FloatDistribution):
        label = trial.suggest_float(
            dimension.name, kind.low, kind.high, step=kind.step, log=kind.log
        )
    settings[dimension.key] = distribution.decode(label)


def _as_known(trial: FrozenTrial, last: int) -> FrozenTrial | None:
    """Return `trial` as the proposal may know it: its result only up to trial `last`.

    None for one that teaches nothing: it failed, or lacks values, as defaults may.
    """
    if trial.user_attrs.get(INCOMPLETE):
        return None
    if trial.number > last:
        return create_trial(
            state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
        )
    return None if trial.state == TrialState.FAIL else trial


class _WeightedSampler(RandomSampler):
    """Random values; those of a choice by its probabilities."""

    def __init__(self, seed: int, space: Space) -> None:
        super().__init__(seed)
        self._weights = {
            one.name: one.distribution.probabilities
            for one in space.dimensions
            if isinstance(one.distribution, Choice)
        }

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a value of the parameter."""
        weights = self._weights.get(param_name)
        if weights is None or not isinstance(param_distribution, CategoricalDistribution):
            return super().sample_independent(study, trial, param_name, param_distribution)
        place = self._rng.rng.choice(len(weights), p=weights)
        return param_distribution.choices[int(place)]
