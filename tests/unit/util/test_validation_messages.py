"""What pydantic finds wrong is worded as `key: problem (got X).`, in words of our own."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from relay.step.params import Params
from relay.util.validation_messages import NAME, SHA256, word_problems


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    least: float | None = Field(None, alias="min")
    kinds: list[bool | int | str] = Field([], max_length=2)
    pair: tuple[float, float] = (0, 1)


class Example(Params):
    count: int = Field(3, ge=1, lt=100)
    share: float = Field(0.5, gt=0, le=1)
    flag: bool = False
    name: str = Field("a", pattern=NAME, max_length=5)
    text: str = Field("a", min_length=1)
    way: Literal["up", "down"] = "up"
    either: bool | Literal["auto"] = "auto"
    words: list[str] = ["a"]  # noqa: RUF012 - pydantic copies it
    rules: dict[str, Rule] = {}  # noqa: RUF012
    target: str | dict[Literal["a", "b"], int] = "x"
    even: int = 2
    digest: str = Field("", pattern=SHA256)

    @field_validator("even")
    @classmethod
    def _is_even(cls, even: int) -> int:
        if even % 2:
            raise ValueError(f"{even} is odd")
        return even


def lines(**values: Any) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        Example.model_validate(values)
    return [line for _, line in word_problems(raised.value, Example)]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"count": "many"}, "count: must be a whole number (got 'many')."),
        ({"count": 1.5}, "count: must be a whole number (got 1.5)."),
        ({"count": 0}, "count: must be at least 1 (got 0)."),
        ({"count": 100}, "count: must be less than 100 (got 100)."),
        ({"share": "[1]"}, "share: must be a number (got [1])."),
        ({"share": 0}, "share: must be greater than 0 (got 0)."),
        ({"share": 2}, "share: must be at most 1 (got 2)."),
        ({"share": float("inf")}, "share: must be a number that is not infinite (got inf)."),
        ({"flag": "perhaps"}, "flag: must be true or false (got 'perhaps')."),
        ({"name": "a b"}, "name: must have letters, digits, '.', '_' and '-' only (got 'a b')."),
        ({"name": "abcdef"}, "name: must have at most 5 characters (got 'abcdef')."),
        ({"name": 3}, "name: must be a text (got 3)."),
        ({"way": "left"}, "way: must be 'up' or 'down' (got 'left')."),
        ({"either": "x"}, "either: must be true or false or 'auto' (got 'x')."),
        ({"words": "a"}, "words: must be a list, such as [a,b] (got 'a')."),
        ({"rules": "a"}, "rules: must be a mapping, such as {key: value} (got 'a')."),
        ({"rules": {"x": 3}}, "rules.x: must be a mapping, such as {key: value} (got 3)."),
        ({"rules": {"x": {"min": "a"}}}, "rules.x.min: must be a number (got 'a')."),
        ({"rules": {"x": {"mn": 1}}}, "rules.x.mn: there is no such setting. Did you mean 'min'?"),
        (
            {"rules": {"x": {"kinds": [[]]}}},
            "rules.x.kinds.0: must be true or false or a whole number or a text (got []).",
        ),
        (
            {"rules": {"x": {"kinds": [1, 2, 3]}}},
            "rules.x.kinds: must have at most 2 entries (got [1, 2, 3]).",
        ),
        ({"rules": {"x": {"pair": [1]}}}, "rules.x.pair.1: a value is required."),
        ({"target": {"a": "x"}}, "target: must be a text (got {'a': 'x'})."),
        ({"even": 3}, "even: 3 is odd."),
        ({"digest": "abc"}, "digest: must have 64 hexadecimal digits (got 'abc')."),
        ({"count": ""}, "count: must not be empty: leave count out for its default."),
        ({"colour": 1}, "colour: there is no such setting. There is: count, digest, either, "),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_has_words(values: dict[str, Any], line: str) -> None:
    assert lines(**values)[0].startswith(line)


def test_a_value_that_is_long_is_cut() -> None:
    [line] = lines(count="x" * 500)
    assert line == f"count: must be a whole number (got '{'x' * 79}...)."


def test_all_mistakes_are_listed_by_the_settings_that_people_know() -> None:
    with pytest.raises(ValidationError) as raised:
        Example.model_validate({"count": 0, "rules": {"x": {"mn": 1}}})
    problems = word_problems(raised.value, Example, lambda path: f"data.{path}")
    assert [key for key, _ in problems] == ["data.count", "data.rules.x.mn"]
    assert problems[0][1] == "data.count: must be at least 1 (got 0)."


def test_a_missing_value_is_asked_for() -> None:
    class Needs(Params):
        url: str

    for given in ({}, {"url": ""}):
        with pytest.raises(ValidationError) as raised:
            Needs.model_validate(given)
        [(_, line)] = word_problems(raised.value, Needs, lambda path: f"data.{path}")
        assert line == "data.url: a value is required. Add data.url=VALUE."
