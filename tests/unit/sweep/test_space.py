"""The parameters of a sweep are settings with distributions."""

from __future__ import annotations

from typing import Any

import pytest

from relay.sweep.distributions import Choice, Constant, Distribution, Range
from relay.sweep.format import parse_sweep
from relay.sweep.space import Space, read_space
from relay.util.errors import ConfigError

OPTIONS = {"model": ["linear", "random_forest", "xgboost"], "data": ["diabetes"]}
HEAD = "metric: {name: cv_score, goal: maximize}\nmethod: "


def space(parameters: str, method: str = "bayes") -> Space:
    text = f"{HEAD}{method}\nparameters:\n{parameters}"
    return read_space(parse_sweep(text, "name", "config/sweep/name.yaml"), OPTIONS)


def distribution(parameter: str, method: str = "bayes") -> Distribution:
    return space(f"  a: {{{parameter}}}", method).others[0].distribution


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("value: 3", Constant(3)),
        ("value: null", Constant(None)),
        ("distribution: constant, value: 3", Constant(3)),
        ("values: [a, 2, null, true]", Choice(("a", 2, None, True))),
        ("values: [a, b], probabilities: [0.2, 0.8]", Choice(("a", "b"), (0.2, 0.8))),
        ("min: 1, max: 3", Range(1, 3, is_whole=True)),
        ("min: 1.0, max: 3.0", Range(1.0, 3.0)),
        ("min: 0, max: 0.5", Range(0.0, 0.5)),
        ("distribution: uniform, min: 1, max: 3", Range(1.0, 3.0)),
        ("distribution: int_uniform, min: 1, max: 3", Range(1, 3, is_whole=True)),
        ("distribution: q_uniform, min: 0, max: 1, q: 0.3", Range(0.0, 0.9, q=0.3)),
        ("distribution: q_uniform, min: 1, max: 9", Range(1, 9, is_whole=True, q=1)),
        ("distribution: log_uniform_values, min: 0.1, max: 10", Range(0.1, 10.0, is_log=True)),
        (
            "distribution: log_uniform, min: 0, max: 0.5",
            Range(1.0, 1.6487212707001282, is_log=True),
        ),
        (
            "distribution: q_log_uniform_values, min: 1, max: 40",
            Range(1, 40, is_whole=True, is_log=True, q=1),
        ),
        (
            "distribution: q_log_uniform_values, min: 10, max: 100, q: 10",
            Range(10, 100, is_whole=True, is_log=True, q=10),
        ),
    ],
)
def test_each_form_of_a_parameter_is_a_distribution(parameter: str, expected: Distribution) -> None:
    assert distribution(parameter) == expected


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("distribution: uniform", "distribution uniform needs min. Add it."),
        ("min: 1", "distribution uniform needs max. Add it."),
        ("min: 3, max: 1", "min must be less than max (got 3 and 1)."),
        (
            "min: 1, max: 3, q: 2",
            "distribution int_uniform has no q. Remove it, or set another distribution.",
        ),
        (
            "distribution: unifrm, min: 1, max: 2",
            "there is no distribution 'unifrm'. Did you mean 'uniform'?",
        ),
        (
            "distribution: normal, mu: 0, sigma: 1",
            "distribution 'normal' is not supported, as its values",
        ),
        (
            "distribution: int_uniform, min: 1, max: 2.5",
            "int_uniform needs whole numbers (got 1 and 2.5).",
        ),
        (
            "distribution: log_uniform_values, min: 0, max: 1",
            "min must be above 0 for log_uniform_values (got 0).",
        ),
        ("values: [a, b], probabilities: [0.5]", "probabilities must have 2 entries"),
        ("values: [a, b], probabilities: [0.5, 0.6]", "add up to 1 (got 1.1)"),
        ("values: [1, 2, 1]", "values has 1 twice. Remove one of the two."),
        ("distribution: q_uniform, min: 1, max: 2, q: 5", "no multiple of q=5 is between 1 and 2"),
        ("mu: 1", "needs value, values, or min and max (got mu). Add one of these."),
    ],
)
def test_a_parameter_that_contradicts_itself_is_refused_with_its_line(
    parameter: str, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        distribution(parameter)
    assert str(error.value).startswith("config/sweep/name.yaml: line 4: parameters.a")
    assert message in str(error.value)


def test_names_may_have_dots_or_levels() -> None:
    levels = space(
        "  model:\n    parameters:\n      params:\n        parameters:\n"
        "          max_depth: {min: 1, max: 9}\n  model.params.max_features: {value: 1.0}\n"
    )
    assert [one.key for one in levels.others] == [
        "model.params.max_depth", "model.params.max_features",
    ]  # fmt: skip


def test_a_parameter_may_depend_on_the_option_of_a_group() -> None:
    models = space(
        "  model.xgboost.params.max_depth: {min: 1, max: 9}\n"
        "  model.random_forest.params.max_depth: {min: 2, max: 20}\n"
        "  seed: {values: [1, 2]}\n"
        "  model: {values: [xgboost, random_forest]}\n"
    )
    assert [one.key for one in models.groups] == ["model"]
    forest = models.active({"model": "random_forest"})
    assert [(one.key, one.distribution) for one in forest] == [
        ("model.params.max_depth", Range(2, 20, is_whole=True)),
        ("seed", Choice((1, 2))),
    ]
    assert [one.key for one in models.active({"model": "linear"})] == ["seed"]


def test_a_setting_that_is_set_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"line 6: .*sets a\.b, as a\.b does"):
        space("  a.b: {value: 1}\n  a:\n    parameters: {b: {value: 2}}\n")


