"""The gate before training: the data check's report on the table behind the train set."""

from __future__ import annotations

from relay import ArtifactVersion, GateFailed, RelayError, recorded_input
from relay.util.names import column_name


def require_passed(report: ArtifactVersion, train: ArtifactVersion, target: str) -> None:
    """Return where `report` says that the table which `train` was split from passed its check.

    Both artifacts' metadata say what they were made from; digests are compared. RelayError where
    the report is about another table or target, or one of the two does not say; GateFailed where
    the check did not pass.
    """
    source, checked = recorded_input(train, "input"), recorded_input(report, "input")
    if source is None:
        raise RelayError(
            f"{train} does not say which table it was split from, so nobody can tell whether "
            "that table passed its check: make it with the step split (steps=split+), or train "
            "on it without a check (pipeline.steps.train.inputs.report=null)."
        )
    if checked is None:
        raise RelayError(
            f"{report} does not say which table it is about: make it anew with steps=check+."
        )
    if checked.digest != source.digest:
        raise RelayError(
            f"{report} is about {checked.artifact}, but {train} was split from "
            f"{source.artifact}: run steps=check,split+ first."
        )
    its_target = report.metadata.get("target", target)
    if column_name(its_target) != column_name(target):
        raise RelayError(
            f"{report} is about {checked.artifact} with target '{its_target}', not '{target}': "
            "run steps=check,split+ first."
        )
    if report.metadata.get("passed") is not True:
        count = report.metadata.get("violations", "unknown")
        raise GateFailed(
            f"The data check of {checked.artifact} failed (violations: {count}, see {report}): "
            "mend the data and run steps=all, or the rules (data.check) and run steps=check+."
        )
