"""The page of a sweep: what was tried, what was found, and the commands that make it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from relay.pages.render import render
from relay.sweep.charts import (
    Chart,
    complete_trials,
    draw_history,
    draw_importances,
    draw_parallel,
    draw_slice,
    draw_timeline,
    importances,
    study_of,
    varied_params,
)
from relay.sweep.space import Space
from relay.util.redact import redact

_TEMPLATE = Path(__file__).with_name("page.html")
_SHOWN = 10
"""The number of the best trials that are listed."""
_SECTIONS = 3
"""The number of options, such as models, whose parameters are drawn: the best ones."""
_SLICES = 6
_FEWEST = 3
"""With fewer trials a chart of parameters shows nothing."""


@dataclass(frozen=True)
class Winner:
    """The run with the best settings."""

    command: str
    """It makes the run again."""
    status: str
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Those of the scoring step and the ones after it, by step."""
    page: str = ""
    """The address of the run's own page."""


@dataclass(frozen=True)
class PageFacts:
    """What the study of a sweep does not contain."""

    name: str
    place: str
    """The file as messages name it."""
    method: str
    metric: str
    command: str
    """It starts the sweep, and continues it."""
    seed: int
    budget: str
    """In words: `50 trials, 2 at once`."""
    is_running: bool = False
    commands: Mapping[int, str] = field(default_factory=dict)
    """The command of a run with the settings of a trial, by its number."""
    errors: Mapping[int, str] = field(default_factory=dict)
    """Why a trial failed, by its number."""
    deviations: Mapping[int, float] = field(default_factory=dict)
    """The standard deviation of a trial's score over the folds, by its number."""
    seconds: Mapping[int, float] = field(default_factory=dict)
    """How long a trial was tried, by its number, without interruptions."""
    winner: Winner | None = None


@dataclass(frozen=True)
class Section:
    """The charts of the parameters of one option, or of those of all trials."""

    title: str
    note: str
    charts: Sequence[Chart]
    wide: Sequence[Chart]
    slices: Sequence[Chart]


def sweep_page(
    study: optuna.Study, space: Space, facts: PageFacts, *, is_whole: bool = True
) -> str:
    """Return the page of the sweep over `space` with the trials of `study`, as HTML.

    One that is not whole has the course of the scores only: other charts take seconds.
    """
    trials = study.get_trials(deepcopy=False)
    complete = _best_first(study)
    general = [draw_history(study, facts.metric)] if complete else []
    has_times = all(trial.datetime_start and trial.datetime_complete for trial in complete)
    if complete and has_times and is_whole:
        general.append(draw_timeline(study))
    values = {
        "title": f"Sweep {facts.name}",
        "facts": facts,
        "is_whole": is_whole,
        "command": redact(facts.command),
        "winner_command": redact(facts.winner.command) if facts.winner else "",
        "is_higher_better": study.direction == StudyDirection.MAXIMIZE,
        "counts": {
            state.name: sum(trial.state == state for trial in trials) for state in TrialState
        },
        "count": len(trials),
        "best": [_row(trial, space, facts) for trial in complete[:_SHOWN]],
        "columns": _columns(complete[:_SHOWN], space),
        "charts": general,
        "sections": list(_sections(study, space, facts)) if is_whole else [],
        "failures": _failures(trials, facts),
        "times": _times(trials, facts),
    }
    return render(_TEMPLATE, values)


