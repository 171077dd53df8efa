"""The gate of a data check: a model is trained only on a table whose check has passed."""

from __future__ import annotations

from relay import ArtifactVersion, GateFailed, RelayError, recorded_input
from relay.util.names import column_name


def require_passed(report: ArtifactVersion, train: ArtifactVersion, target: str) -> None:
    """Check that the table from which `train` was split has passed its check, by `report`.

    The metadata of both artifacts name their inputs; digests are compared. Raises RelayError if
    the report is about another table or target, or if an input is not recorded; GateFailed if the
    check did not pass.
    """
    source, checked = recorded_input(train, "input"), recorded_input(report, "input")
    if source is None:
        raise RelayError(
            f"{train}: it is not recorded from which table it was split, so its check cannot be "
            "looked up. Make it with the step split (steps=split+), or train without a check "
            "(pipeline.steps.train.inputs.report=null)."
        )
    if checked is None:
        raise RelayError(
            f"{report}: it is not recorded which table it is about. Make it again: steps=check+"
        )
    if checked.digest != source.digest:
        raise RelayError(
            f"{report}: it is about {checked.artifact}, but {train} was split from "
            f"{source.artifact}. Run steps=check,split+"
        )
    report_target = report.metadata.get("target", target)
    if column_name(report_target) != column_name(target):
        raise RelayError(
            f"{report}: it is about {checked.artifact} with target '{report_target}', not "
            f"'{target}'. Run steps=check,split+"
        )
    if report.metadata.get("passed") is not True:
        count = report.metadata.get("violations", "unknown")
        raise GateFailed(
            f"The data check of {checked.artifact} failed (violations: {count}, see {report}). "
            "Correct the data and run steps=all, or the rules (data.check) and run steps=check+"
        )
