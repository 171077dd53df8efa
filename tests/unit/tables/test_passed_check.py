"""The gate before training: the reports of the data check that a training set needs."""

from __future__ import annotations

from typing import Any

import pytest

from relay.tables.passed_check import require_passed
from relay.tracking import ArtifactVersion
from relay.util.errors import GateFailed, RelayError

V2 = {"inputs": {"input": {"artifact": "flats_clean:v2", "digest": "22"}}}
V3 = {"inputs": {"input": {"artifact": "flats_clean:v3", "digest": "33"}}}
PASSED = {"passed": True, "violations": 0, "target": "price"}
FAILED = {"passed": False, "violations": 2, "target": "price"}


def train_set(metadata: dict[str, Any]) -> ArtifactVersion:
    return ArtifactVersion("flats_train", "v7", "split_data", "a", metadata=metadata)


def report(metadata: dict[str, Any]) -> ArtifactVersion:
    return ArtifactVersion("flats_report", "v5", "data_report", "b", metadata=metadata)


def refusal(train: dict[str, Any], checked: dict[str, Any], target: str = "price") -> RelayError:
    with pytest.raises(RelayError) as caught:
        require_passed(report(checked), train_set(train), target)
    return caught.value


def test_a_training_set_of_a_table_that_passed_goes_through() -> None:
    require_passed(report({**V3, **PASSED}), train_set(V3), "price")


def test_the_table_is_known_by_its_digest_not_by_its_name() -> None:
    renamed = {"inputs": {"input": {"artifact": "copy:v0", "digest": "33"}}}
    require_passed(report({**V3, **PASSED}), train_set(renamed), "price")
    refilled = {"inputs": {"input": {"artifact": "flats_clean:v3", "digest": "other"}}}
    assert "split from flats_clean:v3" in str(refusal(refilled, {**V3, **PASSED}))


def test_the_target_may_be_written_as_in_the_file() -> None:
    require_passed(report({**V3, **PASSED, "target": "Sale Price"}), train_set(V3), "sale_price")


def test_a_failed_check_is_a_failed_gate() -> None:
    error = refusal(V3, {**V3, **FAILED})
    assert isinstance(error, GateFailed)
    assert str(error) == (
        "The data check of flats_clean:v3 failed (violations: 2, see flats_report:v5). "
        "Correct the data and run steps=all, or the rules (data.check) and run steps=check+"
    )


def test_a_report_without_the_result_of_the_check_fails_the_gate() -> None:
    assert isinstance(refusal(V3, {**V3, "target": "price"}), GateFailed)


@pytest.mark.parametrize("outcome", [PASSED, FAILED])
def test_a_report_on_another_version_is_an_error_whatever_its_result(
    outcome: dict[str, Any],
) -> None:
    error = refusal(V3, {**V2, **outcome})
    assert str(error) == (
        "flats_report:v5: it is about flats_clean:v2, but flats_train:v7 was split from "
        "flats_clean:v3. Run steps=check,split+"
    )


def test_a_report_on_another_target_is_refused() -> None:
    error = refusal(V3, {**V3, **PASSED}, target="rooms")
    assert "with target 'price', not 'rooms'. Run steps=check,split+" in str(error)


def test_a_training_set_without_a_recorded_source_is_an_error() -> None:
    error = str(refusal({}, {**V3, **PASSED}))
    assert "flats_train:v7: it is not recorded from which table it was split" in error
    assert "steps=split+" in error
    assert "pipeline.steps.train.inputs.report=null" in error


def test_a_report_without_a_recorded_input_is_an_error() -> None:
    error = str(refusal(V3, PASSED))
    assert error == (
        "flats_report:v5: it is not recorded which table it is about. Make it again: steps=check+"
    )
