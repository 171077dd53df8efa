"""The decision whether a candidate becomes the champion."""

from __future__ import annotations

import math
from dataclasses import dataclass

from relay.models.bootstrap import gain

_ADVICE = ". To promote it anyway, add register.force=true to the command"


@dataclass(frozen=True)
class Champion:
    """The present champion and its score on the candidate's test set.

    `interval` is that of the candidate's gain over it, None if unknown. `rows` is the number of
    test rows compared, None for all. `score` is None if the champion could not be scored, for the
    reason `problem`.
    """

    artifact: str
    score: float | None
    problem: str = ""
    is_candidate: bool = False
    interval: tuple[float, float] | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Baseline:
    """The best constant prediction on the same test set; `name` is what it predicts.

    `is_beaten` is whether the candidate is better by more than chance, according to its evaluation.
    """

    name: str
    score: float
    is_beaten: bool


@dataclass(frozen=True)
class Decision:
    """Whether to promote the candidate, and the reason as a sentence."""

    promote: bool
    why: str


def decide(
    metric: str,
    candidate: float,
    champion: Champion | None,
    *,
    baseline: Baseline | None = None,
    min_gain: float,
    confidence: float,
    force: bool = False,
) -> Decision:
    """Decide to promote a candidate that is clearly better than the champion by `metric`.

    Clearly: its gain is above 0 and at least `min_gain`, and the whole confidence interval of the
    gain is above 0; a `confidence` of 0 needs no interval. A champion that could not be scored
    keeps its place. Without a champion, the candidate must be better than the `baseline`, if
    known. `force` promotes in any case.
    """
    advice = ""
    if champion is None:
        promote, why = _first(metric, candidate, baseline)
        advice = "" if promote else _ADVICE
    elif champion.is_candidate:
        return Decision(False, "it is the champion already")
    elif champion.score is None:
        promote, advice = False, _ADVICE
        why = f"it cannot be compared with the champion {champion.artifact}: {champion.problem}"
    else:
        promote, why = _compared(metric, candidate, champion, champion.score, min_gain, confidence)
    if promote and baseline is not None and not baseline.is_beaten:
        why += ", but it is not clearly better than the baseline"
    if force:
        return Decision(True, f"by force (register.force=true); {why}")
    return Decision(promote, why + advice)


def hold_back(decision: Decision) -> Decision:
    """Return `decision` without a promotion, whatever the comparison or register.force decided."""
    if not decision.promote:
        return decision
    return Decision(
        False,
        f"register.promote=false, as in each trial of a sweep; it would have been promoted: "
        f"{decision.why}",
    )


def _first(metric: str, candidate: float, baseline: Baseline | None) -> tuple[bool, str]:
    if baseline is None or _gained(metric, candidate, baseline.score) > 0:
        return True, "it is the first champion"
    return False, (
        f"no champion exists, but {metric} {candidate:.6g} is not better than the baseline's "
        f"{baseline.score:.6g} ({baseline.name})"
    )


def _gained(metric: str, candidate: float, score: float) -> float:
    # The same model made twice can differ in the last digits, by the order of sums in threads.
    equal = math.isclose(candidate, score, rel_tol=1e-9, abs_tol=1e-12)
    return 0.0 if equal else gain(candidate, score, metric)


def _compared(
    metric: str,
    candidate: float,
    champion: Champion,
    score: float,
    min_gain: float,
    confidence: float,
) -> tuple[bool, str]:
    gained = _gained(metric, candidate, score)
    relation = "beats" if gained > 0 else "equals" if gained == 0 else "does not beat"
    scores = f"{metric} {candidate:.6g} {relation} {score:.6g} of {champion.artifact}"
    if champion.rows is not None:
        scores += f" on the {champion.rows} test rows that neither was trained on"
    if gained <= 0:
        return False, scores
    if gained < min_gain:
        return False, f"{scores}, but by less than register.min_gain={min_gain:g}"
    if not confidence:
        return True, scores
    if champion.interval is None:
        return False, f"{scores}, but there are too few test rows to rule out chance"
    low, high = champion.interval
    bounds = f"gain {gained:.3g}, {confidence * 100:g}% confidence interval {low:.3g} to {high:.3g}"
    if low <= 0:
        return False, f"{scores}, but that can be chance: {bounds}"
    return True, f"{scores}: {bounds}"
