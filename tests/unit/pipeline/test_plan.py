"""The plan: wiring, order and selection of steps."""

from __future__ import annotations

from typing import Any

import pytest

from relay.config.schema import StepSpec
from relay.pipeline.plan import Plan, build, select
from relay.util.errors import ConfigError


def spec(output: str, **more: Any) -> StepSpec:
    outputs = {"out": {"name": output, "type": "t"}}
    return StepSpec.model_validate({"component": "c", "outputs": outputs, **more})


def diamond() -> Plan:
    """get -> clean -> (check, split) -> train, and predict, which is run on request."""
    return build(
        {
            "train": spec("model", inputs={"in": "split.out"}, after=["check"]),
            "check": spec("report", inputs={"in": "clean.out"}),
            "split": spec("train", inputs={"in": "clean.out"}),
            "clean": spec("clean", inputs={"in": "get.out"}),
            "get": spec("raw"),
            "predict": spec("predictions", inputs={"in": "model:champion"}, on_request=True),
            "score": spec("scores", inputs={"in": "train.out"}, on_request=True),
        }
    )


def test_each_step_comes_after_those_it_needs() -> None:
    names = diamond().names
    assert names.index("get") < names.index("clean") < names.index("check") < names.index("train")
    assert names.index("split") < names.index("train")


def test_the_order_of_the_file_decides_where_the_wiring_does_not() -> None:
    names = diamond().names
    assert names.index("check") < names.index("split")


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("all", ["get", "clean", "check", "split", "train"]),
        ("train,clean", ["clean", "train"]),
        (" clean , get ", ["get", "clean"]),
        ("split+", ["split", "train"]),
        ("+check", ["get", "clean", "check"]),
        ("+train+", ["get", "clean", "check", "split", "train"]),
        ("predict", ["predict"]),
        ("clean+,get", ["get", "clean", "check", "split", "train"]),
    ],
)
def test_selection(expression: str, chosen: list[str]) -> None:
    assert sorted(select(diamond(), expression)) == sorted(chosen)


def test_a_selection_is_in_the_order_of_the_plan() -> None:
    assert select(diamond(), "train,get,clean") == ["get", "clean", "train"]


def test_what_is_excluded_is_left_out() -> None:
    plan = diamond()
    assert select(plan, "all", "train+") == [
        name for name in select(plan, "all") if name not in select(plan, "train+")
    ]
    assert select(plan, "train,get", "train") == ["get"]
    with pytest.raises(ConfigError, match="leaves no step"):
        select(plan, "train", "all")
    with pytest.raises(ConfigError, match=r"exclude: there is no step 'trian'.*'train'"):
        select(plan, "all", "trian")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("trian", "Did you mean 'train'"),
        ("", "name is missing"),
        ("train,", "name is missing"),
        ("+", "name is missing"),
    ],
)
def test_a_wrong_selection_is_an_error(expression: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        select(diamond(), expression)


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ({"a": spec("x", inputs={"in": "b.out"})}, "no step 'b'"),
        ({"a": spec("x"), "b": spec("y", inputs={"in": "a.uot"})}, "no output 'uot'.*'out'"),
        ({"a": spec("x"), "b": spec("x")}, "'x' is also made by a.out"),
        ({"a": spec("x", after=["b"])}, "after: there is no step 'b'"),
        ({"a": spec("x", inputs={"out": "m:latest"})}, "is an input and an output"),
    ],
)
def test_a_wrong_wiring_is_an_error(specs: dict[str, StepSpec], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(specs)


def test_a_cycle_is_an_error_that_names_it() -> None:
    specs = {
        "a": spec("x", inputs={"in": "b.out"}),
        "b": spec("y", inputs={"in": "a.out"}),
    }
    with pytest.raises(ConfigError, match=r"wait for each other: (a -> b -> a|b -> a -> b)"):
        build(specs)


def test_an_input_that_is_null_is_left_out() -> None:
    plan = build({"a": spec("x", inputs={"in": None})})
    assert plan["a"].inputs == {}


@pytest.mark.parametrize(("text", "exact"), [("m", "m:latest"), ("m:v3", "m:v3")])
def test_an_input_that_no_step_makes_is_an_artifact_of_the_store(text: str, exact: str) -> None:
    source = build({"a": spec("x", inputs={"in": text})})["a"].inputs["in"]
    assert (source.step, source.reference) == (None, exact)
