"""A setting for one option of a group has an effect only if that option is chosen."""

from __future__ import annotations

from relay.config.option_settings import Condition, apply_conditions, split_condition

OPTIONS = {"model": ["xgboost", "linear"]}


def test_the_option_is_the_second_part_of_the_name() -> None:
    condition = split_condition("model.xgboost.params.max_depth", OPTIONS)
    assert condition == Condition("model", "xgboost", "model.params.max_depth")


def test_other_names_have_no_condition() -> None:
    names = ["model", "model.params.max_depth", "model.forest.params.x", "data.xgboost.y"]
    assert [split_condition(name, OPTIONS) for name in names] == [None] * 4


def test_settings_of_options_that_are_not_chosen_are_left_out() -> None:
    given = [
        "model=xgboost", "model.linear.scale=true", "model.xgboost.params.max_depth=3",
        "model.xgboost={params:{eta:0.1}}", "seed=1",
    ]  # fmt: skip
    assert apply_conditions(given, OPTIONS, {"model": "xgboost"}) == [
        "model=xgboost", "model.params.max_depth=3", "model={params:{eta:0.1}}", "seed=1",
    ]  # fmt: skip


def test_a_value_for_an_option_alone_stays() -> None:
    assert apply_conditions(["model.linear=5"], OPTIONS, {"model": "linear"}) == ["model.linear=5"]
