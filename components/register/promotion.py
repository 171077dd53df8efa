"""Whether a candidate takes the champion's place."""

from __future__ import annotations

from dataclasses import dataclass

from relay.metrics import is_better


@dataclass(frozen=True)
class Champion:
    """The present champion, as it did on the candidate's test set.

    `score` is None where it could not be scored; `problem` then says why.
    """

    artifact: str
    score: float | None
    problem: str = ""
    is_candidate: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether to promote the candidate, and the reason as a sentence."""

    promote: bool
    why: str


def decide(
    metric: str, candidate: float, champion: Champion | None, *, force: bool = False
) -> Decision:
    """Promote a candidate that is strictly better by `metric`, or that has no champion to beat.

    A champion that could not be scored keeps its place. `force` promotes in any case.
    """
    if champion is None:
        return Decision(True, "there was no champion")
    if champion.is_candidate:
        return Decision(False, "it is the champion already")
    compared = _compared(metric, candidate, champion)
    if force:
        return Decision(True, f"by force (register.force=true); {compared}")
    if champion.score is None:
        return Decision(
            False, f"{compared}. To promote it all the same: register.force=true steps=register"
        )
    return Decision(is_better(metric, candidate, champion.score), compared)


def _compared(metric: str, candidate: float, champion: Champion) -> str:
    if champion.score is None:
        return f"the champion {champion.artifact} cannot be compared with: {champion.problem}"
    if is_better(metric, candidate, champion.score):
        relation = "beats"
    elif candidate == champion.score:
        relation = "equals"
    else:
        relation = "does not beat"
    return f"{metric} {candidate:.6g} {relation} {champion.score:.6g} of {champion.artifact}"