@pytest.mark.parametrize(
    "parameter",
    ["min: 0.0, max: 1.0", "distribution: log_uniform_values, min: 1, max: 2"],
)
def test_a_grid_over_a_continuous_range_is_refused(parameter: str) -> None:
    with pytest.raises(ConfigError, match=r"line 4: parameters\.a: method: grid tries every value"):
        distribution(parameter, "grid")


def test_a_grid_takes_what_has_an_end() -> None:
    assert distribution("min: 1, max: 3", "grid").all_values() == [1, 2, 3]
    steps = distribution("distribution: q_uniform, min: 0, max: 0.3, q: 0.1", "grid")
    assert steps.all_values() == [0.0, 0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("values", "value", "kept"),
    [
        (Choice((1, None, "1", [1, 2])), [1, 2], "[1, 2]"),
        (Choice((0, "a")), 0, 0),
        (Range(1, 40, is_whole=True, is_log=True, q=1), 7, 7),
        (Range(0.1, 1.0), 0.5, 0.5),
        (Range(0.0, 0.9, q=0.3), 0.6, 0.6),
    ],
)
def test_what_is_kept_of_a_value_leads_back_to_it(
    values: Choice | Range, value: Any, kept: Any
) -> None:
    assert values.encode(value) == kept
    assert values.decode(kept) == value


@pytest.mark.parametrize(
    ("values", "value"),
    [
        (Choice((1, 2)), True),
        (Range(1, 9, is_whole=True), 10),
        (Range(1, 9, is_whole=True), 2.5),
        (Range(0.1, 1.0), None),
        (Range(0.1, 1.0), "sqrt"),
    ],
)
def test_a_value_outside_is_not_taken(values: Choice | Range, value: Any) -> None:
    with pytest.raises(ValueError, match="is"):
        values.encode(value)


def test_a_number_between_multiples_counts_as_the_nearest() -> None:
    tens = Range(10, 100, is_whole=True, is_log=True, q=10)
    assert [tens.decode(number) for number in (10, 14.9, 96.2)] == [10, 10, 100]
    assert isinstance(tens.decode(14.9), int)
