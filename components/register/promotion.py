"""Whether a candidate takes the champion's place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from relay.models.bootstrap import gain

_ADVICE = ". To promote it all the same: the same command with register.force=true"


@dataclass(frozen=True)
class Champion:
    """The present champion, as it did on the candidate's test set.

    `interval` is that of the candidate's gain over it, None where it is not known. `rows` is how
    many of the test rows that is of, None where it is all of them. `score` is None where the
    champion could not be scored; `problem` then says why.
    """

    artifact: str
    score: float | None
    problem: str = ""
    is_candidate: bool = False
    interval: tuple[float, float] | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Baseline:
    """The best of what predicts the same for each row, by what that is, on the same test set.

    `beaten` is whether the evaluation found the candidate better by more than chance.
    """

    name: str
    score: float
    beaten: bool


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
    min_gain: float = 0.0,
    confidence: float = 0.95,
    force: bool = False,
) -> Decision:
    """Promote a candidate that is clearly better than the champion by `metric`.

    Clearly: its gain is above 0 and at least `min_gain`, and the whole of the gain's interval is
    above 0; with a `confidence` of 0 there need be no interval. A champion that could not be
    scored keeps its place. Where there is no champion, it takes a gain over the `baseline`, where
    that is known. `force` promotes in any case.
    """
    advice = ""
    if champion is None:
        promote, why = _first(metric, candidate, baseline)
        advice = "" if promote else _ADVICE
    elif champion.is_candidate:
        return Decision(False, "it is the champion already")
    elif champion.score is None:
        promote, advice = False, _ADVICE
        why = f"the champion {champion.artifact} cannot be compared with: {champion.problem}"
    else:
        promote, why = _compared(metric, candidate, champion, champion.score, min_gain, confidence)
    if promote and baseline is not None and not baseline.beaten:
        why += ", but it is not clearly better than the baseline"
    if force:
        return Decision(True, f"by force (register.force=true); {why}")
    return Decision(promote, why + advice)


def hold_back(decision: Decision) -> Decision:
    """`decision` where nothing is to be promoted, whatever the comparison says or is forced."""
    if not decision.promote:
        return decision
    return Decision(
        False,
        f"register.promote=false, as in each trial of a sweep; it would have been promoted: "
        f"{decision.why}",
    )


def _first(metric: str, candidate: float, baseline: Baseline | None) -> tuple[bool, str]:
    if baseline is None or _gained(metric, candidate, baseline.score) > 0:
        return True, "there was no champion"
    return False, (
        f"there is no champion, but {metric} {candidate:.6g} is no better than the baseline's "
        f"{baseline.score:.6g} ({baseline.name})"
    )


def _gained(metric: str, candidate: float, score: float) -> float:
    # A model made twice differs in the last digits, by the order in which threads add up.
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
        return False, f"{scores}, but on too few test rows to tell whether that is chance"
    low, high = champion.interval
    bounds = f"by {gained:.3g}, with {confidence:.3g} confidence {low:.3g} to {high:.3g}"
    if low <= 0:
        return False, f"{scores}, but that may be chance: {bounds}"
    return True, f"{scores}: {bounds}"
