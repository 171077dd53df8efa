"""What libraries warn of reaches people in plain words, or not at all."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning

from relay.step import library_warnings
from tests.made_training import cross_validation, data, spec


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")


def test_a_fit_that_did_not_converge_is_one_warning_with_the_setting(caplog: Any) -> None:
    model = {"_target_": "sklearn.linear_model.SGDRegressor", "params": {"max_iter": 1}}
    with library_warnings.translated():
        cross_validation.train(data(), spec(model), folds=3, seed=0)
    (line,) = lines(caplog, logging.WARNING)
    assert line.startswith("The model's fit stopped before it converged")
    assert "model.params.max_iter" in line
    assert line.endswith("(4 times)")
    assert "ConvergenceWarning" not in caplog.text


def test_another_wording_of_it_is_the_same_warning(caplog: Any) -> None:
    with library_warnings.translated():
        warnings.warn("lbfgs failed to converge", ConvergenceWarning, stacklevel=1)
        warnings.warn("Objective did not converge.", ConvergenceWarning, stacklevel=1)
    (line,) = lines(caplog, logging.WARNING)
    assert line.endswith("(2 times)")


@pytest.mark.parametrize(
    ("category", "text"),
    [
        (UndefinedMetricWarning, "No positive samples in y_true"),
        (UserWarning, "X does not have valid feature names, but LGBMClassifier was fitted with"),
        (FutureWarning, "The default will change"),
        (DeprecationWarning, "Do not use this"),
    ],
)
def test_what_is_not_for_users_is_not_in_the_log(
    category: type[Warning], text: str, caplog: Any
) -> None:
    with library_warnings.translated():
        warnings.warn(text, category, stacklevel=1)
    assert caplog.messages == []


def test_numbers_that_overflow_are_reported_with_where_to_look(caplog: Any) -> None:
    with library_warnings.translated():
        np.array([1e300]) * np.array([1e300])
    (line,) = lines(caplog, logging.WARNING)
    assert line.startswith("Some numbers are too large to compute with")


def test_what_is_unknown_is_a_line_of_the_log_and_no_warning(caplog: Any) -> None:
    with library_warnings.translated():
        for _ in range(3):
            warnings.warn("A thing\nof two lines", UserWarning, stacklevel=1)
    assert caplog.messages == ["A library's remark: UserWarning: A thing (3 times)"]
    assert lines(caplog, logging.WARNING) == []


def test_it_is_reported_where_the_work_failed_as_well(caplog: Any) -> None:
    with pytest.raises(KeyError), library_warnings.translated():
        warnings.warn("Objective did not converge.", ConvergenceWarning, stacklevel=1)
        raise KeyError
    assert len(lines(caplog, logging.WARNING)) == 1


def test_lightgbm_prints_nothing_by_default(capfd: Any) -> None:
    model = {"_target_": "lightgbm.LGBMRegressor", "params": {"n_estimators": 5}}
    cross_validation.train(data(rows=30), spec(model), folds=0, seed=0)
    assert "LightGBM" not in "".join(capfd.readouterr())