def _best_first(study: optuna.Study) -> list[FrozenTrial]:
    sign = -1 if study.direction == StudyDirection.MAXIMIZE else 1
    trials = complete_trials(study)
    return sorted(trials, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def _row(trial: FrozenTrial, space: Space, facts: PageFacts) -> dict[str, Any]:
    """Return what the table of the best trials contains about `trial`."""
    names = _names(space)
    return {
        "number": trial.number,
        "value": trial.value,
        "deviation": facts.deviations.get(trial.number),
        "seconds": _seconds(trial, facts),
        "params": {names.get(name, name): value for name, value in trial.params.items()},
        "command": redact(facts.commands.get(trial.number, "")),
    }


def _columns(trials: Sequence[FrozenTrial], space: Space) -> list[str]:
    """Return the names of the parameters that the best trials have."""
    names = _names(space)
    found = dict.fromkeys(names.get(name, name) for trial in trials for name in trial.params)
    return list(found)


def _names(space: Space) -> dict[str, str]:
    """Return a short name for each parameter: the last part of its setting, if that is unique."""
    keys = dict.fromkeys(one.key for one in space.dimensions)
    ends = [key.rpartition(".")[2] for key in keys]
    short = {key: end if ends.count(end) == 1 else key for key, end in zip(keys, ends, strict=True)}
    return {one.name: short[one.key] for one in space.dimensions}


def _sections(study: optuna.Study, space: Space, facts: PageFacts) -> Iterator[Section]:
    """Yield the charts of the parameters: of all trials, then of each of the best options."""
    names = _names(space)
    common = {one.name: names[one.name] for one in space.dimensions if one.option is None}
    complete = _best_first(study)
    options = dict.fromkeys((one.group, one.option) for one in space.others if one.option)
    if any(name in common for name in varied_params(study)):
        title = "Parameters of all trials" if options else "Parameters"
        yield _section(title, "", study_of(study, complete_trials(study), common), facts.metric)
    ranked = [
        (trials, group, option)
        for group, option in options
        if len(trials := [one for one in complete if one.params.get(group or "") == option])
        >= _FEWEST
    ]
    ranked.sort(key=lambda entry: complete.index(entry[0][0]))
    for trials, group, option in ranked[:_SECTIONS]:
        own = {
            one.name: names[one.name]
            for one in space.others
            if one.group == group and one.option == option
        }
        in_order = sorted(trials, key=lambda trial: trial.number)
        part = study_of(study, in_order, own)
        if varied_params(part):
            yield _section(f"{group}={option}", _count(len(trials)), part, facts.metric)


def _section(title: str, note: str, study: optuna.Study, metric: str) -> Section:
    names = varied_params(study)
    shares = importances(study)
    charts = [draw_importances(study, shares, metric)] if shares else []
    wide = [draw_parallel(study, metric)] if len(names) > 2 else []
    slices = [draw_slice(study, name, metric) for name in list(shares or names)[:_SLICES]]
    return Section(title, note, charts, wide, slices)


def _failures(trials: Sequence[FrozenTrial], facts: PageFacts) -> list[dict[str, Any]]:
    """Return each different error with the trials that it ended, the most frequent first."""
    numbers: dict[str, list[int]] = {}
    for trial in trials:
        if trial.state == TrialState.FAIL:
            message = redact(facts.errors.get(trial.number, "")) or "no message"
            numbers.setdefault(message, []).append(trial.number)
    ranked = sorted(numbers.items(), key=lambda item: -len(item[1]))
    return [{"message": message, "numbers": found} for message, found in ranked]


def _seconds(trial: FrozenTrial, facts: PageFacts) -> float | None:
    """Return how long a trial took; None if it has not ended."""
    duration = trial.duration.total_seconds() if trial.duration else None
    return facts.seconds.get(trial.number, duration)


def _times(trials: Sequence[FrozenTrial], facts: PageFacts) -> dict[str, Any]:
    """Return when the first trial began and the last one ended, and the time of all trials."""
    starts = [trial.datetime_start for trial in trials if trial.datetime_start]
    ends = [trial.datetime_complete for trial in trials if trial.datetime_complete]
    if not starts or not ends:
        return {}
    seconds = sum(_seconds(trial, facts) or 0.0 for trial in trials)
    return {"began": _moment(min(starts)), "ended": _moment(max(ends)), "seconds": round(seconds)}


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M")


def _count(number: int) -> str:
    return f"{number} trial{'' if number == 1 else 's'}"
